"""Catalogs brought into a workspace, real and simulated ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..catalogs.prepare import Ingested
from .values import Made, Region, StrPath, made_since, now, paths, places


def demo(sky: StrPath, stars: int = 200_000, seed: int = 1, release: str = "gaia_dr2", overwrite: bool = False) -> Made:
    """Make a mock sky with known truth and take it all the way to a red clump catalogue.

    Parameters
    ----------
    sky
        The workspace folder; made if it is not there yet.
    stars
        Gaia stars to make, 1000 or more.
    seed
        The same seed gives the same sky.
    release
        Of Gaia's table: `gaia_dr2` or `gaia_dr3`.
    overwrite
        Whether to replace the sky of another demo.

    Raises
    ------
    UserError
        If the workspace already holds catalogs that the demo would replace.
    """
    from ..commands.demo import run_demo

    started = now()
    for _ in run_demo(Path(sky), stars, seed, release, overwrite):
        pass
    return made_since(sky, "red_clump", started)


def ingest(
    sky: StrPath,
    survey: str,
    files: StrPath | Sequence[StrPath],
    rename: Mapping[str, str] | None = None,
    unit: Mapping[str, str] | None = None,
) -> Ingested:
    """Store catalog files as the survey's one sorted Parquet file, units kept.

    Parameters
    ----------
    sky
        The workspace folder; made if it is not there yet.
    survey
        A survey's name, or the path of a survey file of your own.
    files
        One or more files or folders: FITS, VOTable, CSV, ECSV, MRT, Parquet, HATS; Parquet or HATS at `https://…` or
        `s3://…`.
    rename
        The file's column names to the survey's.
    unit
        Columns to the units of the file, where it does not say them.

    Returns
    -------
    Ingested
        Rows stored, sentinels that became NULL by column, and columns left out.

    Raises
    ------
    UnknownName
        If no survey has this name.
    MissingColumn, WrongUnit, RefusedFile
        If a file is not what the survey says.
    """
    from ..commands.ingest import ingest_survey

    return ingest_survey(Path(sky), survey, places(files), dict(rename or {}), dict(unit or {}))


def ingest_in_place(sky: StrPath, survey: str, place: StrPath) -> Path:
    """Let runs by partitions read a HATS catalog where it lies, and copy nothing; returns the file that names it.

    Parameters
    ----------
    sky
        The workspace folder; made if it is not there yet.
    survey
        A survey's name.
    place
        A HATS catalog: a folder, or an address at `https://…` or `s3://…`.

    Raises
    ------
    UserError
        If it is no HATS catalog with the survey's columns, or the survey is ingested already.
    """
    from ..commands.ingest import name_in_place

    return name_in_place(Path(sky), survey, places(place))


def fetch(
    sky: StrPath,
    survey: str,
    cone: tuple[float, float, float] | None = None,
    adql: StrPath | None = None,
    url: str | None = None,
    upload: Mapping[str, StrPath] | None = None,
    hats: StrPath | None = None,
) -> Ingested:
    """Ask the survey's archive (TAP) for rows, or a HATS catalog for a cone, and ingest them; extra `fetch`.

    Parameters
    ----------
    sky
        The workspace folder; made if it is not there yet.
    survey
        A survey's name.
    cone
        Right ascension, declination and radius [deg].
    adql
        A file with a query of your own instead.
    url
        Another TAP service than the survey's.
    upload
        Names to files that the query may join as `tap_upload.NAME`.
    hats
        A HATS catalog (folder or address) to read the cone from.

    Raises
    ------
    UserError
        If the archive refuses the query, cuts its answer off, or cannot be reached.
    """
    from ..commands.fetch import fetch_survey

    said = None if cone is None else ",".join(str(float(number)) for number in cone)
    uploads = {name: str(file) for name, file in (upload or {}).items()}
    query = None if adql is None else Path(adql)
    return fetch_survey(Path(sky), survey, said, query, url, uploads, None if hats is None else str(hats))


def match(
    sky: StrPath,
    left: str,
    right: str,
    radius_arcsec: float = 1.0,
    kind: str = "best",
    rank: str = "separation",
    statistics: bool = False,
) -> int:
    """Match two surveys on the sky, with proper motion to the epoch of each row; returns the number of pairs.

    Parameters
    ----------
    sky
        The workspace folder.
    left, right
        The survey whose rows look for a neighbour, and the one that is searched.
    radius_arcsec
        How far to look [arcsec].
    kind
        `best`, `mutual` or `all`; `left`, `anti` or `outer` for rows without neighbour.
    rank
        What makes the best neighbour: `separation`, `errors` or `magnitude`.
    statistics
        Whether to count pairs by separation, and those that chance makes, into `match.statistics`.

    Raises
    ------
    NotIngested, UnknownName, UserError
        If a survey is not there, or an option has no such value.
    """
    from ..commands.match import match_surveys

    return match_surveys(Path(sky), left, right, radius_arcsec, kind, rank, statistics)


def region(sky: StrPath, name: str, file: StrPath) -> Region:
    """Store a region of any shape, for `sphere.region('gaia_dr3', 'NAME')` in queries; extra `regions`.

    Parameters
    ----------
    sky
        The workspace folder.
    name
        What queries call it: small letters, digits and _.
    file
        A MOC: FITS, JSON, or ASCII in `.txt`.

    Raises
    ------
    UserError
        If the file is no MOC, or empty, or the name no plain one.
    MissingPackage
        If the extra `regions` is not installed.
    """
    from ..commands.region import store_region

    return Region(*store_region(Path(sky), name, Path(file)))


def spectra(sky: StrPath, files: StrPath | Sequence[StrPath]) -> int:
    """Store APOGEE spectra as features, for the system `parallax`; returns the number of spectra.

    Parameters
    ----------
    sky
        The workspace folder; made if it is not there yet.
    files
        aspcapStar files, or folders that hold them.

    Raises
    ------
    UserError
        For a damaged file, a folder without spectra, or two files of one star.
    """
    from ..commands.spectra import store_spectra

    return store_spectra(Path(sky), paths(files))
