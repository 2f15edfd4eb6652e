"""Rows of a survey from its archive: an asynchronous TAP job and its VOTable, or a cone of a HATS catalog; ingested."""

from __future__ import annotations

import hashlib
import shutil
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree

import duckdb

from ..errors import UserError
from ..sql.query import identifier
from ..sql.workspace import Sky, find_sky, new_or_existing
from .export import plain
from .ingest import Ingested, ingest_survey
from .join import as_parquet
from .readers.votable import Document
from .remote import fetch_cone
from .survey import Column, Survey, load_survey
from .writers import write_file

ARCHIVES = Path(__file__).with_name("archives.toml")
#: Seconds to wait before each further try of a request that failed, and between looks at a job.
PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)
FIRST_LOOK, LONGEST_LOOK = 0.5, 30.0
TIMEOUT, BLOCK = 60, 1 << 20

Result = TypeVar("Result")


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
            work = _work(sky, hats, cone or "")
            files = fetch_cone(hats, survey, *_cone(cone or ""), work)
        else:
            work, file = _asked(sky, survey, cone, adql, url, uploads or {})
            files = [file]
        done = ingest_survey(path, name, files, {}, {})
    shutil.rmtree(work)
    return done


def _asked(
    sky: Sky, survey: Survey, cone: str | None, adql: Path | None, url: str | None, uploads: dict[str, str]
) -> tuple[Path, Path]:
    """The folder of a question to a TAP service, and the answer in it."""
    known = tomllib.loads(ARCHIVES.read_text(encoding="utf-8"))
    if url is None and survey.name not in known:
        raise UserError(f"fetch knows no archive of {survey.name}, only of {', '.join(known)}; say --url and --adql")
    address = url or known[survey.name]["url"]
    query = _read(adql) if adql else _cone_query(survey, known, cone or "")
    sent = {table: Path(file) for table, file in uploads.items()}
    work = _work(sky, address, query, *(f"{table} {_hash(file)}" for table, file in sent.items()))
    result = work / f"{survey.name}.vot"
    if not result.exists():
        tables = {table: _as_votable(file, work / f"{table}.vot") for table, file in sent.items()}
        _answer(address, query, tables, work).replace(result)
    return work, result


def _answer(address: str, query: str, uploads: dict[str, Path], work: Path) -> Path:
    """The whole answer; asked for once more with the service's largest MAXREC where the usual one cuts it off."""
    came, most, note = work / "answer.vot", work / "maxrec", work / "job"
    while True:
        maxrec = int(most.read_text()) if most.exists() else None
        job = _finished_job(address, query, uploads, note, maxrec)
        _download(job.result_uri, came)
        is_cut_off = _is_cut_off(came)
        patiently(job.delete)
        note.unlink()
        if not is_cut_off:
            return came
        came.unlink()
        allowed = None if maxrec else _largest_maxrec(address)
        if allowed is None:
            raise UserError(
                f"{address}: has cut its answer off (OVERFLOW{f' at its limit of {maxrec:,} rows' if maxrec else ''}): "
                "ask for a smaller cone, or in parts with --adql; an account of yours may have a larger limit"
            )
        most.write_text(str(allowed))


def _largest_maxrec(address: str) -> int | None:
    """The most rows that the service gives, if it says so and gives fewer where one does not ask."""
    import requests

    try:
        answer = requests.get(f"{address.rstrip('/')}/capabilities", timeout=TIMEOUT)
        answer.raise_for_status()
        entries = ElementTree.fromstring(answer.content).iterfind(".//outputLimit/*[@unit='row']")
        limits = {entry.tag: int(entry.text or 0) for entry in entries}
    except (requests.RequestException, ElementTree.ParseError, ValueError):
        return None
    most = limits.get("hard", 0)
    return most if most > limits.get("default", 0) else None


def _work(sky: Sky, *asked: str) -> Path:
    """The folder of this question, where the same one later finds what has come."""
    work = sky.root / ".fetch" / hashlib.sha256("\n".join(asked).encode()).hexdigest()[:16]
    work.mkdir(parents=True, exist_ok=True)
    return work


def _hash(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror})") from None


def _as_votable(file: Path, target: Path) -> Path:
    """A catalog of any format as the VOTable that TAP services take."""
    with duckdb.connect() as connection, as_parquet(connection, file, target.with_suffix(".upload")) as theirs:
        columns = [Column(n, plain(theirs.types[n]), c.unit, c.ucd, c.description) for n, c in theirs.said.items()]
        fields = ", ".join(f"{identifier(c.name)}::{c.type} as {identifier(c.name)}" for c in columns)
        write_file(connection, f"select {fields} from {theirs.relation}", columns, file.name, target)
    return target


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: cannot be read ({error})") from None


