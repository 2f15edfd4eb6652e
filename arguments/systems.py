"""Commands that take a system to its catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import Cuts, SkyPath, System, pairs


def train(
    sky: SkyPath,
    system: System,
    labels: Annotated[
        str | None,
        typer.Option(metavar="VIEW", help="Labelled rows; the system's own if not said."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same networks.")] = 0,
    bands: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Of photometry: other bands, in a file like training/photometry/bands.toml."),
    ] = None,
    cut: Cuts = None,
) -> None:
    """Train a system's networks on the labelled stars of the workspace.

    Example: candlesql train sky red_clump --seed 1
    """
    from ..training.command import train_command

    for line in train_command(sky, system, labels, seed, pairs(cut, "--cut"), bands):
        print(line)


def score(sky: SkyPath, system: System) -> None:
    """Write what the networks infer of every star that has their inputs.

    Example: candlesql score sky red_clump
    """
    from ..commands.score import score_command

    print(f"{score_command(sky, system):,} stars in {system}.scores")


def run(
    sky: SkyPath,
    system: System,
    cut: Cuts = None,
    workers: Annotated[int | None, typer.Option(metavar="N", min=1, help="By partitions, on N processes.")] = None,
    scheduler: Annotated[str | None, typer.Option(metavar="URL", help="By partitions, on a Dask cluster.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Go on without unreadable partitions.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Say what a run by partitions takes; do nothing.")] = False,
) -> None:
    """Make whatever a system lacks or has stale: matches, scores, catalogue.

    With --workers or --scheduler by partitions of the sky; needs the extra `scale`.

    Example: candlesql run sky red_clump --cut max_ruwe=1.2
    """
    if plan:
        from ..scale.forecast import forecast

        lines = forecast(sky, system, pairs(cut, "--cut"), workers, scheduler)
    elif workers or scheduler:
        from ..scale.command import run_by_tiles

        lines = run_by_tiles(sky, system, pairs(cut, "--cut"), workers, scheduler, skip_bad)
    else:
        from ..commands.run import run_command

        lines = run_command(sky, system, pairs(cut, "--cut"))
    for line in lines:
        print(line)


def nmsu(sky: SkyPath) -> None:
    """Write distances from isochrones (MIST, PARSEC or Dartmouth, ingested) of the workspace's spectra.

    Example: candlesql nmsu sky
    """
    from ..commands.nmsu import write_nmsu

    print(f"distmass.nmsu: {write_nmsu(sky):,} rows")


def reddening(
    sky: SkyPath,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write them.")] = Path("reddening.parquet"),
) -> None:
    """Look up reddening priors of the Gaia stars in SFD and Bayestar19; needs the extra `dust` and its maps.

    Example: candlesql reddening sky --out reddening.parquet
    """
    from ..commands.reddening import look_up_reddening

    print(f"{out}: {look_up_reddening(sky, out):,} stars; next: candlesql ingest {sky} reddening {out}")


def synphot(
    sky: SkyPath,
    spectrum: Annotated[Path, typer.Argument(help="Text of two columns: wavelength [Angstrom], flux density.")],
    after: Annotated[Path | None, typer.Argument(help="The same star after a change of [C/N].")] = None,
    change_cn: Annotated[float | None, typer.Option(metavar="DEX", help="That change of [C/N].")] = None,
) -> None:
    """Print a spectrum's magnitudes in the 13 bands, or store what a change of [C/N] does to them; extra `spectra`.

    Example: candlesql synphot sky rgb.txt rc.txt --change-cn -0.79
    """
    from ..commands.synphot import synphot_command

    done = synphot_command(sky, spectrum, after, change_cn)
    if isinstance(done, int):
        print(f"red_clump.expected_changes: {done} bands")
        return
    for band, magnitude in done.items():
        print(f"{band:<6} {magnitude:.4f}")
