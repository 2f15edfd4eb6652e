"""Systems taken to their catalogues."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import overload

from .results import models
from .values import Made, Network, StrPath, cuts, made_since, now


def train(
    sky: StrPath,
    system: str,
    labels: str | None = None,
    seed: int = 0,
    cut: Mapping[str, object] | None = None,
    bands: StrPath | None = None,
) -> tuple[Network, ...]:
    """Train a system's networks on the labelled stars of the workspace; returns those that were made.

    Parameters
    ----------
    sky
        The workspace folder.
    system
        `red_clump`, `photometry`, `distmass` or `parallax`.
    labels
        The view of labelled rows; the system's own if not said.
    seed
        The same seed gives the same networks.
    cut
        Thresholds to replace, by name.
    bands
        Of `photometry`: a file of other bands, like training/photometry/bands.toml.

    Raises
    ------
    MissingPackage
        If the extra `train` is not installed.
    UserError
        If the workspace lacks labelled stars.
    """
    from ..training.command import train_command

    before = {network.sha256 for network in models(sky)}
    for _ in train_command(Path(sky), system, labels, seed, cuts(cut), None if bands is None else Path(bands)):
        pass
    return tuple(network for network in models(sky) if network.sha256 not in before)


def score(sky: StrPath, system: str) -> int:
    """Write what the networks infer of every star that has their inputs; returns the number of stars.

    Raises
    ------
    UnknownName, NotIngested, UserError
        If no system has this name, or no star has the inputs.
    """
    from ..commands.score import score_command

    return score_command(Path(sky), system)


def run(
    sky: StrPath,
    system: str,
    cut: Mapping[str, object] | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    skip_bad: bool = False,
) -> Made:
    """Make whatever a system lacks or has stale: matches, scores, catalogue.

    Parameters
    ----------
    sky
        The workspace folder.
    system
        `red_clump`, `photometry`, `distmass` or `parallax`.
    cut
        Thresholds to replace in the workspace, by name: `{"max_ruwe": 1.2}`.
    workers, scheduler
        By partitions of the sky: so many processes, or the address of a Dask cluster; extra `scale`.
    skip_bad
        Whether to go on without unreadable partitions.

    Raises
    ------
    UnknownName, NotIngested, UserError
        If no system or cut has this name, a survey is missing, or no star passes.
    """
    from ..commands.run import run_command

    started = now()
    if workers or scheduler:
        from ..scale.command import run_by_tiles

        lines = run_by_tiles(Path(sky), system, cuts(cut), workers, scheduler, skip_bad)
    else:
        lines = run_command(Path(sky), system, cuts(cut))
    for _ in lines:
        pass
    return made_since(sky, system, started)


def nmsu(sky: StrPath) -> int:
    """Write distances from isochrones (MIST, PARSEC or Dartmouth, ingested) of the workspace's spectra; returns rows.

    `run` of `distmass` does it too where isochrones are there.

    Raises
    ------
    NotIngested, UserError
        If there are no isochrones, or no spectra with labels.
    """
    from ..commands.nmsu import write_nmsu

    return write_nmsu(Path(sky))


def reddening(sky: StrPath, out: StrPath = "reddening.parquet") -> int:
    """Look up reddening priors of the Gaia stars in SFD and Bayestar19; returns the stars that have one.

    Parameters
    ----------
    sky
        The workspace folder.
    out
        Where to write `source_id, ebv_prior, ebv_prior_error` [mag]; `ingest` takes it in as the survey `reddening`.

    Raises
    ------
    MissingPackage
        If the extra `dust` is not installed.
    UserError
        If a map has not been fetched, or the workspace has no Gaia stars.
    """
    from ..commands.reddening import look_up_reddening

    return look_up_reddening(Path(sky), Path(out))


@overload
def synphot(sky: StrPath, spectrum: StrPath) -> dict[str, float]: ...
@overload
def synphot(sky: StrPath, spectrum: StrPath, after: StrPath, change_cn: float) -> int: ...
def synphot(
    sky: StrPath, spectrum: StrPath, after: StrPath | None = None, change_cn: float | None = None
) -> dict[str, float] | int:
    """A spectrum's magnitudes in the 13 bands; or, of two spectra, what a change of [C/N] does to them, stored.

    Parameters
    ----------
    sky
        The workspace folder.
    spectrum
        Text of two columns: wavelength [Angstrom, vacuum], flux density.
    after
        The same star after a change of [C/N].
    change_cn
        That change of [C/N] [dex].

    Returns
    -------
    dict or int
        Magnitude by band, in the surveys' systems; with `after` the bands stored in `red_clump.expected_changes`.

    Raises
    ------
    MissingPackage
        If the extra `spectra` is not installed.
    UserError
        If a spectrum cannot be read or covers no band, or only one of `after` and `change_cn` is given.
    """
    from ..commands.synphot import synphot_command

    return synphot_command(Path(sky), Path(spectrum), None if after is None else Path(after), change_cn)
