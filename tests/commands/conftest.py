"""Databases in memory that tests share: one with every macro, and an empty one, since to connect takes 20 ms."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import duckdb
import pytest
from candlesql.tests.sql.tables import shared_database


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """The one that tests of views share; what a test makes in it is undone."""
    connection = shared_database().begin()
    try:
        yield connection
    finally:
        connection.rollback()


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


@pytest.fixture
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of a test's own, of a connection that tests share."""
    connection = _connection().execute("attach ':memory:' as own; use own")
    try:
        yield connection
    finally:
        connection.execute("use memory; detach own")