def _cone_query(survey: Survey, known: dict[str, Any], cone: str) -> str:
    if survey.name not in known:
        raise UserError(f"fetch knows no table of {survey.name}; say the query with --adql FILE")
    ra, dec, radius = _cone(cone)
    columns = ", ".join(column.name for column in survey.columns.values() if not column.derived)
    return known[survey.name]["adql"].format(columns=columns, ra=ra, dec=dec, radius=radius)


def _cone(cone: str) -> tuple[float, float, float]:
    try:
        ra, dec, radius = (float(part) for part in cone.split(","))
    except ValueError:
        raise UserError(f"--cone {cone}: say it as RA,DEC,RADIUS in degrees") from None
    if not (0 <= ra <= 360 and -90 <= dec <= 90 and 0 < radius <= 90):
        raise UserError(f"--cone {cone}: RA is 0 to 360, DEC -90 to 90, RADIUS above 0 to 90 degrees")
    return ra, dec, radius


def _finished_job(address: str, query: str, uploads: dict[str, Path], note: Path, maxrec: int | None) -> Any:
    """The job of this query, made now or by an earlier try, when it has its result."""
    try:
        from pyvo.dal import DALQueryError, DALServiceError
        from pyvo.dal.tap import AsyncTAPJob
    except ImportError:
        raise UserError("fetch needs pyvo: pip install 'candlesql[fetch]'") from None
    try:
        job = patiently(lambda: AsyncTAPJob(note.read_text())) if note.exists() else None
    except DALServiceError:
        job = None
    if job is None or job.phase in ("ABORTED", "ERROR", "ARCHIVED"):
        try:
            job = patiently(
                lambda: AsyncTAPJob.create(
                    address, query, maxrec=maxrec, uploads={t: str(f) for t, f in uploads.items()} or None
                )
            )
            note.write_text(job.url)
            patiently(job.run)
        except (DALServiceError, DALQueryError) as error:
            raise UserError(f"{address}: refuses the query: {error}") from None
    pause = FIRST_LOOK
    while (phase := patiently(lambda: job.phase)) not in ("COMPLETED", "ERROR", "ABORTED"):
        if phase == "PENDING":
            patiently(job.run)
        time.sleep(pause)
        pause = min(LONGEST_LOOK, 1.5 * pause)
    try:
        job.raise_if_error()
    except DALQueryError as error:
        note.unlink()
        raise UserError(f"{address}: {error}") from None
    return job


def patiently(action: Callable[[], Result]) -> Result:
    """The action's result, tried again after longer and longer pauses while the service fails or cannot be reached."""
    import requests
    from pyvo.dal import DALServiceError

    for pause in (*PAUSES, None):
        try:
            return action()
        except (requests.RequestException, DALServiceError, OSError) as error:
            code = getattr(error, "code", None)
            if isinstance(code, int) and 400 <= code < 500:
                raise
            if pause is None:
                raise UserError(f"the archive cannot be reached ({error}); the same command later goes on") from None
            time.sleep(pause)
    raise AssertionError("unreachable")


def _download(address: str, target: Path) -> None:
    """Fetch a file, going on after a connection that breaks where the service can, else from the start."""
    part = target.with_suffix(".part")
    patiently(lambda: _download_rest(address, part))
    part.replace(target)


def _download_rest(address: str, part: Path) -> None:
    import requests

    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(address, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == 416:
            part.unlink()
            raise requests.ConnectionError("what was there of the file does not fit the archive's")
        response.raise_for_status()
        goes_on = response.status_code == 206
        with part.open("ab" if goes_on else "wb") as file:
            for block in response.iter_content(BLOCK):
                file.write(block)
            promised = int(response.headers.get("Content-Length", -1))
            written = file.tell() - (have if goes_on else 0)
    if promised not in (-1, written):
        raise requests.ConnectionError(f"{written:,} of {promised:,} bytes came")


def _is_cut_off(result: Path) -> bool:
    """Whether the service says, before the rows or behind them, that there are more."""
    document = Document(result)
    for _ in document.blocks():
        document.rows = []
        if document.stream:
            document.text = []
    return document.status == "OVERFLOW"
