"""Mutants of the functions of a Python module: in a forked process the function's code is replaced by the faulty one.

Which test runs which line is found by one recorded run, kept in build/mutants while neither the package nor the tests
change. A fault is tried by the tests that run its statement, the cheapest first. Workspaces that tests share are made
once, without a fault; the tests of each fault get copies, or make them anew where they run the faulty statement.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import hashlib
import importlib
import json
import math
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import candlesql
import coverage
import duckdb
import pytest
from _pytest.runner import runtestprotocol
from planting import SURVIVED, Mutant, forked, tried
from python_faults import Fault, faults

ROOT = Path(candlesql.__file__).parent
KEPT = ROOT / "build" / "mutants"
#: Seconds of processor time of tests that no fault could be tried by, and of fixtures.
TOO_DEAR, FIXTURE_TOO_DEAR = 15, 90


def mutants_of(path: Path) -> list[Callable[[], Mutant]]:
    """Makes each mutant of the functions of one module."""
    text = path.read_text()
    return [partial(_mutant, path, text, fault) for fault in faults(text)]


def _mutant(path: Path, text: str, fault: Fault) -> Mutant:
    planted = fault.apply(text)
    number = fault.line
    return Mutant(
        file=str(path.relative_to(ROOT)),
        line=number,
        kind=fault.kind,
        was=text.splitlines()[number - 1].strip(),
        becomes=_line_of(planted, number),
        plant=lambda: _plant(path, planted, fault.function),
        lines=_statement(ast.parse(text), number),
    )


def _statement(tree: ast.AST, number: int) -> range:
    """The lines of the innermost statement at a line; of one that holds others, those before them."""
    statements = [n for n in ast.walk(tree) if isinstance(n, ast.stmt) and n.lineno <= number <= (n.end_lineno or 0)]
    body = getattr(statements[-1], "body", None)
    return range(statements[-1].lineno, body[0].lineno if body else (statements[-1].end_lineno or number) + 1)


def _line_of(tree: ast.Module, number: int) -> str:
    """The first line of the innermost statement at a line."""
    statements = [n for n in ast.walk(tree) if isinstance(n, ast.stmt) and n.lineno <= number <= (n.end_lineno or 0)]
    return ast.unparse(statements[-1]).splitlines()[0]


def import_all(paths: Iterable[Path]) -> None:
    """What is imported after a fault is planted would be without it."""
    for path in paths:
        with contextlib.suppress(ImportError):  # of an extra that is not installed
            importlib.import_module(".".join(["candlesql", *path.relative_to(ROOT).with_suffix("").parts]))


def _plant(path: Path, planted: ast.Module, function: str) -> None:
    """Give every function object that was made from this source the faulty code."""
    wanted = _code_in(compile(planted, str(path), "exec", dont_inherit=True), function)
    for found in known_functions()[str(path), function]:
        found.__code__ = wanted


@cache
def known_functions() -> dict[tuple[str, str], list[FunctionType]]:
    """The function objects by file and name; found once, since a forked process that looks at all has to copy all."""
    found: dict[tuple[str, str], list[FunctionType]] = {}
    for one in gc.get_objects():
        if isinstance(one, FunctionType):
            found.setdefault((one.__code__.co_filename, one.__code__.co_qualname), []).append(one)
    return found


def _code_in(code: CodeType, function: str) -> CodeType:
    inside = [part for part in code.co_consts if isinstance(part, CodeType)]
    for part in inside:
        if part.co_qualname == function:
            return part
    return next(_code_in(part, function) for part in inside if function.startswith(f"{part.co_qualname}."))


@dataclass
class Record:
    """What a run without a fault says: of each test its seconds, its fixtures and their seconds; who runs each line."""

    folder: Path
    tests: dict[str, dict[str, Any]] = field(default_factory=dict)
    fixtures: dict[str, float] = field(default_factory=dict)
    #: Of each file that was asked for, who runs each line.
    runners: dict[str, list[dict[int, list[str]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in sorted(self.folder.glob("*.json")):  # the newest says last
            said = json.loads(path.read_text())
            self.tests.update(said["tests"])
            self.fixtures.update(said["fixtures"])

    def seconds(self, test: str) -> float:
        return self.tests[test]["seconds"] + sum(self.fixtures[name] for name in self.tests[test]["fixtures"])

    @cached_property
    def _data(self) -> list[coverage.CoverageData]:
        found = [coverage.CoverageData(str(path)) for path in self.folder.glob("*.lines")]
        for data in found:
            data.read()
        return found

    def run_by(self, file: str, lines: range) -> set[str]:
        """The tests and fixtures that run any of the lines."""
        if file not in self.runners:
            path = str((ROOT / file).resolve())
            self.runners[file] = [data.contexts_by_lineno(path) for data in self._data]
        return {name for by_line in self.runners[file] for line in lines for name in by_line.get(line, ())}


def record_of(items: list[pytest.Item]) -> Record:
    """The record of the tests, made where there is none of this package and this module of tests."""
    sources = [path for room in _rooms() for path in sorted(room.rglob("*.py"))]
    folder = KEPT / hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    of = {item.nodeid: hashlib.sha256(item.path.read_bytes()).hexdigest()[:12] for item in items}
    known = Record(folder).tests
    missing = [item for item in items if known.get(item.nodeid, {}).get("module") != of[item.nodeid]]
    if missing:
        print(f"{len(missing)} tests are recorded without a fault", flush=True)
        forked(partial(_record, missing, of, folder / f"{time.time():.0f}"), patience=7200)
    return Record(folder)


def _rooms() -> list[Path]:
    return sorted(path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests")


def _record(items: list[pytest.Item], of: dict[str, str], to: Path) -> None:
    """Run each test once and write what it runs."""
    rooms = [str(room.resolve() / "*") for room in _rooms()]
    measured = coverage.Coverage(data_file=f"{to}.lines", config_file=False, include=rooms)
    noting = _Noting(measured)
    items[0].session.config.pluginmanager.register(noting)
    tests: dict[str, dict[str, Any]] = {}
    _in_one_thread()
    signal.signal(signal.SIGPROF, _too_dear)
    measured.start()

    def keep() -> None:
        measured.save()
        Path(f"{to}.json").write_text(json.dumps({"tests": tests, "fixtures": noting.seconds}))

    for number, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True), start=1):
        noting.begin(item.nodeid)
        before = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, TOO_DEAR)
        reports = runtestprotocol(item, nextitem=following, log=False)
        signal.setitimer(signal.ITIMER_PROF, 0)
        seconds = time.process_time() - before - noting.in_fixtures
        if all(report.passed for report in reports):
            fixtures = sorted(noting.names & noting.seconds.keys())
            tests[item.nodeid] = {"module": of[item.nodeid], "seconds": seconds, "fixtures": fixtures}
        else:
            print(f"{item.nodeid} is skipped, too dear, or fails without any fault", flush=True)
            tests[item.nodeid] = {"module": of[item.nodeid], "seconds": math.inf, "fixtures": []}  # not tried again
        if number % 20 == 0:
            keep()  # of a recording that is broken off, what there is
    measured.stop()
    keep()


def _in_one_thread() -> None:
    """Let DuckDB work in Python's own thread: of others nobody learns which lines of its Python functions they run."""
    os.environ["CANDLESQL_THREADS"] = "1"
    plain = duckdb.connect

    def connect(*given: Any, **named: Any) -> duckdb.DuckDBPyConnection:
        connection = plain(*given, **named)
        connection.execute("set threads = 1")
        return connection

    duckdb.connect = connect


