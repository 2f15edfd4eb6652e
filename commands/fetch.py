"""`candlesql fetch`: rows of a survey from its archive, by TAP or as a cone of a HATS catalog; ingested."""

from __future__ import annotations

import hashlib
import re
import shutil
import tomllib
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..catalogs import archive
from ..catalogs.any_table import as_parquet
from ..catalogs.archive import answer
from ..catalogs.cone import fetch_cone
from ..catalogs.metadata import plain
from ..catalogs.prepare import Ingested
from ..catalogs.remote.address import place_of
from ..catalogs.survey import Column, Survey, load_survey
from ..catalogs.writers import write_file
from ..errors import UserError
from ..sql import files as sql
from ..sql.open import new_or_existing
from ..udfs.names import identifier
from ..workspace.connection import in_memory
from ..workspace.folder import Sky, find_sky
from .ingest import ingest_survey

ARCHIVES = Path(archive.__file__).with_name("archives.toml")
#: Into how many bands of declination a cone is cut that takes an archive too long, and how often again.
PARTS, MOST_SPLITS = 4, 3
POINT = re.compile(r"point\('ICRS', [\w.]+, ([\w.]+)\)")


def fetch_survey(
    path: Path,
    name: str,
    cone: str | None,
    adql: Path | None,
    url: str | None,
    uploads: dict[str, str] | None = None,
    hats: str | None = None,
) -> Ingested:
    """`candlesql fetch`: ask, wait, download, ingest; the same command again goes on with the same job.

    Parameters
    ----------
    uploads
        Names to files of any format, which the query may join as `tap_upload.NAME`.
    hats
        A HATS catalog (folder or address) that the cone is read from, in the place of a TAP service.

    Raises
    ------
    UserError
        If the archive refuses the query, cuts its answer off, or cannot be reached.
    """
    if (cone is None) == (adql is None):
        raise UserError("fetch: say either --cone RA,DEC,RADIUS or --adql FILE")
    survey = load_survey(name, find_sky(path).surveys)
    if hats and cone is None:
        raise UserError("fetch: a HATS catalog is asked for a --cone RA,DEC,RADIUS")
    if uploads and adql is None:
        raise UserError("fetch: --upload needs a query that joins it, --adql FILE")
    with new_or_existing(path) as sky:
        if hats:
            work = _work(sky, str(place_of(hats)), cone or "")
            folders = {work}
            separation = next(item.body for item in sql.items() if item.name == "sphere.separation_arcsec")
            files = fetch_cone(hats, survey, *_cone(cone or ""), work, separation)
        else:
            files, folders = _asked(sky, survey, cone, adql, url, uploads or {})
        done = ingest_survey(path, name, files, {}, {})
    for folder in folders:
        shutil.rmtree(folder)
    with suppress(OSError):
        (find_sky(path).root / ".fetch").rmdir()
    return replace(done, taken_as_told=[])  # the archive was asked for that release


def _asked(
    sky: Sky, survey: Survey, cone: str | None, adql: Path | None, url: str | None, uploads: dict[str, str]
) -> tuple[list[Path], set[Path]]:
    """The answers of a TAP service, one, or those to the parts of a cone that took it too long; and their folders."""
    known = tomllib.loads(ARCHIVES.read_text(encoding="utf-8"))
    if url is None and survey.name not in known:
        raise UserError(f"fetch knows no archive of {survey.name}, only of {', '.join(known)}; say --url and --adql")
    address = url or known[survey.name]["url"]
    if not adql:
        query = _cone_query(survey, known, cone or "")
        _, dec, radius = _cone(cone or "")
        folders: set[Path] = set()
        files = _in_parts(sky, survey, address, query, (dec - radius, dec + radius), folders)
        return [file for file in files if archive.has_data(file)] or files[:1], folders
    sent = {table: Path(file) for table, file in uploads.items()}
    file = _answered(sky, survey, address, _read(adql), sent)
    return [file], {file.parent}


def _answered(sky: Sky, survey: Survey, address: str, query: str, sent: dict[str, Path]) -> Path:
    """The answer to a query, asked now or by an earlier try."""
    work = _work(sky, address, query, *(f"{table} {_hash(file)}" for table, file in sent.items()))
    result = work / f"{survey.name}.vot"
    if not result.exists():
        tables = {table: _as_votable(file, work / f"{table}.vot") for table, file in sent.items()}
        answer(address, query, tables, work).replace(result)
    return result


def _in_parts(
    sky: Sky,
    survey: Survey,
    address: str,
    query: str,
    band: tuple[float, float],
    folders: set[Path],
    splits: int = 0,
) -> list[Path]:
    """The answer to a cone; where the archive stops it for the time it takes, those to bands of declination [deg].

    The folders of all answers are added to `folders`.
    """
    work = _work(sky, address, query)
    folders.add(work)
    too_long = work / "too_long"
    if not too_long.exists():
        try:
            return [_answered(sky, survey, address, query, {})]
        except archive.TimedOut:
            if splits == MOST_SPLITS:
                raise
            too_long.touch()
    place = POINT.search(query)
    assert place, "the queries of archives.toml have a point"
    edges = [band[0] + (band[1] - band[0]) * part / PARTS for part in range(PARTS + 1)]
    files = []
    for low, high in pairwise(edges):
        bounds = [f"{place[1]} >= {low}"] * (low > edges[0]) + [f"{place[1]} < {high}"] * (high < edges[-1])
        part = " and ".join([query, *bounds])
        files += _in_parts(sky, survey, address, part, (low, high), folders, splits + 1)
    return files


def _work(sky: Sky, *asked: str) -> Path:
    """The folder of this question, where the same one later finds what has come."""
    work = sky.root / ".fetch" / hashlib.sha256("\n".join(asked).encode()).hexdigest()[:16]
    work.mkdir(parents=True, exist_ok=True)
    return work


def _hash(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"cannot be read ({error.strerror})", file=file) from None


def _as_votable(file: Path, target: Path) -> Path:
    """A catalog of any format as the VOTable that TAP services take."""
    with in_memory() as connection, as_parquet(connection, file, target.with_suffix(".upload")) as theirs:
        columns = [Column(n, plain(theirs.types[n]), c.unit, c.ucd, c.description) for n, c in theirs.said.items()]
        fields = ", ".join(f"{identifier(c.name)}::{c.type} as {identifier(c.name)}" for c in columns)
        write_file(connection, f"select {fields} from {theirs.relation}", columns, file.name, target)
    return target


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot be read ({error})", file=file) from None


def _cone_query(survey: Survey, known: dict[str, Any], cone: str) -> str:
    if survey.name not in known:
        raise UserError(f"fetch knows no table of {survey.name}; say the query with --adql FILE")
    ra, dec, radius = _cone(cone)
    table = known[survey.name]
    lacking = table.get("without", [])
    columns = ", ".join(c.name for c in survey.columns.values() if not c.derived and c.name not in lacking)
    return table["adql"].format(columns=columns, ra=ra, dec=dec, radius=radius)


def _cone(cone: str) -> tuple[float, float, float]:
    try:
        ra, dec, radius = (float(part) for part in cone.split(","))
    except ValueError:
        raise UserError(f"--cone {cone}: say it as RA,DEC,RADIUS in degrees") from None
    if not (0 <= ra <= 360 and -90 <= dec <= 90 and 0 < radius <= 90):
        raise UserError(f"--cone {cone}: RA is 0 to 360, DEC -90 to 90, RADIUS above 0 to 90 degrees")
    return ra, dec, radius
