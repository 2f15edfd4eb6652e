"""Any DuckDB query, written down in a `.sql` file: other databases, joins, formats that DuckDB reads."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ...errors import RefusedFile
from ...workspace.short import short_text
from . import parquet
from .source import Source


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open the rows of a query; relative paths in it are relative to where the command runs.

    Raises
    ------
    UserError
        If it is not one SELECT, or DuckDB refuses it.
    """
    try:
        statements = connection.extract_statements(short_text(path))
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise RefusedFile(f"holds {len(statements)} statements; it must be one SELECT", file=path)
        relation = f"({statements[0].query.strip().rstrip(';')}\n)"
        types = {row[0]: row[1] for row in connection.execute(f"describe from {relation}").fetchall()}
    except duckdb.Error as error:
        raise RefusedFile(f"{str(error).splitlines()[0]}", file=path) from None
    except UnicodeDecodeError as error:
        raise RefusedFile(f"not text ({error})", file=path) from None
    return parquet.of_types(path, types, relation, {})
