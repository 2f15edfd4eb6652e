"""Commands that bring catalogs into a workspace, real and simulated ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError
from .common import SkyPath, pairs

if TYPE_CHECKING:
    from ..catalogs.prepare import Ingested


def demo(
    sky: SkyPath,
    stars: Annotated[int, typer.Option(min=1000, help="Gaia stars to make.")] = 200_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same sky.")] = 1,
    release: Annotated[str, typer.Option(help="Of Gaia's table: gaia_dr2 or gaia_dr3.")] = "gaia_dr2",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the sky of another demo.")] = False,
) -> None:
    """Make a mock sky with known truth and take it all the way to a red clump catalogue.

    Example: candlesql demo sky
    """
    from ..commands.demo import run_demo

    for line in run_demo(sky, stars, seed, release, overwrite):
        print(line)


def ingest(
    sky: SkyPath,
    survey: Annotated[
        str,
        typer.Argument(help="A survey's name, or the path of a survey file of your own; proposed without."),
    ],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE…",
            help="FITS, VOTable, CSV, ECSV, MRT, Parquet, HATS, a folder; Parquet or HATS at https://… or s3://….",
        ),
    ] = None,
    rename: Annotated[list[str] | None, typer.Option(metavar="THEIRS=OURS", help="Another column name.")] = None,
    unit: Annotated[list[str] | None, typer.Option(metavar="COLUMN=UNIT", help="The unit of the file.")] = None,
    in_place: Annotated[
        bool,
        typer.Option("--in-place", help="Copy nothing: runs with --workers read the HATS catalog where it lies."),
    ] = False,
) -> None:
    """Store catalog files as the survey's one sorted Parquet file, units kept.

    Of a table of your own say `candlesql ingest sky mine.fits`: a survey file for it, mine.toml, is proposed, to be
    looked at.

    Example: candlesql ingest sky allwise allwise.fits --rename W1=w1mpro
    """
    from ..catalogs.remote.address import place_of
    from ..commands.ingest import ingest_survey, name_in_place
    from ..commands.propose import is_table, propose_survey

    given = [place_of(file) for file in files or []]
    if in_place:
        if rename or unit:
            raise UserError("ingest --in-place reads columns as they are: say names (aka) and units in a survey file")
        print(f"{name_in_place(sky, survey, given)}: read in place by `run` with --workers or --scheduler")
    elif is_table(sky, survey):
        for line in propose_survey(sky, [place_of(survey), *given]):
            print(line)
    else:
        _tell(
            ingest_survey(
                sky, survey, [place_of(file) for file in files or []], pairs(rename, "--rename"), pairs(unit, "--unit")
            )
        )


def fetch(
    sky: SkyPath,
    survey: Annotated[str, typer.Argument(help="A survey's name.")],
    cone: Annotated[str | None, typer.Option(metavar="RA,DEC,RADIUS", help="A cone, in degrees.")] = None,
    adql: Annotated[Path | None, typer.Option(metavar="FILE", help="A query of your own instead.")] = None,
    url: Annotated[str | None, typer.Option(help="Another TAP service than the survey's.")] = None,
    upload: Annotated[
        list[str] | None, typer.Option(metavar="NAME=FILE", help="A table of yours that the query joins.")
    ] = None,
    hats: Annotated[
        str | None, typer.Option(metavar="PLACE", help="A HATS catalog to read the cone from: a folder, or https://…")
    ] = None,
) -> None:
    """Ask the survey's archive (TAP) for rows, or a HATS catalog for a cone, and ingest them; needs the extra `fetch`.

    Example: candlesql fetch sky gaia_dr3 --cone 56.75,24.12,2
    """
    from ..commands.fetch import fetch_survey

    _tell(fetch_survey(sky, survey, cone, adql, url, pairs(upload, "--upload"), hats))


def _tell(done: Ingested) -> None:
    print(f"{done.rows:,} rows")
    for column, n in done.sentinels.items():
        print(f"{column}: {n:,} sentinels are NULL")
    for column in done.emptied:
        said = "all its values stand for none or are impossible; is it in the unit that the survey file says?"
        print(f"warning: {column}: {said}", file=sys.stderr)
    if done.same_place:
        print(f"{done.same_place:,} rows stand where another one stands, within 0.4 mas")
    if done.unknown_photometry:
        names = ", ".join(done.unknown_photometry)
        said = f"NOT READ, though it looks like photometry: {names}"
        print(f"{said}; `candlesql ingest SKY FILE` proposes a survey file", file=sys.stderr)
    for name in done.taken_as_told:
        print(f"{name}: nothing in it shows its release; it is taken as told", file=sys.stderr)
    if done.left_out:
        print(f"left out: {', '.join(done.left_out)}")


def region(
    sky: SkyPath,
    name: Annotated[str, typer.Argument(help="What queries call it.")],
    file: Annotated[Path, typer.Argument(help="A MOC: FITS, JSON, or ASCII in .txt.")],
) -> None:
    """Store a region of any shape, for sphere.region('gaia_dr3', 'NAME') in queries; needs the extra `regions`.

    Example: candlesql region sky footprint kepler_moc.fits
    """
    from ..commands.region import store_region

    ranges, part = store_region(sky, name, file)
    print(f"{ranges:,} ranges, {100 * part:.4f} % of the sky in region.{name}")


def match(
    sky: SkyPath,
    left: Annotated[str, typer.Argument(help="The survey whose rows look for a neighbour.")],
    right: Annotated[str, typer.Argument(help="The survey that is searched.")],
    radius: Annotated[float, typer.Option(metavar="ARCSEC", help="How far to look.")] = 1.0,
    kind: Annotated[
        str, typer.Option(help="best, mutual or all; left, anti or outer for rows without neighbour.")
    ] = "best",
    rank: Annotated[
        str, typer.Option(help="What makes the best neighbour: separation, errors or magnitude.")
    ] = "separation",
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Count pairs by separation, and those that chance makes.")
    ] = False,
) -> None:
    """Match two surveys on the sky, with proper motion (and parallax of near stars) to the epoch of each row.

    Example: candlesql match sky gaia_dr2 twomass --radius 1
    """
    from ..commands.match import match_surveys

    print(f"{match_surveys(sky, left, right, radius, kind, rank, statistics):,} pairs in match.{left}_{right}")


def spectra(
    sky: SkyPath,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="aspcapStar files, or folders that hold them.")],
) -> None:
    """Store APOGEE spectra as features, for the system `parallax`.

    Example: candlesql spectra sky aspcap/
    """
    from ..commands.spectra import store_spectra

    print(f"{store_spectra(sky, files):,} spectra in {sky}")


def mock_apogee(
    sky: SkyPath,
    stars: Annotated[int, typer.Option(min=1000, help="Giants to make.")] = 30_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same stars.")] = 1,
) -> None:
    """Make a simulated APOGEE with spectra and known truth, to try the system `parallax` on.

    Example: candlesql mock-apogee sky --stars 30000
    """
    from ..commands.mock_apogee import simulate

    simulate(sky, stars, seed)
    print(f"{stars:,} simulated giants in {sky}; their truth in {sky / 'truth.parquet'}")


def mock_clusters(
    folder: Annotated[Path, typer.Argument(help="Where to write the two catalogs.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same clusters.")] = 1,
) -> None:
    """Make simulated star clusters of known distance and age, to try the system `distmass` on.

    Example: candlesql mock-clusters clusters
    """
    from ..commands.mock_clusters import write_clusters

    for path in write_clusters(folder, seed):
        print(path)
