"""What a function says of itself in `duckdb_functions()`."""

import duckdb

from .names import run_one


def comment(connection: duckdb.DuckDBPyConnection, kind: str, name: str, note: str) -> None:
    """Comment on a macro; `kind` is "macro" or "macro table"."""
    said = note.replace("'", "''")
    run_one(connection, f"comment on {kind} {name} is '{said}'")