def _too_dear(*_: object) -> None:
    """Ends a test, and with it the fixture that it waits for, that no fault could be tried by."""
    raise TimeoutError


@dataclass(eq=False)
class _Noting:
    """Says to coverage which test or shared fixture runs, and measures the fixtures."""

    measured: coverage.Coverage
    seconds: dict[str, float] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    running: list[str] = field(default_factory=list)
    in_fixtures: float = 0.0

    def begin(self, test: str) -> None:
        self.running, self.in_fixtures = [test], 0.0
        self.measured.switch_context(test)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        if fixturedef.scope == "function":
            return (yield)
        self.running.append(fixture_name(fixturedef))
        self.measured.switch_context(self.running[-1])
        before, inside = time.process_time(), self.in_fixtures
        left, _ = signal.setitimer(signal.ITIMER_PROF, FIXTURE_TOO_DEAR)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, left)
            taken = time.process_time() - before
            self.seconds[self.running.pop()] = taken - (self.in_fixtures - inside)
            self.in_fixtures = inside + taken
            self.measured.switch_context(self.running[-1])

    @pytest.hookimpl
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        self.names = set(shared_fixtures(item))


def fixture_name(definition: pytest.FixtureDef[Any]) -> str:
    return f"{definition.baseid}::{definition.argname} (fixture)"


def shared_fixtures(item: pytest.Item) -> Iterator[str]:
    """The fixtures of a test that others share."""
    for definitions in item._fixtureinfo.name2fixturedefs.values():  # type: ignore[attr-defined]
        yield from (fixture_name(one) for one in definitions if one.scope != "function")


