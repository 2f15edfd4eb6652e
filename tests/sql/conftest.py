"""Views and macros over tables of a few rows: rows in, rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import duckdb
import pytest
from candlesql.sql import files
from candlesql.udfs import taught

Rows = list[dict]


@pytest.fixture(scope="session")
def new_database() -> Callable[[], duckdb.DuckDBPyConnection]:
    """Makes a database in memory with every schema and every macro that reads no view and no network."""
    items = files.items()
    schemas = sorted({item.name.split(".")[0] for item in items} | {"staging", "match"})
    known: set[str] = set()
    macros: list[str] = []
    for item in items:
        readable = {name for name in item.needs if name.split(".")[0] in schemas}
        if item.is_macro and readable <= known and "_net(" not in item.body:
            known.add(item.name)
            macros.append(item.body)

    def make() -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        connection.execute(f"create schema candlesql; {taught.TABLES}")
        connection.execute(";".join([*(f"create schema if not exists {schema}" for schema in schemas), *macros]))
        return connection

    return make


@pytest.fixture
def database(new_database) -> Iterator[duckdb.DuckDBPyConnection]:
    with new_database() as connection:
        yield connection


@pytest.fixture
def view(database: duckdb.DuckDBPyConnection) -> Callable[..., Rows]:
    """`view("red_clump.tiers", **{"red_clump.binned": "select …"})`: the rows of a view, given what it reads.

    What is given may also be columns and rows: `**{"staging.twomass(designation, ph_qual)": "('a', 'AAA')"}`.
    """

    def rows(name: str, query: str | None = None, **given: str) -> Rows:
        for table, content in given.items():
            called, _, columns = table.partition("(")
            select = f"from (values {content}) as given({columns}" if columns else content
            database.execute(f"create or replace table {called} as {select}")
            _in_doubles(database, called)
        item = next(item for item in files.items() if item.name == name)
        database.execute(f"create or replace view {name} as {item.body}" if not item.is_macro else item.body)
        result = database.execute(query or f"from {name}")
        names = [column[0] for column in result.description]
        return [dict(zip(names, map(_plain, row), strict=True)) for row in result.fetchall()]

    return rows


@pytest.fixture
def value(database: duckdb.DuckDBPyConnection) -> Callable[[str], object]:
    """`value("stats.hypot(3, 4)")`: what an expression gives, decimals as floats."""

    return lambda expression: _plain(database.execute(f"select {expression}").fetchall()[0][0])


def _in_doubles(database: duckdb.DuckDBPyConnection, table: str) -> None:
    """Numbers written with a point are decimals in SQL; catalogs hold doubles."""
    for name, kind, *_ in database.execute(f"describe {table}").fetchall():
        if kind.startswith("DECIMAL("):
            database.execute(f'alter table {table} alter "{name}" type double')


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value
