"""A database of a few rows, with every macro."""

from __future__ import annotations

from collections.abc import Iterator

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