def make_workspaces(items: list[pytest.Item], record: Record, to: Path) -> dict[str, str]:
    """Makes each shared fixture by the cheapest test that wants it, and keeps copies of the folders among them."""
    keeping = _Keeping(to)
    items[0].session.config.pluginmanager.register(keeping)
    for name in sorted(record.fixtures, key=record.fixtures.__getitem__):
        wanting = [item for item in items if name in record.tests[item.nodeid]["fixtures"]]
        if wanting and name not in keeping.known:
            runtestprotocol(wanting[0], nextitem=wanting[0], log=False)
    return {name: str(folder) for name, folder in keeping.known.items() if folder}


@dataclass(eq=False)
class _Keeping:
    """Keeps a copy of each folder that a shared fixture gives."""

    to: Path
    #: None of a fixture that gives anything else.
    known: dict[str, Path | None] = field(default_factory=dict)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        given: Any = yield
        if fixturedef.scope != "function":
            is_folder = isinstance(given, Path) and given.is_dir()
            copied = Path(shutil.copytree(given, self.to / str(len(self.known)))) if is_folder else None
            self.known[fixture_name(fixturedef)] = copied
        return given


@dataclass(eq=False)
class _Giving:
    """Gives tests copies of the workspaces, but for tests of which a fixture runs the faulty statement."""

    folders: dict[str, str]
    tests: set[str]
    to: str

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any], request: Any) -> Any:
        kept = self.folders.get(fixture_name(fixturedef))
        if kept is None or request._pyfuncitem.nodeid not in self.tests:
            return None
        given = Path(shutil.copytree(kept, Path(tempfile.mkdtemp(dir=self.to)) / "sky"))
        fixturedef.cached_result = (given, fixturedef.cache_key(request), None)
        return given


@dataclass(eq=False)
class LinePlanter:
    """Tries each mutant by the tests that run its lines, the cheapest first."""

    mutants: list[Mutant]
    told: Any
    #: Of processor time for the tests of one fault; dearer tests are left out.
    budget: float
    #: What the workspaces are that tests share, made without a fault, by the names of their fixtures.
    shared: dict[str, str] = field(default_factory=dict)
    done: list[Mutant] = field(default_factory=list)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        import_all({ROOT / mutant.file for mutant in self.mutants})
        known_functions()
        gc.freeze()
        record = record_of(session.items)
        items = [item for item in session.items if item.nodeid in record.tests]
        items.sort(key=lambda item: record.tests[item.nodeid]["seconds"])
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined] # one for all forked processes
        with tempfile.TemporaryDirectory() as folder:
            self.shared = forked(lambda: make_workspaces(items, record, Path(folder)), patience=3600)
            for number, mutant in enumerate(self.mutants, start=1):
                self.decide(items, record, mutant)
                self.done.append(mutant)
                self.told(mutant)
                print(f"{number} of {len(self.mutants)}", end="\r", flush=True)
        return True

    def decide(self, items: list[pytest.Item], record: Record, mutant: Mutant) -> None:
        """Try one mutant in a process of its own."""
        chosen, seconds = self.chosen(items, record, mutant)
        mutant.tests, mutant.outcome = len(chosen), SURVIVED
        if not chosen:
            return
        running = record.run_by(mutant.file, mutant.lines)
        unharmed = {item.nodeid for item in chosen if running.isdisjoint(record.tests[item.nodeid]["fixtures"])}
        with tempfile.TemporaryDirectory() as folder:
            giving = _Giving(self.shared, unharmed, folder)
            work = partial(_tried_with, giving, mutant, chosen)
            mutant.outcome = forked(work, 120 + 60 * int(seconds), 10 + 3 * int(seconds))

    def chosen(self, items: list[pytest.Item], record: Record, mutant: Mutant) -> tuple[list[pytest.Item], float]:
        """The tests of one mutant, those of a module in a row, and their seconds."""
        running = record.run_by(mutant.file, mutant.lines)
        found, left, made = [], self.budget, set[str]()
        for item in items:
            fixtures = set(record.tests[item.nodeid]["fixtures"])
            harmed = not running.isdisjoint(fixtures)
            if item.nodeid in running or harmed:
                new = {name for name in fixtures if harmed or name not in self.shared} - made
                cost = record.tests[item.nodeid]["seconds"] + sum(record.fixtures[name] for name in new)
                if cost <= left:
                    found.append(item)
                    made |= new
                    left -= cost
        modules = list(dict.fromkeys(item.path for item in found))
        return sorted(found, key=lambda item: modules.index(item.path)), self.budget - left


def _tried_with(giving: _Giving, mutant: Mutant, items: list[pytest.Item]) -> str:
    items[0].session.config.pluginmanager.register(giving)
    return tried(mutant, items)
