"""JSON lines, one object a row, as DuckDB reads them."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ...errors import RefusedFile
from ...workspace.query import literal_path
from . import parquet
from .source import Source


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open JSON lines; every line is looked at for the columns and their types.

    Raises
    ------
    UserError
        If a line is no JSON object.
    """
    relation = f"read_json({literal_path(path)}, format = 'newline_delimited', records = true, sample_size = -1)"
    try:
        types = {row[0]: row[1] for row in connection.execute(f"describe from {relation}").fetchall()}
    except duckdb.Error as error:
        raise RefusedFile(f"not readable as JSON lines ({str(error).splitlines()[0]})", file=path) from None
    return parquet.of_types(path, types, relation, {})
