"""Small helpers around a DuckDB connection."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb


def first_row(connection: duckdb.DuckDBPyConnection, query: str, parameters: object = None) -> tuple[Any, ...]:
    """The first row, or an empty tuple; the result is read to its end, since DuckDB refuses to register functions on a
    connection with an unfinished one."""
    rows = connection.execute(query, parameters).fetchall()
    return rows[0] if rows else ()


@contextmanager
def all_or_nothing(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A transaction: what the block does holds if it ends well, else nothing of it."""
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        with suppress(duckdb.Error):  # an interrupt may have ended it
            connection.rollback()
        raise


def quoted(value: object) -> str:
    """An SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def literal_path(path: object) -> str:
    """A path as an SQL string that DuckDB reads as that one file, whatever letters it has, not as a pattern."""
    return quoted(as_pattern(path))


def as_pattern(path: object) -> str:
    """A path as the pattern that no other path fits."""
    return re.sub(r"([\[*?])", r"[\1]", str(path))


def parquet_rows(files: Iterable[object], *options: str) -> str:
    """What goes after FROM for the rows of Parquet files, one after the other."""
    return _read_parquet([literal_path(file) for file in files], *options)


def parquet_rows_within(root: Path, files: Iterable[Path], *options: str) -> str:
    """The same for files below the folder `root`, wherever that is when the rows are read: a connection that sets the
    variable `candlesql_root` says where, else it is where it was."""
    place = f"coalesce(getvariable('candlesql_root'), {literal_path(root)})"
    inside = [f"{place} || {literal_path('/' + file.relative_to(root).as_posix())}" for file in files]
    return _read_parquet(inside, *options)


def _read_parquet(places: list[str], *options: str) -> str:
    arguments = ", ".join([f"[{', '.join(places)}]", *options])
    return f"read_parquet({arguments})"


def stand_in(columns: dict[str, str]) -> str:
    """A query of columns, given the type of each, and no rows."""
    fields = ", ".join(f'null::{type_} as "{name}"' for name, type_ in columns.items())
    return f"select {fields} where false"
