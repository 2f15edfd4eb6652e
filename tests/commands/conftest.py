"""A database in memory that tests share and that is empty, since to connect takes 20 ms."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import duckdb
import pytest


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
