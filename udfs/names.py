"""The one place where a name becomes SQL: checked to be a plain word, quoted, and run as one statement."""

from __future__ import annotations

import re

import duckdb

#: What a file may call a model, a column or a function.
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def is_plain(name: object) -> bool:
    return isinstance(name, str) and NAME.fullmatch(name) is not None


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def struct_type(names: list[str], type_: str = "FLOAT") -> str:
    """The SQL type of a struct of these fields."""
    return "STRUCT(" + ", ".join(f'"{name}" {type_}' for name in names) + ")"


def run_one(connection: duckdb.DuckDBPyConnection, statement: str) -> duckdb.DuckDBPyConnection:
    """Run a text that must be one statement, whatever names have gone into it."""
    parsed = connection.extract_statements(statement)
    if len(parsed) != 1:
        raise ValueError(f"{len(parsed)} statements where one is meant: {statement[:200]}")
    return connection.execute(parsed[0])
