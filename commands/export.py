"""`candlesql export`: views taken out of a workspace, to files with units and provenance in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np

from ..catalogs.writers import write_file
from ..errors import UserError
from ..workspace.query import first_row, identifier

if TYPE_CHECKING:
    from astropy.table import QTable
from ..sql.describe import named, provenance, view_columns


def export(connection: duckdb.DuckDBPyConnection, view: str, path: Path) -> int:
    """Write a view to a file with units, descriptions and provenance; returns the number of rows.

    Raises
    ------
    UserError
        If the view does not exist or is empty, or the file cannot be written.
    """
    columns = view_columns(connection, view)
    (rows,) = first_row(connection, f"select count(*) from {named(view)}")
    if not rows:
        system = view.partition(".")[0]
        raise UserError(
            f"{view} has no rows: `candlesql run SKY {system}` makes the rows of a system, "
            "and `candlesql info SKY` says what is ingested"
        )
    fields = ", ".join(f"{identifier(c.name)}::{c.type} as {identifier(c.name)}" for c in columns)
    write_file(connection, f"select {fields} from {named(view)}", columns, provenance(connection, view), path)
    return rows


def to_qtable(connection: duckdb.DuckDBPyConnection, view: str) -> QTable:
    """A view as an astropy QTable in memory: columns with units are Quantities, NULL is masked.

    Arrow and Polars need no such thing: `connection.sql("from …").to_arrow_table()`, `.pl()`.
    """
    from astropy.table import MaskedColumn, QTable

    columns = view_columns(connection, view)
    table = QTable(meta={"comments": provenance(connection, view).splitlines()})
    rows = connection.execute(f"from {named(view)}").fetchnumpy()
    for column in columns:
        values = MaskedColumn(rows[column.name], unit=column.unit or None, description=column.description)
        table[column.name] = values if np.ma.is_masked(rows[column.name]) or not column.unit else values.quantity
    return table
