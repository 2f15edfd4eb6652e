"""The database in which tests of a few rows are made: every macro, and the text of every view."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import duckdb
from candlesql.sql import files
from candlesql.udfs import taught


@cache
def _read_once(read: Callable[[], list[files.Item]]) -> dict[str, files.Item]:
    """Once for each function that reads them; tests/mutants puts another in the place of `files.items`."""
    return {item.name: item for item in read()}


def items() -> dict[str, files.Item]:
    """Every view and macro by name, those before a view or macro that needs them."""
    return _read_once(files.items)


def make_database(threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A database in memory with every schema and every macro that reads no view and no network."""
    every = items().values()
    schemas = sorted({item.name.split(".")[0] for item in every} | {"staging", "match"})
    known: set[str] = set()
    macros: list[str] = []
    for item in every:
        readable = {name for name in item.needs if name.split(".")[0] in schemas}
        if item.is_macro and readable <= known and "_net(" not in item.body:
            known.add(item.name)
            macros.append(item.body)
    connection = duckdb.connect(config={"threads": threads})
    connection.execute(f"create schema candlesql; {taught.TABLES}")
    connection.execute(";".join([*(f"create schema if not exists {schema}" for schema in schemas), *macros]))
    return connection


@cache
def shared_database() -> duckdb.DuckDBPyConnection:
    """The one that tests of a few rows share, each in a transaction; one thread, so that a forked process can use it."""
    return make_database(threads=1)
