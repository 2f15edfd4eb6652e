"""Mutants of `sql/**/*.sql`: what a fault changes in a forked process, and which tests read the item that it is in."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import cases
import duckdb
import pytest
from candlesql.sql import files, template
from candlesql.tests.sql import tables
from planting import Mutant
from sql_faults import Fault, faults

SOURCES = cases.SOURCES


def mutants_of(path: Path) -> list[Callable[[], Mutant]]:
    """Makes each mutant of one file; a macro's faults are told from its neighbours'."""
    text = path.read_text()
    return [partial(_mutant, path, text, fault) for fault in faults(text)]


def _mutant(path: Path, text: str, fault: Fault) -> Mutant:
    line, was, becomes = fault.said(text)
    name = _item_at(path, text, fault.start)
    return Mutant(
        file=f"sql/{path.relative_to(files.ROOT)}",
        line=line,
        kind=fault.kind,
        was=was,
        becomes=becomes,
        plant=lambda: _plant(path, fault.apply(text)),
        touches=lambda item: name in _read_by(item.path),
        quick=lambda: cases.outcome(_changed(path, fault.apply(text))),
    )


def _item_at(path: Path, text: str, place: int) -> str:
    """The view or macro that stands at a place of a file."""
    own = [item for item in SOURCES.values() if item.path == path]
    return max((item for item in own if text.find(item.body) <= place), key=lambda item: text.find(item.body)).name


@cache
def _read_by(module: Path) -> frozenset[str]:
    """The items that a module of tests names, and all that those need."""
    return cases.read_by(module.read_text())


def _changed(path: Path, planted: str) -> list[files.Item]:
    """The items of a file that a fault changed."""
    return [item for item in files._parsed(path, planted) if item.body != SOURCES[item.name].body]


def _plant(path: Path, planted: str) -> None:
    """Let this process read the planted text wherever it asks for the file."""
    patch = pytest.MonkeyPatch()
    read = Path.read_text
    patch.setattr(Path, "read_text", lambda self, *a, **k: planted if self == path else read(self, *a, **k))
    own = {item.name: item for item in files._parsed(path, planted)}
    items = [own.get(name, item) for name, item in SOURCES.items()]
    patch.setattr(files, "items", lambda: items)
    changed = [item for item in own.values() if item.body != SOURCES[item.name].body]
    for item in changed:
        if item.name in tables.macros_made():
            tables.shared_database().execute(item.body)
    of_version = template.template_of
    patch.setattr(template, "template_of", cache(lambda sky: _with(changed, of_version(sky))))


def _with(changed: list[files.Item], database: Path) -> Path:
    """A copy of a workspace's database in which some items are others."""
    copy = Path(tempfile.mkdtemp(prefix="mutant-")) / database.name
    shutil.copyfile(database, copy)
    with duckdb.connect(copy) as connection:
        for item in changed:
            connection.execute(item.body if item.is_macro else f"create or replace view {item.name} as {item.body}")
    return copy
