"""Machine-readable tables of the AAS journals and of CDS (`.mrt`): columns at fixed bytes, described at the top.

Every column is read as text and cast by the ingest, so that a value that does not fit can be named.
"""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

import duckdb

from ...errors import RefusedFile
from ...workspace.short import lines_of
from . import fixed_width
from .boundary import refuse_many, refuse_twice
from .missing import unless_missing, with_e
from .source import FileColumn, Source
from .text import not_utf8

TITLE = "Byte-by-byte Description"
#: First and last byte, format, unit, label, explanation; astropy.io.ascii reads the same.
COLUMN = re.compile(r"\s*(?:(\d+)\s*-\s*)?(\d+)\s+(\d*[A-Z]\d*(?:\.\d+)?)\s+(\S+)\s+(\S+)\s*(.*)")
RULE = re.compile(r"[-=]{10,}\s*$")
#: What stands for a missing value, in an explanation such as "?=-9.99 Period".
MISSING = re.compile(r"\?=([^\s,;]+)")
NO_UNIT = "---"
TYPES = {"A": "VARCHAR", "I": "BIGINT", "F": "DOUBLE", "E": "DOUBLE", "D": "DOUBLE", "G": "DOUBLE"}
DAMAGE = (EOFError, OSError, zlib.error, UnicodeDecodeError)


@dataclass
class Described:
    """A column as the top of the file describes it; bytes count from 1, the last one included."""

    name: str
    first: int
    last: int
    form: str
    unit: str
    said: list[str] = field(default_factory=list)

    def as_column(self) -> FileColumn:
        text = " ".join(" ".join(self.said).split())
        missing = [value.strip("\"'") for value in MISSING.findall(text)]
        kind = TYPES.get(self.form[:1], "")
        cut = with_e(f"trim(substr(line, {self.first}, {self.last - self.first + 1}))", kind)
        return FileColumn(
            self.name,
            unless_missing(cut, missing),
            unit="" if self.unit == NO_UNIT else self.unit,
            description=text,
            is_text=True,
            type=kind,
        )


def is_mrt(path: Path, suffix: str) -> bool:
    """Whether a file called `.txt` or `.dat`, as journals and CDS name them, describes its bytes at the top."""
    if suffix not in (".txt", ".dat"):
        return False
    try:
        with _opened(path) as lines:
            return TITLE in lines.read(1 << 16)
    except DAMAGE:
        return False


def _opened(path: Path) -> IO[str]:
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    return cast(IO[str], opener(path, "rt", encoding="utf-8-sig"))


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open a machine-readable table.

    Raises
    ------
    UserError
        If it has no byte-by-byte description, or is damaged.
    """
    described, n_header = _top(path)
    spans = [(column.first, column.last) for column in described]
    fixed_width.refuse_cut_off(path, spans)
    lines = fixed_width.lines_after(path, n_header)
    columns = {column.name: column.as_column() for column in described}
    relation = fixed_width.rows(lines, spans)
    return Source(path, columns, lambda names: relation, failure=fixed_width.misfit(connection, path, lines, spans))


def _top(path: Path) -> tuple[list[Described], int]:
    """The columns, and the number of lines before the rows, which begin after the last rule."""
    found: list[Described] = []
    n_header = rules = 0
    tables = set()
    try:
        with _opened(path) as lines:
            for number, line in enumerate(lines_of(lines, path), 1):
                if RULE.match(line):
                    rules, n_header = (rules + 1 if rules else 0), number
                elif TITLE in line:
                    rules = 1
                    tables.add(line.partition(TITLE)[2].strip())
                elif rules == 3:
                    _describe(found, line)
                    refuse_many(len(found), path)
    except DAMAGE as error:
        raise RefusedFile(f"{not_utf8(error)}", file=path) from None
    if len(tables) > 1:
        raise RefusedFile(
            f"describes {len(tables)} tables: {', '.join(sorted(tables)[:8])}; keep one description and its rows",
            file=path,
        )
    if not found:
        raise RefusedFile(f"has no '{TITLE} of file', as machine-readable tables do; give it as CSV or FITS", file=path)
    refuse_twice([column.name for column in found], path, "description")
    return found, n_header


def _describe(found: list[Described], line: str) -> None:
    """A column's line, or more of the explanation before it."""
    column = COLUMN.match(line)
    if column:
        first, last, form, unit, name, text = column.groups()
        found.append(Described(name, int(first or last), int(last), form, unit, [text]))
    elif found:
        found[-1].said.append(line)
