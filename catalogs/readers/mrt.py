"""Machine-readable tables of the AAS journals and of CDS (`.mrt`): columns at fixed bytes, described at the top.

Every column is read as text and cast by the ingest, so that a value that does not fit can be named.
"""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ...errors import RefusedFile
from ...workspace.query import quoted
from .source import FileColumn, Source
from .text import NULLS

TITLE = "Byte-by-byte Description"
#: First and last byte, format, unit, label, explanation; astropy.io.ascii reads the same.
COLUMN = re.compile(r"\s*(?:(\d+)\s*-\s*)?(\d+)\s+([AIFE]\d*(?:\.\d+)?)\s+(\S+)\s+(\S+)\s*(.*)")
RULE = re.compile(r"[-=]{10,}\s*$")
#: What stands for a missing value, in an explanation such as "?=-9.99 Period".
MISSING = re.compile(r"\?=(\S+)")
NO_UNIT = "---"


@dataclass
class Described:
    """A column as the top of the file describes it; bytes count from 1, the last one included."""

    name: str
    first: int
    last: int
    unit: str
    said: list[str] = field(default_factory=list)

    def as_column(self) -> FileColumn:
        text = " ".join(" ".join(self.said).split())
        missing = MISSING.search(text)
        nulls = ", ".join(quoted(value) for value in [*NULLS, *missing.groups()] if value) if missing else ""
        nulls = nulls or ", ".join(quoted(value) for value in NULLS if value)
        cut = f"nullif(trim(substr(line, {self.first}, {self.last - self.first + 1})), '')"
        unit = "" if self.unit == NO_UNIT else self.unit
        return FileColumn(
            self.name,
            f"(case when {cut} not in ({nulls}) then {cut} end)",
            unit=unit,
            description=text,
            is_text=True,
        )


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open a machine-readable table.

    Raises
    ------
    UserError
        If it has no byte-by-byte description, or is damaged.
    """
    columns, n_header = _top(path)
    relation = (
        f"read_csv({quoted(path)}, auto_detect = false, delim = '\x01', quote = '', escape = '', header = false, "
        f"skip = {n_header}, columns = {{'line': 'VARCHAR'}})"
    )
    return Source(path, columns, lambda names: relation)


def _top(path: Path) -> tuple[dict[str, FileColumn], int]:
    """The columns, and the number of lines before the rows, which begin after the last rule."""
    found: list[Described] = []
    n_header = rules = 0
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if RULE.match(line):
                    rules, n_header = (rules + 1 if rules else 0), number
                elif TITLE in line:
                    rules = 1
                elif rules == 3:
                    _describe(found, line)
    except (EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        raise RefusedFile(f"truncated, or not what its name says ({error}); fetch it again", file=path) from None
    if not found:
        raise RefusedFile(f"has no '{TITLE} of file', as machine-readable tables do; give it as CSV or FITS", file=path)
    twice = {c.name for c in found if [other.name for other in found].count(c.name) > 1}
    if twice:
        raise RefusedFile(f"column {min(twice)} stands twice in its description; rename one of them", file=path)
    return {column.name: column.as_column() for column in found}, n_header


def _describe(found: list[Described], line: str) -> None:
    """A column's line, or more of the explanation before it."""
    column = COLUMN.match(line)
    if column:
        first, last, _, unit, name, text = column.groups()
        found.append(Described(name, int(first or last), int(last), unit, [text]))
    elif found:
        found[-1].said.append(line)
