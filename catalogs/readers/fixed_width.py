"""Values at fixed places of a line, which lose digits where a letter more or less has moved them: that is refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb

from ...errors import RefusedFile, UserError
from ...workspace.query import literal_path

#: What may stand between columns that are described.
SEPARATORS = r"[\s|,;&]"

Spans = list[tuple[int, int]]


def lines_after(path: Path, n_header: int) -> str:
    """What goes after FROM for the lines of a text after its first, each in the column `line`."""
    return (
        f"read_csv({literal_path(path)}, auto_detect = false, delim = '\x01', quote = '', escape = '', header = false, "
        f"skip = {n_header}, columns = {{'line': 'VARCHAR'}})"
    )


def first_line(connection: duckdb.DuckDBPyConnection, lines: str, condition: str) -> str | None:
    """The first line that a condition holds for; None where there is none, or they cannot be read."""
    try:
        row = connection.execute(f"select line from {lines} where {condition} limit 1").fetchone()
    except duckdb.Error:
        return None
    return row[0] if row else None


def rows(lines: str, spans: Spans) -> str:
    """What goes after FROM for lines that have nothing outside their columns.

    Parameters
    ----------
    lines
        A relation with the column `line`.
    spans
        First and last letter of each column, from 1.
    """
    return f"(select if({_is_misfit(spans)}, error('outside'), line) as line from {lines})"


def misfit(
    connection: duckdb.DuckDBPyConnection, path: Path, lines: str, spans: Spans
) -> Callable[[], UserError | None]:
    """The first line with a letter outside its columns, if one is at fault."""

    def failure() -> UserError | None:
        line = first_line(connection, lines, _is_misfit(spans))
        if line is None:
            return None
        return RefusedFile(
            f"the line {line[:60]!r} has a letter outside the columns of the header, by which its values are cut; "
            "mend it, or fetch the file again",
            file=path,
        )

    return failure


def refuse_cut_off(path: Path, spans: Spans) -> None:
    """A file that ends within the last line's columns, without an end of line.

    Raises
    ------
    RefusedFile
        If it does; a packed file has a checksum for that.
    """
    if path.suffix.lower() == ".gz":
        return
    width = max(last for _, last in spans)
    with path.open("rb") as file:
        file.seek(-min(width + 1, os.fstat(file.fileno()).st_size), os.SEEK_END)
        line = file.read().rpartition(b"\n")[2]
    if line.strip() and len(line) < width:
        raise RefusedFile(
            f"ends within the line {line.decode(errors='replace')[:60]!r}, so it may be cut off; fetch it again, or "
            "end the line if it is whole",
            file=path,
        )


def _is_misfit(spans: Spans) -> str:
    between = ", ".join(f"substr(line, {first}, {last - first + 1})" for first, last in _gaps(spans))
    return f"regexp_replace(concat({between}), '{SEPARATORS}', '', 'g') <> ''"


def _gaps(spans: Iterable[tuple[int, int]]) -> Spans:
    """What no column holds, up to the longest line that there may be."""
    gaps, at = [], 1
    for first, last in sorted(spans):
        if first > at:
            gaps.append((at, first - 1))
        at = max(at, last + 1)
    return [*gaps, (at, 1 << 31)]
