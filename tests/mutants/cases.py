"""Tries a fault in SQL by tests of a few rows, in this process: in milliseconds, so that few are left for pytest."""

from __future__ import annotations

import importlib
import inspect
import itertools
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
from candlesql.sql import files
from candlesql.tests.sql import tables
from planting import KILLED, SURVIVED, UNBOUND

TESTS = Path(tables.__file__).parent
#: Seconds after which a query that never ends counts as noticed.
PATIENCE = 20.0
#: Seconds of processor time above which a function waits for pytest.
LONGEST = 0.25
#: The fixtures of tests/sql/conftest.py that give a function the database.
FIXTURES: dict[str, Callable[[duckdb.DuckDBPyConnection], Any]] = {
    "database": lambda database: database,
    "connection": lambda database: database,
    "view": tables.view_in,
    "value": tables.value_in,
}
#: A name that a test puts together: `f"sphere.{function}"` may be any of `sphere`.
COMPOSED = re.compile(r"\b([a-z_]+\.\w*)\{")
SOURCES: dict[str, files.Item] = {item.name: item for item in files.items()}


@dataclass(frozen=True)
class Trial:
    """One case, or one test function over a few rows: what it does with the database, and what it reads."""

    name: str
    of: str
    holds: Callable[[duckdb.DuckDBPyConnection], bool]
    reads: frozenset[str]


@cache
def trials() -> list[Trial]:
    """Every one that holds without a fault: cases first, then functions that want no fixture but the database's."""
    modules = [
        importlib.import_module(".".join(["candlesql.tests.sql", *path.relative_to(TESTS).with_suffix("").parts]))
        for path in sorted(TESTS.rglob("test_*.py"))
    ]
    found = [
        Trial(str(case), case.of or case.columns, case.holds, _run_by(case)) for m in modules for case in _cases(m)
    ]
    found += [trial for module in modules for trial in _functions(module)]
    seconds = {trial: _seconds(trial) for trial in found}
    wrong = {trial for trial, taken in seconds.items() if taken < 0}
    if wrong:
        names = ", ".join(sorted({trial.name for trial in wrong}))
        print(f"skipped or failed without any fault, left out: {names}", flush=True)
    return [t for t in found if 0 <= seconds[t] < LONGEST or (t not in wrong and t.of)]


def _cases(module: ModuleType) -> list[tables.Case]:
    return [case for case in getattr(module, "CASES", ()) if isinstance(case, tables.Case)]


def outcome(changed: list[files.Item]) -> tuple[str, int]:
    """What becomes of the items of a file that a fault changed, and how many trials read them."""
    names = {item.name for item in changed}
    chosen = [trial for trial in trials() if names & trial.reads]
    for trial in chosen:
        found = _outcome(trial, changed)
        if found != SURVIVED:
            return found, len(chosen)
    return SURVIVED, len(chosen)


def _seconds(trial: Trial) -> float:
    """Processor time without a fault; -1 where it fails."""
    before = time.process_time()
    passed = _outcome(trial, []) == SURVIVED
    return time.process_time() - before if passed else -1.0


def _outcome(trial: Trial, changed: list[files.Item]) -> str:
    database = tables.shared_database().begin()
    items = {**SOURCES, **{item.name: item for item in changed}}
    before, tables.items = tables.items, lambda: items
    alarm = threading.Timer(PATIENCE, database.interrupt)
    alarm.start()
    try:
        for item in changed:
            if item.is_macro and item.name in tables.macros_made():
                database.execute(item.body)
        return SURVIVED if trial.holds(database) else KILLED
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException):
        return UNBOUND
    except (Exception, pytest.fail.Exception, pytest.skip.Exception):
        return KILLED
    finally:
        alarm.cancel()
        tables.items = before
        database.rollback()


def _run_by(case: tables.Case) -> frozenset[str]:
    """The view or macro itself, and the macros that it and the query need; given tables stand for the views."""
    found: set[str] = set()
    waiting: list[str] = [case.of, *_named(case.columns), *_named(case.query), *_named(case.setup)]
    while waiting:
        name = waiting.pop()
        if name in SOURCES and name not in found and (name == case.of or SOURCES[name].is_macro):
            found.add(name)
            waiting += SOURCES[name].needs
    return frozenset(found)


def _functions(module: ModuleType) -> Iterator[Trial]:
    text = Path(str(module.__file__)).read_text()
    reads = read_by(text)
    for name, function in vars(module).items():
        if name.startswith("test_") and function.__module__ == module.__name__:
            marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
            given = {name for mark in marks for name in _names_of(mark)}
            wanted = set(inspect.signature(function).parameters) - given
            if wanted <= FIXTURES.keys() and "case" not in given:
                for values in itertools.product(*(_values_of(mark) for mark in marks)):
                    arguments = {key: one for part in values for key, one in part.items()}
                    yield Trial(f"{module.__name__}.{name}", "", partial(_called, function, arguments), reads)


def _called(function: Callable[..., None], arguments: dict[str, Any], database: duckdb.DuckDBPyConnection) -> bool:
    wanted = inspect.signature(function).parameters.keys() & FIXTURES.keys()
    function(**arguments, **{name: FIXTURES[name](database) for name in wanted})
    return True


def _names_of(mark: pytest.Mark) -> list[str]:
    names = mark.args[0]
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)


def _values_of(mark: pytest.Mark) -> list[dict[str, Any]]:
    names = _names_of(mark)
    param = type(pytest.param())
    return [
        dict(zip(names, one.values if isinstance(one, param) else one if len(names) > 1 else [one], strict=True))
        for one in mark.args[1]
    ]


def read_by(text: str) -> frozenset[str]:
    """The items that a text of tests names, and all that those need."""
    named = {".".join(found) for found in files.NAME.findall(text)} & SOURCES.keys()
    begun = tuple(COMPOSED.findall(text))
    found: set[str] = set()
    waiting = [*named, *(name for name in SOURCES if begun and name.startswith(begun))]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += SOURCES[name].needs & SOURCES.keys()
    return frozenset(found)


def _named(text: str) -> Iterable[str]:
    return [".".join(name) for name in files.NAME.findall(text)]
