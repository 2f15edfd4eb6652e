"""The `.sql` files of this folder: which there are, what each needs, and in what order they can be created.

A file that starts with `create` holds macros; any other holds one view, a bare `select` under a header comment, and
its path is its name: `red_clump/tiers.sql` is `red_clump.tiers`. The comment above a macro says `[unit]` and what it
gives, naming its arguments with their units.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).parent
NAME = re.compile(r"\b([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)\b")
MACRO = re.compile(
    r"((?:^--[^\n]*\n)*)^(create or replace macro ([a-z_0-9]+\.[a-z_0-9]+)\(.*?);[ \t]*(?:-- ([^\n]*))?$",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
TABLE_MACRO = re.compile(r"create or replace macro [a-z_0-9.]+\([^)]*\) as table\b", re.IGNORECASE)
THRESHOLD = re.compile(r"create or replace macro cuts\.(\w+)\(\) as ([^;]+)")
CUT = re.compile(r"create or replace macro cuts\.(\w+)\(\) as ([^;]+);\s*-- \[(.*?)\] (.+)")


@dataclass(frozen=True)
class Item:
    """A view or macro: its name, its SQL, the comment that says what it is, and where it stands."""

    name: str
    body: str
    header: str
    path: Path
    is_macro: bool

    @cached_property
    def needs(self) -> set[str]:
        """Every `schema.name` that its text mentions."""
        code = re.sub(r"--.*", "", self.body)
        return {".".join(match) for match in NAME.findall(code)} - {self.name}

    @property
    def kind(self) -> str:
        """What DuckDB calls it where it is to be commented on."""
        if not self.is_macro:
            return "view"
        return "macro table" if TABLE_MACRO.match(self.body) else "macro"


@dataclass(frozen=True)
class Cut:
    """A threshold of `cuts.sql`: its published value, unit and source."""

    name: str
    value: str
    unit: str
    source: str


def items() -> list[Item]:
    """All views and macros, each after what it needs."""
    found = {item.name: item for path in sorted(ROOT.rglob("*.sql")) for item in _read(path)}
    graph = {name: item.needs & found.keys() for name, item in found.items()}
    try:
        return [found[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise RuntimeError(f"these need each other: {' -> '.join(error.args[1])}") from error


def cut_macro(name: str, value: str) -> str:
    """The statement that makes a threshold: what `set variable` says in a session, else this value."""
    return f"create or replace macro cuts.{name}() as coalesce(getvariable('{name}'), {value})"


def cuts_of(*names: str) -> set[str]:
    """The thresholds that views and macros rest on, by themselves or through others."""
    needs = {item.name: item.needs for item in items()}
    found: set[str] = set()
    pending = set(names)
    while pending:
        found |= pending
        pending = {need for name in pending for need in needs.get(name, ())} - found
    return {name.removeprefix("cuts.") for name in found if name.startswith("cuts.")}


def cuts() -> dict[str, Cut]:
    """The thresholds of `cuts.sql` by name, in the order of the file."""
    text = (ROOT / "cuts.sql").read_text()
    return {found[0]: Cut(*(part.strip() for part in found)) for found in CUT.findall(text)}


def _read(path: Path) -> list[Item]:
    return _parsed(path, path.read_text(encoding="utf-8"))


@cache
def _parsed(path: Path, text: str) -> list[Item]:
    """They are asked for several times in a run, and seldom change."""
    macros = [
        Item(name, _settable(statement), (beside or _said(above)).strip(), path, is_macro=True)
        for above, statement, name, beside in MACRO.findall(text)
    ]
    return macros or [Item(f"{path.parent.name}.{path.stem}", text, _said(text), path, is_macro=False)]


def _settable(statement: str) -> str:
    """A threshold as a session may set it; any other macro as it is."""
    found = THRESHOLD.fullmatch(statement)
    return cut_macro(*found.groups()) if found else statement


def _said(text: str) -> str:
    """The comment that a text begins with, on one line."""
    leading = takewhile(lambda line: line.startswith("--"), text.split("\n"))
    return " ".join(line.removeprefix("--").strip() for line in leading)
