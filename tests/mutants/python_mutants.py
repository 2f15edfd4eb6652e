"""Mutants of the functions of a Python module: in a forked process the function's code is replaced by the faulty one.

Which test runs which function is found by one recorded run: `sys.setprofile` notes every function of the package.
"""

from __future__ import annotations

import ast
import gc
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import candlesql
import planting
import pytest
from planting import Mutant, Planter
from python_faults import Fault, faults

ROOT = Path(candlesql.__file__).parent
Called = set[tuple[str, str]]
#: Of each test, the file and outermost function of all that it runs, its fixtures included.
CALLED: dict[str, Called] = {}


def mutants_of(path: Path) -> list[Mutant]:
    """Every mutant of the functions of one module."""
    text = path.read_text()
    return [_mutant(path, text, fault) for fault in faults(text)]


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
        touches=lambda item: (str(path), fault.function) in CALLED.get(item.nodeid, ()),
    )


def _line_of(tree: ast.Module, number: int) -> str:
    """The first line of the innermost statement at a line."""
    statements = [n for n in ast.walk(tree) if isinstance(n, ast.stmt) and n.lineno <= number <= (n.end_lineno or 0)]
    return ast.unparse(statements[-1]).splitlines()[0]


def _plant(path: Path, planted: ast.Module, function: str) -> None:
    """Give every function object that was made from this source the faulty code."""
    wanted = _code_in(compile(planted, str(path), "exec", dont_inherit=True), function)
    for found in gc.get_objects():
        if isinstance(found, FunctionType):
            code = found.__code__
            if code.co_filename == str(path) and code.co_qualname == function:
                found.__code__ = wanted


def _code_in(code: CodeType, function: str) -> CodeType:
    inside = [part for part in code.co_consts if isinstance(part, CodeType)]
    for part in inside:
        if part.co_qualname == function:
            return part
    return next(_code_in(part, function) for part in inside if function.startswith(f"{part.co_qualname}."))


@dataclass(eq=False)
class Recording(Planter):
    """Notes in the run without a fault which functions each test and each fixture calls."""

    called: Called = field(default_factory=set)
    by_fixture: dict[str, Called] = field(default_factory=dict)

    def wanted(self, item: pytest.Item) -> bool:
        """Every test: which of them run what is only known after the first run."""
        return self.deep or not planting.needs_workspace(item)

    def timed(self, items: list[pytest.Item]) -> dict[str, Any]:
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        found = {}
        fixtures_of = {item.nodeid: getattr(item, "fixturenames", ()) for item in items}
        for test, seconds in planting.each_timed(items):
            fixtures = [self.by_fixture.get(name, set()) for name in fixtures_of[test]]
            found[test] = {"seconds": seconds, "called": sorted(self.called.union(*fixtures))}
            self.called = set()
        sys.setprofile(None)
        return found

    def take(self, found: dict[str, Any]) -> dict[str, float]:
        CALLED.update({name: {tuple(pair) for pair in one["called"]} for name, one in found.items()})
        return {name: one["seconds"] for name, one in found.items()}

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        before, self.called = self.called, set()
        try:
            return (yield)
        finally:
            self.by_fixture.setdefault(fixturedef.argname, set()).update(self.called)
            self.called |= before

    def _note(self, frame: Any, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(ROOT)) and "/tests/" not in code.co_filename:
            self.called.add((code.co_filename, code.co_qualname.split(".<locals>")[0]))
