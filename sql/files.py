"""The `.sql` files of this folder: which there are, what each needs, and in what order they can be created.

A file that starts with `create` holds macros; any other holds one view, a bare `select` under a header comment, and
its path is its name: `red_clump/tiers.sql` is `red_clump.tiers`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).parent
NAME = re.compile(r"\b([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)\b")
MACRO = re.compile(r"create or replace macro ([a-z_0-9]+\.[a-z_0-9]+)", re.IGNORECASE)
CUT = re.compile(r"create or replace macro cuts\.(\w+)\(\) as ([^;]+);\s*-- \[(.*?)\] (.+)")


@dataclass(frozen=True)
class Item:
    """A view or macro: its name, the SQL after its header, the header, and where it stands."""

    name: str
    body: str
    header: str
    path: Path
    is_macro: bool

    @property
    def needs(self) -> set[str]:
        """Every `schema.name` that its text mentions."""
        code = re.sub(r"--.*", "", self.body)
        return {".".join(match) for match in NAME.findall(code)} - {self.name}


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


def cuts() -> dict[str, Cut]:
    """The thresholds of `cuts.sql` by name, in the order of the file."""
    text = (ROOT / "cuts.sql").read_text()
    return {found[0]: Cut(*(part.strip() for part in found)) for found in CUT.findall(text)}


def _read(path: Path) -> list[Item]:
    text = path.read_text(encoding="utf-8")
    leading = takewhile(lambda line: line.startswith("--"), text.split("\n"))
    header = " ".join(line.removeprefix("--").strip() for line in leading)
    if not MACRO.search(text):
        name = f"{path.parent.name}.{path.stem}"
        return [Item(name, text, header, path, is_macro=False)]
    statements = re.split(r";[^\n]*\n", text)
    return [
        Item(match.group(1), statement[match.start() :].rstrip().rstrip(";"), header, path, True)
        for statement in statements
        if (match := MACRO.search(statement))
    ]
