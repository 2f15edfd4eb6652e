"""Views and macros over tables of a few rows: rows in, rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import duckdb
import pytest
from candlesql.tests.sql.tables import items, make_database, shared_database

Rows = list[dict]


@pytest.fixture(scope="session")
def new_database() -> Callable[[], duckdb.DuckDBPyConnection]:
    """Makes a database of a test's own."""
    return make_database


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """The shared database; what a test makes in it is undone."""
    connection = shared_database().begin()
    try:
        yield connection
    finally:
        connection.rollback()


@pytest.fixture
def view(database: duckdb.DuckDBPyConnection) -> Callable[..., Rows]:
    """`view("red_clump.tiers", **{"red_clump.binned": "select …"})`: the rows of a view, given what it reads.

    What is given may also be columns and rows: `**{"staging.twomass(designation, ph_qual)": "('a', 'AAA')"}`.
    """

    def rows(name: str, query: str | None = None, **given: str) -> Rows:
        for table, content in given.items():
            called, _, columns = table.partition("(")
            select = f"from (values {content}) as given({columns}" if columns else content
            database.execute(
                f"create or replace table {called} as select * {_in_doubles(database, select)} from ({select})"
            )
        item = items()[name]
        database.execute(f"create or replace view {name} as {item.body}" if not item.is_macro else item.body)
        result = database.execute(query or f"from {name}")
        names = [column[0] for column in result.description]
        return [dict(zip(names, map(_plain, row), strict=True)) for row in result.fetchall()]

    return rows


@pytest.fixture
def value(database: duckdb.DuckDBPyConnection) -> Callable[[str], object]:
    """`value("stats.hypot(3, 4)")`: what an expression gives, decimals as floats."""

    def given(expression: str) -> object:
        try:
            return _plain(database.execute(f"select {expression}").fetchall()[0][0])
        except duckdb.Error:
            database.rollback()  # an error ends the transaction
            database.begin()
            raise

    return given


def _in_doubles(database: duckdb.DuckDBPyConnection, select: str) -> str:
    """Numbers written with a point are decimals in SQL; catalogs hold doubles."""
    columns = database.execute(f"describe {select}").fetchall()
    doubles = [f'"{name}"::double as "{name}"' for name, kind, *_ in columns if kind.startswith("DECIMAL(")]
    return f"replace ({', '.join(doubles)})" if doubles else ""


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value
