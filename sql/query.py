"""Small helpers around a DuckDB connection."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
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


def parquet_rows(files: Iterable[Path], *options: str) -> str:
    """What goes after FROM for the rows of Parquet files, one after the other."""
    literals = ", ".join(quoted(file) for file in files)
    return f"read_parquet({', '.join([f'[{literals}]', *options])})"


def stand_in(columns: dict[str, str]) -> str:
    """A query of columns, given the type of each, and no rows."""
    fields = ", ".join(f'null::{type_} as "{name}"' for name, type_ in columns.items())
    return f"select {fields} where false"
