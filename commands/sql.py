"""`candlesql sql`: a query's rows, printed."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb

from ..errors import UserError
from ..sql.open import open_sky
from ..sql.views import explain_missing
from ..workspace.query import quoted


def print_query(path: Path, query: str, form: str) -> None:
    """`candlesql sql`: print a query's result.

    Raises
    ------
    UserError
        For an unknown format, or a query that DuckDB refuses.
    """
    if form not in ("table", "csv", "json", "parquet"):
        raise UserError(f"--format {form}: it is one of table, csv, json, parquet")
    with open_sky(path) as connection:
        try:
            statements = connection.extract_statements(query)
            if not statements:
                raise UserError('the query is empty; try "from red_clump.catalogue limit 5"')
            if form == "table":
                width = shutil.get_terminal_size((160, 40)).columns
                for statement in statements:
                    relation = connection.sql(statement)
                    if relation is not None:
                        relation.show(max_width=width, max_rows=60)
                return
            _copy_to_stdout(connection, query, form)
        except duckdb.Error as error:
            if is_ours(error):
                raise
            raise explain(connection, query, error) from None


def is_ours(error: duckdb.Error) -> bool:
    """Whether the program is at fault, not the query: its traceback is wanted."""
    return isinstance(error, duckdb.InternalException) or "Traceback (most recent call last)" in str(error)


def explain(connection: duckdb.DuckDBPyConnection, query: str, error: duckdb.Error) -> UserError:
    """DuckDB's complaint about a user's query in one line; for a missing view the nearest names."""
    lines = str(error).split("\n")
    missing = re.search(r'Table with name "?([^"\s]+)"? does not exist', lines[0])
    if isinstance(error, duckdb.CatalogException) and missing:
        name = missing[1]
        named = re.search(rf"\b\w+\.{re.escape(name)}\b", query, re.IGNORECASE)
        return explain_missing(connection, named[0] if named else name)
    hint = next((line for line in lines[1:] if line.startswith(("Did you mean", "Candidate bindings"))), "")
    return UserError(f"{lines[0]} {hint}".strip())


def _copy_to_stdout(connection: duckdb.DuckDBPyConnection, query: str, form: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out"
        options = {"csv": "format csv, header", "json": "format json", "parquet": "format parquet"}[form]
        connection.execute(f"copy ({query.rstrip().rstrip(';')}\n) to {quoted(path)} ({options})")
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
