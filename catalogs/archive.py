"""Asks a TAP service: an asynchronous job, its answer downloaded whole."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from xml.etree import ElementTree

from ..errors import MissingPackage, RefusedFile, UserError
from ..workspace.short import short_text
from . import web
from .readers.votable import Document
from .web import TIMEOUT, session_for

#: Seconds between looks at a job.
FIRST_LOOK, LONGEST_LOOK = 0.5, 30.0
BLOCK = 1 << 20

#: Bytes of an answer, and of one that says how a job is, at most; seconds that a job may run, and stand still.
MOST_BYTES, LONGEST_RUN, LONGEST_REST = 1 << 37, 7 * 86_400.0, 1800.0
WORKING, RESTING, ENDED = ("QUEUED", "EXECUTING"), ("PENDING", "HELD", "SUSPENDED", "UNKNOWN"), ("COMPLETED", "ERROR")


#: What services say of a query that took too long; some say nothing and abort the job.
TOO_LONG = re.compile(r"time[ -]?out|timed out|time limit|execution time|out of time", re.IGNORECASE)


Result = TypeVar("Result")


class TimedOut(RefusedFile):
    """A query that the archive stopped because it took too long."""


def answer(address: str, query: str, uploads: dict[str, Path], work: Path) -> Path:
    """The whole answer; asked for once more with the service's largest MAXREC where the usual one cuts it off."""
    came, most, note = work / "answer.vot", work / "maxrec", work / "job"
    while True:
        said = _noted(most)
        maxrec = int(said) if re.fullmatch("[0-9]{1,18}", said) else None
        job = _finished_job(address, query, uploads, note, maxrec)
        _download(job.result_uri, came, address)
        is_cut_off = _is_cut_off(came)
        patiently(job.delete)
        note.unlink()
        if not is_cut_off:
            return came
        came.unlink()
        allowed = None if maxrec else _largest_maxrec(address)
        if allowed is None:
            raise RefusedFile(
                f"has cut its answer off (OVERFLOW{f' at its limit of {maxrec:,} rows' if maxrec else ''}): "
                "ask for a smaller cone, or in parts with --adql; an account of yours may have a larger limit",
                file=address,
            )
        most.write_text(str(allowed))


def _noted(note: Path) -> str:
    """What an earlier try has written down; the folder may be somebody else's, and it nonsense."""
    try:
        return short_text(note) if note.exists() else ""
    except UnicodeDecodeError:
        return ""


def _noted_job(note: Path, address: str) -> str | None:
    """The job that an earlier try has written down, if it is one of this service."""
    job = _noted(note)
    try:
        return job if urlsplit(job).netloc == urlsplit(address).netloc else None
    except ValueError:
        return None


def _largest_maxrec(address: str) -> int | None:
    """The most rows that the service gives, if it says so and gives fewer where one does not ask."""
    import requests

    try:
        answer = session_for(address).get(f"{address.rstrip('/')}/capabilities", timeout=TIMEOUT)
        answer.raise_for_status()
        entries = ElementTree.fromstring(answer.content).iterfind(".//outputLimit/*[@unit='row']")
        limits = {entry.tag: int(entry.text or 0) for entry in entries}
    except (requests.RequestException, ElementTree.ParseError, ValueError):
        return None
    most = limits.get("hard", 0)
    return most if most > limits.get("default", 0) else None


