"""Views of `sql/red_clump` over small tables made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import pytest
from candlesql.sql import files

Rows = list[dict]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with every schema and every macro that reads no view."""
    with duckdb.connect() as connection:
        items = files.items()
        views = {item.name for item in items if not item.is_macro}
        for schema in sorted({item.name.split(".")[0] for item in items} | {"staging", "match"}):
            connection.execute(f"create schema if not exists {schema}")
        for item in items:
            schema = item.name.split(".")[0]
            wanted = schema in ("cuts", "stats", "quality", "red_clump", "sphere", "photometric")
            if item.is_macro and wanted and not item.needs & views:
                connection.execute(item.body)
        yield connection


@pytest.fixture
def view(connection: duckdb.DuckDBPyConnection) -> Callable[..., Rows]:
    """`view("red_clump.tiers", **{"red_clump.binned": "select …"})`: the rows of a view, given what it reads."""

    def rows(name: str, query: str | None = None, **given: str) -> Rows:
        for table, select in given.items():
            connection.execute(f"create or replace table {table} as {select}")
        item = next(item for item in files.items() if item.name == name)
        connection.execute(f"create or replace view {name} as {item.body}" if not item.is_macro else item.body)
        result = connection.execute(query or f"from {name}")
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    return rows
