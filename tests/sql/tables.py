"""Rows in, rows out: what a view or macro makes of tables of a few rows, in a database that tests share."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import pytest
from candlesql.sql import files
from candlesql.udfs import taught


@cache
def _read_once(read: Callable[[], list[files.Item]]) -> dict[str, files.Item]:
    """Once for each function that reads them; tests/mutants puts another in the place of `files.items`."""
    return {item.name: item for item in read()}


def items() -> dict[str, files.Item]:
    """Every view and macro by name, those before a view or macro that needs them."""
    return _read_once(files.items)


@cache
def macros_made() -> list[str]:
    """The macros that read no view and no network, each after those that it needs."""
    every = _read_once(files.items).values()
    schemas = _schemas()
    known: list[str] = []
    for item in every:
        readable = {name for name in item.needs if name.split(".")[0] in schemas}
        if item.is_macro and readable <= {*known} and "_net(" not in item.body:
            known.append(item.name)
    return known


def _schemas() -> list[str]:
    return sorted({name.split(".")[0] for name in items()} | {"staging", "match"})


def make_database(threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A database in memory with every schema and every macro that reads no view and no network."""
    connection = duckdb.connect(config={"threads": threads})
    connection.execute(f"create schema candlesql; {taught.TABLES}")
    macros = [items()[name].body for name in macros_made()]
    connection.execute(";".join([*(f"create schema if not exists {schema}" for schema in _schemas()), *macros]))
    return connection


@cache
def shared_database() -> duckdb.DuckDBPyConnection:
    """The one that tests of a few rows share, each in a transaction; of one thread, so that a fork of it works."""
    return make_database(threads=1)


def view_in(database: duckdb.DuckDBPyConnection) -> Callable[..., list[dict[str, Any]]]:
    """Gives the rows of a view: `view("red_clump.tiers", **{"red_clump.binned": "select …"})`."""

    def rows(name: str, query: str | None = None, **given: str) -> list[dict[str, Any]]:
        return rows_of(database, name, query, given)

    return rows


def value_in(database: duckdb.DuckDBPyConnection) -> Callable[[str], object]:
    """Gives the value of an expression: `value("stats.hypot(3, 4)")`."""

    def value(expression: str) -> object:
        try:
            return plain(database.execute(f"select {expression}").fetchall()[0][0])
        except duckdb.Error:
            database.rollback()  # an error ends the transaction
            database.begin()
            raise

    return value


def rows_of(
    database: duckdb.DuckDBPyConnection, name: str, query: str | None, given: dict[str, str]
) -> list[dict[str, Any]]:
    """The rows of a view, or of a query of a table macro, given what it reads: a query, or columns and rows."""
    for table, content in given.items():
        called, _, columns = table.partition("(")
        select = f"from (values {content}) as given({columns}" if columns else content
        doubles = _in_doubles(database, select)
        database.execute(f"create or replace table {called} as select * {doubles} from ({select})")
    item = items()[name]
    database.execute(f"create or replace view {name} as {item.body}" if not item.is_macro else item.body)
    result = database.execute(query or f"from {name}")
    names = [column[0] for column in result.description]
    return [dict(zip(names, map(plain, row), strict=True)) for row in result.fetchall()]


def _in_doubles(database: duckdb.DuckDBPyConnection, select: str) -> str:
    """Numbers written with a point are decimals in SQL; catalogs hold doubles."""
    columns = database.execute(f"describe {select}").fetchall()
    doubles = [f'"{name}"::double as "{name}"' for name, kind, *_ in columns if kind.startswith("DECIMAL(")]
    return f"replace ({', '.join(doubles)})" if doubles else ""


def plain(value: object) -> object:
    """A value as tests compare it: decimals are floats, also in lists and structs."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return float(value) if isinstance(value, Decimal) else value


@dataclass(frozen=True)
class Case:
    """What a view or macro gives of a few rows: `columns` of its rows in its own order, in that of the columns if none.

    `setup` makes what is no table, such as a network. `of` is a view or a table macro; with an empty one, `columns` is
    an expression, and `rows` its value.
    """

    of: str
    columns: str
    rows: Any
    given: dict[str, str] = field(default_factory=dict)
    query: str = ""
    setup: str = ""

    def __str__(self) -> str:
        return self.of or self.columns[:60]

    def found(self, database: duckdb.DuckDBPyConnection) -> Any:
        """What the view or macro gives now."""
        database.execute(self.setup)
        if not self.of:
            return plain(database.execute(f"select {self.columns}").fetchall()[0][0])
        is_ordered = re.search(r"^order by", items()[self.of].body, re.MULTILINE)
        query = f"select {self.columns} from {self.query or self.of}" + ("" if is_ordered else " order by all")
        return [tuple(row.values()) for row in rows_of(database, self.of, query, self.given)]

    def check(self, database: duckdb.DuckDBPyConnection) -> None:
        """Fails with both if that is not what it should be."""
        found = self.found(database)
        assert close(found, self.rows), f"{self}: {_unlike(found, self.rows)}"

    def holds(self, database: duckdb.DuckDBPyConnection) -> bool:
        """Whether that is what it should."""
        return bool(close(self.found(database), self.rows))


def close(found: Any, wanted: Any) -> bool:
    """Whether two values are the same, numbers to a millionth."""
    if isinstance(wanted, list | tuple):
        return isinstance(found, list | tuple) and len(found) == len(wanted) and all(map(close, found, wanted))
    if isinstance(wanted, float) and isinstance(found, int | float):
        return bool(found == pytest.approx(wanted, rel=1e-6, abs=1e-9, nan_ok=True))
    return bool(found == wanted) and isinstance(found, bool) == isinstance(wanted, bool)


def _unlike(found: Any, wanted: Any) -> str:
    """The first row that differs, or the lengths."""
    if isinstance(wanted, list) and isinstance(found, list) and len(found) == len(wanted):
        return next(f"{a}, not {b}" for a, b in zip(found, wanted, strict=True) if not close(a, b))
    return f"{found}, not {wanted}"


def robust(numbers: list[float]) -> float:
    """1.4826 times the median absolute deviation."""
    middle = statistics.median(numbers)
    return 1.482602218505602 * statistics.median(abs(number - middle) for number in numbers)
