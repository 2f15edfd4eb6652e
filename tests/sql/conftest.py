"""Views and macros over tables of a few rows: rows in, rows out."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest
from candlesql.tests.sql.tables import make_database, value_in, view_in

Rows = list[dict]


@pytest.fixture(scope="session")
def new_database() -> Callable[[], duckdb.DuckDBPyConnection]:
    """Makes a database of a test's own."""
    return make_database


@pytest.fixture
def view(database: duckdb.DuckDBPyConnection) -> Callable[..., Rows]:
    """`view("red_clump.tiers", **{"red_clump.binned": "select …"})`: the rows of a view, given what it reads.

    What is given may also be columns and rows: `**{"staging.twomass(designation, ph_qual)": "('a', 'AAA')"}`.
    """

    return view_in(database)


@pytest.fixture
def value(database: duckdb.DuckDBPyConnection) -> Callable[[str], object]:
    """`value("stats.hypot(3, 4)")`: what an expression gives, decimals as floats."""

    return value_in(database)