def _finished_job(address: str, query: str, uploads: dict[str, Path], note: Path, maxrec: int | None) -> Any:
    """The job of this query, made now or by an earlier try, when it has its result."""
    try:
        from pyvo.dal import DALQueryError, DALServiceError
        from pyvo.dal.tap import AsyncTAPJob
    except ImportError:
        raise MissingPackage("fetch needs pyvo: pip install 'candlesql[fetch]'") from None
    session = session_for(address)
    try:
        noted = _noted_job(note, address)
        job = patiently(lambda: AsyncTAPJob(noted, session=session)) if noted else None
    except DALServiceError:
        job = None
    if job is None or job.phase in ("ABORTED", "ERROR", "ARCHIVED"):
        try:
            job = patiently(
                lambda: AsyncTAPJob.create(
                    address,
                    query,
                    maxrec=maxrec,
                    uploads={t: str(f) for t, f in uploads.items()} or None,
                    session=session,
                )
            )
            note.write_text(job.url)
            patiently(job.run)
        except (DALServiceError, DALQueryError) as error:
            raise RefusedFile(f"refuses the query: {error}", file=address) from None
    pause, began, moved = FIRST_LOOK, time.monotonic(), time.monotonic()
    while (phase := patiently(lambda: job.phase)) not in (*ENDED, "ABORTED", "ARCHIVED"):
        if phase in WORKING:
            moved = time.monotonic()
        elif phase not in RESTING:
            raise RefusedFile(f"says that the job is {phase!r:.40}, which is no phase of a job", file=address)
        if time.monotonic() - began > LONGEST_RUN or time.monotonic() - moved > LONGEST_REST:
            raise RefusedFile(f"leaves the job {phase}; the same command later goes on with it", file=address)
        if phase in ("PENDING", "HELD"):
            patiently(job.run)
        time.sleep(pause)
        pause = min(LONGEST_LOOK, 1.5 * pause)
    try:
        job.raise_if_error()
    except DALQueryError as error:
        note.unlink()
        if job.phase == "ABORTED" or TOO_LONG.search(str(error)):
            raise TimedOut(f"has stopped the query, which took too long: {error}", file=address) from None
        raise RefusedFile(f"{error}", file=address) from None
    return job


def patiently(action: Callable[[], Result]) -> Result:
    """The action's result, tried again after longer and longer pauses while the service fails or cannot be reached."""
    import requests
    from pyvo.dal import DALServiceError

    def may_pass(error: Exception) -> bool:
        code = getattr(error, "code", None)
        return not (isinstance(code, int) and 400 <= code < 500)

    try:
        return web.patiently(action, (requests.RequestException, DALServiceError, OSError), may_pass)
    except (requests.RequestException, DALServiceError, OSError) as error:
        if not may_pass(error):
            raise
        said = web.without_secrets(str(error))
        raise UserError(f"the archive cannot be reached ({said}); the same command later goes on") from None


def _download(address: str, target: Path, service: str) -> None:
    """Fetch a file, going on after a connection that breaks where the service can, else from the start."""
    part = target.with_suffix(".part")
    patiently(lambda: _download_rest(address, part, service))
    part.replace(target)


def _download_rest(address: str, part: Path, service: str) -> None:
    import requests

    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with session_for(service).get(address, headers=headers, stream=True) as response:
        if response.status_code == 416:
            part.unlink()
            raise requests.ConnectionError("what was there of the file does not fit the archive's")
        response.raise_for_status()
        goes_on = response.status_code == 206
        with part.open("ab" if goes_on else "wb") as file:
            for block in response.iter_content(BLOCK):
                file.write(block)
                if file.tell() > MOST_BYTES:
                    raise RefusedFile(f"sends more than {MOST_BYTES:,} bytes", file=address)
            promised = int(response.headers.get("Content-Length", -1))
            written = file.tell() - (have if goes_on else 0)
    if promised not in (-1, written):
        raise requests.ConnectionError(f"{written:,} of {promised:,} bytes came")


def has_data(result: Path) -> bool:
    """Whether an answer has a place for rows: some services leave it out where there are none."""
    document = Document(result)
    return any(document.serialisation for _ in document.blocks())


def _is_cut_off(result: Path) -> bool:
    """Whether the service says, before the rows or behind them, that there are more."""
    document = Document(result)
    for _ in document.blocks():
        document.rows = []
        if document.stream:
            document.text = []
    return document.status == "OVERFLOW"
