"""Text without a header: the survey file says how its lines are cut into fields."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ...errors import RefusedFile, UserError
from ...workspace.query import literal_path, quoted
from ..survey import Layout
from .fixed_width import first_line
from .missing import unless_missing
from .source import FileColumn, Source

#: A character that no line of text holds, so that each line is one field.
NEVER = "\x01"


def read(connection: duckdb.DuckDBPyConnection, path: Path, layout: Layout) -> Source:
    """Open a text file whose fields the survey names; every one is text, to be cast by the ingest.

    Raises
    ------
    UserError
        While reading, for a line with another number of fields or one that ends before its last field begins.
    """
    lines = (
        f"read_csv({literal_path(path)}, auto_detect = false, header = false, delim = {quoted(NEVER)}, quote = '', "
        f"escape = '', columns = {{'line': 'VARCHAR'}}, strict_mode = false)"
    )
    wanted = f"trim(line) <> '' and not starts_with(ltrim(line), {quoted(layout.comment)})"
    relation = f"(select {_cut(layout)} as f from {lines} where {wanted})"
    columns = {}
    for i, name in enumerate(layout.names, 1):
        columns[name] = FileColumn(name, unless_missing(f"trim(f[{i}])", []), is_text=True)
    return Source(
        path, columns, lambda names: relation, failure=lambda: _misfit(connection, path, layout, lines, wanted)
    )


def _cut(layout: Layout) -> str:
    """A line as a list of its fields, or an error."""
    if layout.bytes:
        parts = ", ".join(f"substr(line, {first}, {last - first + 1})" for first, last in layout.bytes.values())
        return f"if({_is_misfit(layout)}, error('short line'), [{parts}])"
    return f"if({_is_misfit(layout)}, error('fields'), {_split(layout)})"


def _split(layout: Layout) -> str:
    if layout.delimiter:
        return f"string_split(line, {quoted(layout.delimiter)})"
    return "string_split_regex(trim(replace(line, chr(9), ' ')), ' +')"


def _is_misfit(layout: Layout) -> str:
    if layout.bytes:
        return f"length(rtrim(line)) < {max(first for first, _ in layout.bytes.values())}"
    return f"len({_split(layout)}) <> {len(layout.names)}"


def _misfit(
    connection: duckdb.DuckDBPyConnection, path: Path, layout: Layout, lines: str, wanted: str
) -> UserError | None:
    """The first line that cannot be cut, if one is at fault."""
    line = first_line(connection, lines, f"{wanted} and {_is_misfit(layout)}")
    if line is None:
        return None
    said = (
        "ends before its last field begins"
        if layout.bytes
        else f"has not the {len(layout.names)} fields that the survey's layout names"
    )
    return RefusedFile(f"the line {line[:60]!r} {said}", file=path)
