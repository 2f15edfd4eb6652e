"""Any DuckDB query, written down in a `.sql` file: other databases, joins, formats that DuckDB reads."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ...errors import UserError
from ...sql.query import identifier
from .source import FileColumn, Source


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open the rows of a query; relative paths in it are relative to where the command runs.

    Raises
    ------
    UserError
        If it is not one SELECT, or DuckDB refuses it.
    """
    try:
        statements = connection.extract_statements(path.read_text(encoding="utf-8"))
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise UserError(f"{path}: holds {len(statements)} statements; it must be one SELECT")
        relation = f"({statements[0].query.strip().rstrip(';')}\n)"
        types = connection.execute(f"describe from {relation}").fetchall()
    except duckdb.Error as error:
        raise UserError(f"{path}: {str(error).splitlines()[0]}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not text ({error})") from None
    columns = {
        name: FileColumn(name, identifier(name), is_float=type_ in ("FLOAT", "DOUBLE"))
        for name, type_, *_ in types
        if not type_.endswith("]") and not type_.startswith(("STRUCT", "MAP", "UNION"))
    }
    left_out = tuple(row[0] for row in types if row[0] not in columns)
    return Source(path, columns, lambda names: relation, left_out)
