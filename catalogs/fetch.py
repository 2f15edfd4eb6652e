"""Rows of a survey from its archive: an asynchronous TAP job, its VOTable, and the ingest of it."""

from __future__ import annotations

import hashlib
import shutil
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ..errors import UserError
from ..sql.workspace import find_sky, make_sky
from .ingest import Ingested, ingest_survey
from .readers.votable import Document
from .survey import Survey, load_survey

ARCHIVES = Path(__file__).with_name("archives.toml")
#: Seconds to wait before each further try of a request that failed, and between looks at a job.
PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)
FIRST_LOOK, LONGEST_LOOK = 0.5, 30.0
TIMEOUT, BLOCK = 60, 1 << 20

Result = TypeVar("Result")


def fetch_survey(path: Path, name: str, cone: str | None, adql: Path | None, url: str | None) -> Ingested:
    """`candlesql fetch`: ask, wait, download, ingest; the same command again goes on with the same job.

    Raises
    ------
    UserError
        If the archive refuses the query, cuts its answer off, or cannot be reached.
    """
    if (cone is None) == (adql is None):
        raise UserError("fetch: say either --cone RA,DEC,RADIUS or --adql FILE")
    survey = load_survey(name, find_sky(path).surveys)
    known = tomllib.loads(ARCHIVES.read_text(encoding="utf-8"))
    if url is None and name not in known:
        raise UserError(f"fetch knows no archive of {name}, only of {', '.join(known)}; say --url and --adql")
    address = url or known[name]["url"]
    query = _read(adql) if adql else _cone_query(survey, known, cone or "")
    sky = make_sky(path)
    work = sky.root / ".fetch" / hashlib.sha256(f"{address}\n{query}".encode()).hexdigest()[:16]
    work.mkdir(parents=True, exist_ok=True)
    result = work / f"{name}.vot"
    if not result.exists():
        job = _finished_job(address, query, work / "job")
        _download(job.result_uri, result)
        _refuse_cut_off(result)
        _patiently(job.delete)
    done = ingest_survey(path, name, [result], {}, {})
    shutil.rmtree(work)
    return done


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: cannot be read ({error})") from None


def _cone_query(survey: Survey, known: dict[str, Any], cone: str) -> str:
    if survey.name not in known:
        raise UserError(f"fetch knows no table of {survey.name}; say the query with --adql FILE")
    try:
        ra, dec, radius = (float(part) for part in cone.split(","))
    except ValueError:
        raise UserError(f"--cone {cone}: say it as RA,DEC,RADIUS in degrees") from None
    if not (0 <= ra <= 360 and -90 <= dec <= 90 and 0 < radius <= 90):
        raise UserError(f"--cone {cone}: RA is 0 to 360, DEC -90 to 90, RADIUS above 0 to 90 degrees")
    columns = ", ".join(column.name for column in survey.columns.values() if not column.derived)
    return known[survey.name]["adql"].format(columns=columns, ra=ra, dec=dec, radius=radius)


def _finished_job(address: str, query: str, note: Path) -> Any:
    """The job of this query, made now or by an earlier try, when it has its result."""
    try:
        from pyvo.dal import DALQueryError, DALServiceError
        from pyvo.dal.tap import AsyncTAPJob
    except ImportError:
        raise UserError("fetch needs pyvo: pip install 'candlesql[fetch]'") from None
    try:
        job = _patiently(lambda: AsyncTAPJob(note.read_text())) if note.exists() else None
    except DALServiceError:
        job = None
    if job is None or job.phase in ("ABORTED", "ERROR", "ARCHIVED"):
        try:
            job = _patiently(lambda: AsyncTAPJob.create(address, query))
            note.write_text(job.url)
            _patiently(job.run)
        except (DALServiceError, DALQueryError) as error:
            raise UserError(f"{address}: refuses the query: {error}") from None
    pause = FIRST_LOOK
    while (phase := _patiently(lambda: job.phase)) not in ("COMPLETED", "ERROR", "ABORTED"):
        if phase == "PENDING":
            _patiently(job.run)
        time.sleep(pause)
        pause = min(LONGEST_LOOK, 1.5 * pause)
    try:
        job.raise_if_error()
    except DALQueryError as error:
        note.unlink()
        raise UserError(f"{address}: {error}") from None
    return job


def _patiently(action: Callable[[], Result]) -> Result:
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
    _patiently(lambda: _download_rest(address, part))
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


def _refuse_cut_off(result: Path) -> None:
    document = Document(result)
    for _ in document.blocks():
        document.rows = []
        if document.stream:
            document.text = []
    if document.status == "OVERFLOW":
        result.unlink()
        raise UserError(
            "the archive has cut its answer off (OVERFLOW): ask for a smaller cone, or in parts with --adql; "
            "an account of yours may have a larger limit"
        )
