"""JSON lines, one object a row, as DuckDB reads them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import duckdb

from ...errors import RefusedFile
from ...workspace.query import literal_path, quoted
from . import parquet
from .source import Source

#: What DuckDB finds where not all values are text or truth values.
NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$|FLOAT$|DOUBLE$|DECIMAL|JSON$|\"NULL\"$")


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open JSON lines; every line is looked at for the columns and their types.

    Raises
    ------
    UserError
        If a line is no JSON object.
    """
    options = f"{literal_path(path)}, format = 'newline_delimited', records = true"
    try:
        query = f"describe from read_json({options}, sample_size = -1)"
        types = {row[0]: row[1] for row in connection.execute(query).fetchall()}
    except duckdb.Error as error:
        raise RefusedFile(f"not readable as JSON lines ({str(error).splitlines()[0]})", file=path) from None
    kinds = {name: _kept(type_) for name, type_ in types.items()}
    columns = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in kinds.items())
    source = parquet.of_types(path, kinds, f"read_json({options}, columns = {{{columns}}})", {})
    numbers = {n: replace(c, type="") for n, c in source.columns.items() if NUMBER.match(types[n])}
    return replace(source, columns=source.columns | numbers)


def _kept(type_: str) -> str:
    """The type that a column is read in: numbers as they are written, since DuckDB would round those of several kinds
    to floating point, and all text as text, where it would find dates."""
    return type_ if type_ == "BOOLEAN" or type_.startswith(parquet.NESTED) or type_.endswith("]") else "VARCHAR"
