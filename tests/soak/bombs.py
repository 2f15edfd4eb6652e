"""Small files that ask for much: each is refused in one line, in seconds, below 500 MB of memory, or read."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import made_bombs
import more_bombs
from table import Tally

#: What each may take, and what ends a process that takes far more.
SECONDS, MEGABYTES = 60, 500


def tried(tally: Tally, skies: object, folder: Path, seed: int, until: float, number: int) -> None:
    """Each in a process of its own, forked from one that has no threads."""
    call = [sys.executable, __file__, str(folder), str(until), str(number)]
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            name, outcome, fault = json.loads(line)
            tally.add("bombs", name, outcome)
            if fault:
                tally.fault("bombs", name, *fault)


def outcomes(folder: Path, until: float, number: int) -> Iterator[tuple[str, str, tuple[str, str] | None]]:
    for make in [*made_bombs.BOMBS, *more_bombs.BOMBS][:number]:
        place = folder / make.__name__
        if time.time() > until:
            yield make.__name__, "no time left", None
            continue
        place.mkdir()
        said, code = forked(partial(_made, make, place), place / "made")
        if code:
            yield make.__name__, "cannot be made here", None
            continue
        text, code = forked(partial(ingested, Path(said)), place / "said")
        if code:
            yield make.__name__, "died", ("died", f"{code}")
            continue
        outcome, seconds, megabytes, words = text.split("|", 3)
        fault = None
        if outcome == "traceback" or "\n" in words:
            fault = "traceback", words
        elif float(seconds) > SECONDS or int(megabytes) > MEGABYTES:
            fault = "slow or large", f"{seconds} s, {megabytes} MB"
        yield make.__name__, f"{outcome}, {seconds} CPU s, {megabytes} MB", fault
        shutil.rmtree(place)


def _made(make: Callable[[Path], Path], place: Path) -> str:
    return str(make(place))


def ingested(path: Path) -> str:
    """How a file fares as a catalog of Gaia DR2: outcome, CPU seconds, the most megabytes, what was said."""
    from candlesql import UserError
    from candlesql.catalogs.prepare import ingest
    from candlesql.catalogs.survey import load_survey

    resource.setrlimit(resource.RLIMIT_CPU, (5 * SECONDS, 5 * SECONDS))
    began, words = time.process_time(), ""
    try:
        ingest(load_survey("gaia_dr2"), [path], path.with_name("out.parquet"))
        outcome = "read"
    except UserError as error:
        outcome, words = "refused", str(error)
    except BaseException:
        outcome, words = "traceback", traceback.format_exc(limit=-4)
    seconds = time.process_time() - began
    peak = int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) // 1024
    return f"{outcome}|{seconds:.1f}|{peak}|{words}"


def forked(work: Callable[[], str], said: Path) -> tuple[str, int]:
    """What a function gives in a process of its own, and how that ended."""
    if (pid := os.fork()) == 0:
        code = 1
        try:
            said.write_text(work())
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return said.read_text() if said.exists() else "", status


if __name__ == "__main__":
    for found in outcomes(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])):
        print(json.dumps(found), flush=True)
