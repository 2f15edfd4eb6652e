"""A pytest plugin that collects tests once and forks a process for each fault, so that nothing is imported again."""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

KILLED, SURVIVED, UNBOUND = "killed", "survived", "unbound"
#: What makes a workspace: tests that need one take seconds, the others milliseconds.
WORKSPACE = re.compile(r"\b(open_sky|make_sky|find_sky|Sky|ingest_survey|ingest|run_command|candlesql)\(|\w+_sky\b")
#: Seconds after which a fault counts as noticed: what it does to the tests never ends.
PATIENCE = 120
#: Fixtures of tests that make a few rows in memory.
DATABASES = {"database", "new_database"}
#: Seconds of processor time that a test may take that is tried for every fault, unless `deep`.
LONGEST = 0.5
NOT_BOUND = re.compile(r"_?duckdb\.(Parser|Binder|Catalog)Exception")


@dataclass(eq=False)
class Mutant:
    """One fault: where it is planted, what it does to a forked process, and which tests may notice it."""

    file: str
    line: int
    kind: str
    was: str
    becomes: str
    plant: Callable[[], None]
    #: Of a fault in SQL: whether a test reads the item that it is in.
    touches: Callable[[pytest.Item], bool] = lambda item: False
    #: Of a fault in Python: the lines of its statement.
    lines: range = range(0)
    #: What becomes of it by the tests of a few rows, in this process, and how many there are.
    quick: Callable[[], tuple[str, int]] = lambda: (SURVIVED, 0)
    outcome: str = ""
    tests: int = 0


@dataclass(eq=False)
class Planter:
    """Runs the tests without a fault first, then each mutant against the tests that touch it."""

    mutants: list[Mutant]
    deep: bool
    told: Callable[[Mutant], None]
    done: list[Mutant] = field(default_factory=list)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = [item for item in session.items if self.wanted(item)]
        seconds = self.take(forked(lambda: self.timed(items), patience=3600))
        red = [name for name, taken in seconds.items() if taken < 0]
        if red:
            print(f"fail without any fault, and are left out: {', '.join(red)}")
        longest = float("inf") if self.deep else LONGEST
        items = [item for item in items if 0 <= seconds.get(item.nodeid, -1) <= longest]
        by_module: dict[Path, float] = {}
        for item in items:
            by_module[item.path] = by_module.get(item.path, 0) + seconds[item.nodeid]
        items.sort(key=lambda item: (by_module[item.path], str(item.path)))
        for mutant in self.mutants:
            chosen = [item for item in items if mutant.touches(item)]
            mutant.tests = len(chosen)
            mutant.outcome = forked(partial(tried, mutant, chosen)) if chosen else SURVIVED
            self.done.append(mutant)
            self.told(mutant)
        return True

    def wanted(self, item: pytest.Item) -> bool:
        """Whether a test is quick enough, and may notice any of the mutants."""
        quick = bool(DATABASES & set(getattr(item, "fixturenames", ()))) and not needs_workspace(item)
        return (self.deep or quick) and any(mutant.touches(item) for mutant in self.mutants)

    def timed(self, items: list[pytest.Item]) -> dict[str, Any]:
        """What the run without a fault says of each test."""
        return dict(each_timed(items))

    def take(self, found: dict[str, Any]) -> dict[str, float]:
        """Of that, the seconds."""
        return found


def needs_workspace(item: pytest.Item) -> bool:
    """Whether a test or one of its fixtures makes a workspace, which takes seconds."""
    return any(WORKSPACE.search(text) for text in _sources(item))


def _sources(item: pytest.Item) -> Iterable[str]:
    info = getattr(item, "_fixtureinfo", None)
    definitions = [d for all_ in info.name2fixturedefs.values() for d in all_] if info else []
    for function in [getattr(item, "function", None), *(d.func for d in definitions if _is_ours(d.func))]:
        with contextlib.suppress(OSError, TypeError):
            yield inspect.getsource(function)


def _is_ours(function: Any) -> bool:
    return "tests" in Path(function.__code__.co_filename).parts if hasattr(function, "__code__") else False


def each_timed(items: list[pytest.Item]) -> Iterator[tuple[str, float]]:
    """Each test and its seconds without a fault; -1 of one that fails or is skipped."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        before = time.process_time()
        reports = runtestprotocol(item, nextitem=following, log=False)
        yield item.nodeid, time.process_time() - before if all(report.passed for report in reports) else -1.0


def tried(mutant: Mutant, items: list[pytest.Item]) -> str:
    mutant.plant()
    for item, following in zip(items, [*items[1:], None], strict=True):
        for report in runtestprotocol(item, nextitem=following, log=False):
            if report.failed:
                return UNBOUND if NOT_BOUND.search(report.longreprtext) else KILLED
    return SURVIVED


def forked(work: Callable[[], Any], patience: int = PATIENCE, processor: int = 0) -> Any:
    """What a function gives in a process of its own; KILLED if that ends early or never, or takes too long."""
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        os.close(reading)
        signal.alarm(0)
        if processor:
            resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))
        told = os.dup(2)
        _silence()
        try:
            with open(writing, "wb") as pipe:
                pipe.write(json.dumps(work()).encode())
        except BaseException:
            os.write(told, traceback.format_exc().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        said = _read_in_time(pipe, process, patience)
    os.waitpid(process, 0)
    return json.loads(said) if said else KILLED


def _read_in_time(pipe: Any, process: int, patience: int) -> bytes:
    def stop(*_: object) -> None:
        os.kill(process, signal.SIGKILL)

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(patience)
    try:
        return pipe.read()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
