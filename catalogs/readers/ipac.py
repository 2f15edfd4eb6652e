"""IPAC tables (IRSA: 2MASS, AllWISE): columns between bars, with type, unit and null value in the header."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import duckdb

from ...errors import RefusedFile
from ...workspace.short import lines_of
from . import fixed_width
from .boundary import refuse_many
from .missing import unless_missing, with_e
from .source import FileColumn, Source

NAMES = (".tbl", ".csv", ".tsv", ".txt", ".dat", ".ipac")
#: Of names, types, units and nulls; some writers add one.
MOST_LINES = 8
#: By the first letters, since the format allows abbreviations.
TYPES = {"c": "VARCHAR", "da": "VARCHAR", "i": "BIGINT", "l": "BIGINT", "d": "DOUBLE", "f": "DOUBLE", "r": "DOUBLE"}


def is_ipac(path: Path, suffix: str) -> bool:
    """Whether a text file begins as IPAC tables do, whatever its name says."""
    if suffix not in NAMES or path.suffix.lower() == ".gz":
        return False
    with path.open("rb") as file:
        lines = [line.rstrip() for line in file.read(1 << 16).splitlines()]
    line = next((line for line in lines if line and not line.startswith(b"\\")), b"")
    return line.startswith(b"|") and line.endswith(b"|") and line.count(b"|") > 2


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open an IPAC table.

    Raises
    ------
    UserError
        If it has no header of bars, or the header is damaged.
    """
    if not is_ipac(path, ".tbl"):
        raise RefusedFile(
            "text that does not say what its columns are; say it in a survey file, [layout] names = [...]", file=path
        )
    header, n_lines = _top(path)
    bars = [place for place, letter in enumerate(header[0]) if letter == "|"]
    spans = [(first + 2, last) for first, last in pairwise(bars)]  # letters count from 1, and bars are no part
    fixed_width.refuse_cut_off(path, spans)
    columns: dict[str, FileColumn] = {}
    for first, last in pairwise(bars):
        name, type_, unit, null = ([line[first + 1 : last].strip() for line in header] + ["", "", ""])[:4]
        if name in columns:
            raise RefusedFile(f"column {name} stands twice in its header; rename one of them", file=path)
        kind = next((TYPES[k] for k in (type_[:2].lower(), type_[:1].lower()) if k in TYPES), "")
        value = with_e(f"trim(substr(line, {first + 2}, {last - first - 1}))", kind)
        columns[name] = FileColumn(
            name,
            unless_missing(value, [null] if null else []),
            unit="" if unit == "-" else unit,
            is_text=True,
            type=kind,
        )
    lines = f"(from {fixed_width.lines_after(path, n_lines)} where trim(line) <> '')"
    relation = fixed_width.rows(lines, spans)
    return Source(path, columns, lambda names: relation, failure=fixed_width.misfit(connection, path, lines, spans))


def _top(path: Path) -> tuple[list[str], int]:
    """The lines of bars, and the number of lines before the rows."""
    header: list[str] = []
    n_lines = 0
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for line in lines_of(lines, path):
                if line.startswith("|"):
                    header.append(line.rstrip("\r\n"))
                    refuse_many(line.count("|"), path)
                    if len(header) > MOST_LINES:
                        raise RefusedFile(f"has more than {MOST_LINES} lines of bars in its header", file=path)
                elif not line.startswith("\\") and line.strip():
                    break
                n_lines += 1
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedFile(f"not what its name says ({error}); fetch it again", file=path) from None
    widths = {len(line.rstrip()) for line in header}
    if len(widths) != 1:
        raise RefusedFile("the lines of its header do not have their bars in the same places; mend them", file=path)
    return header, n_lines
