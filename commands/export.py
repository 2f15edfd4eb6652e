"""`candlesql export`: views and queries taken out of a workspace, to files with units and provenance in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np

from ..catalogs.survey import Column
from ..catalogs.writers import refuse_existing, write_file
from ..errors import UserError
from ..sql.describe import named, placed, provenance, view_columns
from ..sql.lineage import is_ordered, query_columns
from ..udfs.names import identifier
from ..workspace.query import first_row
from .sql import explain

if TYPE_CHECKING:
    from astropy.table import QTable

#: What is no view's name.
QUERY = re.compile(r"\s|\(")


def export(connection: duckdb.DuckDBPyConnection, what: str, path: Path, overwrite: bool = False) -> int:
    """Write a view, a query or the query in a `.sql` file with units, descriptions and provenance in it; returns the
    number of rows.

    The rows are in the query's order, or if it has none in that of their values from the first column on, so that the
    same rows make the same file.

    Raises
    ------
    UserError
        If the view does not exist or has no rows, the query is none, or the file cannot be written or is there already.
    """
    refuse_existing(path, overwrite)
    query = query_of(connection, what)
    if query is None:
        columns = placed(connection, view_columns(connection, what), named(what), what)
    else:
        columns = columns_of(connection, query)
    rows = f"from {named(what)}" if query is None else query
    return write_query(connection, rows, columns, provenance(connection, what, query), path)


def query_of(connection: duckdb.DuckDBPyConnection, what: str) -> str | None:
    """The query that is meant, as text or the path of a `.sql` file; None for a view's name.

    Raises
    ------
    UserError
        If it is not one SELECT.
    """
    text = what
    if what.lower().endswith(".sql"):
        try:
            text = Path(what).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"cannot be read ({error})", file=what) from None
    elif not QUERY.search(what.strip()):
        return None
    try:
        statements = connection.extract_statements(text)
    except duckdb.Error as error:
        raise UserError(f"neither a view nor a query: {str(error).splitlines()[0]}", value=text) from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UserError(f"{len(statements)} statements are there to export; it must be one SELECT")
    return statements[0].query.strip().rstrip(";").rstrip()


def columns_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[Column]:
    """The columns of a user's query.

    Raises
    ------
    UserError
        If DuckDB cannot answer it, or two columns have one name.
    """
    try:
        return query_columns(connection, query)
    except duckdb.Error as error:
        raise explain(connection, query, error) from None


def write_query(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path) -> int:
    """Write a query's rows, of which there must be some; returns how many.

    Raises
    ------
    UserError
        If there are none, or the file cannot be written.
    """
    (rows,) = first_row(connection, f"select count(*) from ({query})")
    if not rows:
        raise UserError(
            f"{note.partition(' by candlesql')[0]} has no rows: `candlesql run SKY SYSTEM` makes the rows of a system, "
            "and `candlesql info SKY` says what is ingested"
        )
    fields = ", ".join(f"{identifier(c.name)}::{c.type} as {identifier(c.name)}" for c in columns)
    order = "" if is_ordered(connection, query) else " order by all"
    write_file(connection, f"select {fields} from ({query}){order}", columns, note, path)
    return int(rows)


def to_qtable(connection: duckdb.DuckDBPyConnection, view: str) -> QTable:
    """A view as an astropy QTable in memory: columns with units are Quantities, NULL is masked.

    Arrow and Polars need no such thing: `connection.sql("from …").to_arrow_table()`, `.pl()`.
    """
    from astropy.table import MaskedColumn, QTable

    columns = view_columns(connection, view)
    table = QTable(meta={"comments": provenance(connection, view).splitlines()})
    rows = connection.execute(f"from {named(view)}").fetchnumpy()
    for column in columns:
        values = MaskedColumn(rows[column.name], unit=column.unit or None)
        table[column.name] = values if np.ma.is_masked(rows[column.name]) or not column.unit else values.quantity
        table[column.name].info.description = column.description
    return table
