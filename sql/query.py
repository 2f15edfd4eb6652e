"""Small helpers around a DuckDB connection."""

from __future__ import annotations

from typing import Any

import duckdb


def first_row(connection: duckdb.DuckDBPyConnection, query: str, parameters: object = None) -> tuple[Any, ...]:
    """The first row, or an empty tuple; the result is read to its end, since DuckDB refuses to register functions on a
    connection with an unfinished one."""
    rows = connection.execute(query, parameters).fetchall()
    return rows[0] if rows else ()


def quoted(value: object) -> str:
    """An SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
