"""Mutants of `sql/**/*.sql`: what a fault changes in a forked process, and which tests read the item that it is in."""

from __future__ import annotations

import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

import duckdb
import pytest
from candlesql.sql import files, template
from candlesql.tests.sql import tables
from planting import Mutant
from sql_faults import Fault, faults

#: A name that a test puts together: `f"sphere.{function}"` may be any of `sphere`.
COMPOSED = re.compile(r"\b([a-z_]+\.\w*)\{")
SOURCES: dict[str, files.Item] = {item.name: item for item in files.items()}


def mutants_of(path: Path) -> list[Mutant]:
    """Every mutant of one file; a macro's faults are told from its neighbours'."""
    text = path.read_text()
    return [_mutant(path, text, fault) for fault in faults(text)]


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
    )


def _item_at(path: Path, text: str, place: int) -> str:
    """The view or macro that stands at a place of a file."""
    own = [item for item in SOURCES.values() if item.path == path]
    return max((item for item in own if text.find(item.body) <= place), key=lambda item: text.find(item.body)).name


@cache
def _read_by(module: Path) -> frozenset[str]:
    """The items that a module of tests names, and all that those need."""
    text = module.read_text()
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


def _plant(path: Path, planted: str) -> None:
    """Let this process read the planted text wherever it asks for the file."""
    patch = pytest.MonkeyPatch()
    read = Path.read_text
    patch.setattr(Path, "read_text", lambda self, *a, **k: planted if self == path else read(self, *a, **k))
    own = {item.name: item for item in files._read(path)}
    items = [own.get(name, item) for name, item in SOURCES.items()]
    patch.setattr(files, "items", lambda: items)
    changed = [item for item in own.values() if item.body != SOURCES[item.name].body]
    for item in changed:
        if item.is_macro:
            _replace_macro(item)
    of_version = template.template_of
    patch.setattr(template, "template_of", cache(lambda sky: _with(changed, of_version(sky))))


def _replace_macro(item: files.Item) -> None:
    """Put a macro into the database that tests of a few rows share, if it is one of those there."""
    schema, name = item.name.split(".")
    there = "select 1 from duckdb_functions() where schema_name = ? and function_name = ?"
    if tables.shared_database().execute(there, [schema, name]).fetchall():
        tables.shared_database().execute(item.body)


def _with(changed: list[files.Item], database: Path) -> Path:
    """A copy of a workspace's database in which some items are others."""
    copy = Path(tempfile.mkdtemp(prefix="mutant-")) / database.name
    shutil.copyfile(database, copy)
    with duckdb.connect(copy) as connection:
        for item in changed:
            connection.execute(item.body if item.is_macro else f"create or replace view {item.name} as {item.body}")
    return copy
