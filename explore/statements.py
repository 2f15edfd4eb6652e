"""What the page may ask of DuckDB: one select of tables and views of the workspace, and tables of counts of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import duckdb

from ..errors import UserError

#: Functions in the place of a table that read nothing.
HARMLESS = {"range", "generate_series", "unnest"}
DATABASES = {"", "sky", "scratch"}
NAME = re.compile(r"[A-Za-z_]\w*")
#: How Mosaic makes a table of counts, which it then asks in the place of the stars.
COUNTS = re.compile(r'create table if not exists "?mosaic"?\."?(preagg_[0-9a-f]+)"? as (.*)', re.IGNORECASE | re.DOTALL)
SCHEMA = re.compile(r'create schema if not exists "?mosaic"?', re.IGNORECASE)


def one_select(connection: duckdb.DuckDBPyConnection, text: str) -> str:
    """The text of a single select that reads tables and views of the workspace and of the session alone.

    Raises
    ------
    UserError
        If it is anything else.
    """
    try:
        statements = connection.extract_statements(text)
    except duckdb.Error as error:
        raise UserError(str(error).split("\n")[0]) from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UserError("the page asks one select at a time, and nothing else")
    statement = statements[0].query.strip().rstrip(";")
    ((tree,),) = connection.execute("select json_serialize_sql(?)", [statement]).fetchall()
    for node in _nodes(json.loads(tree)):
        _check(node)
    return statement


def tables_of_counts(connection: duckdb.DuckDBPyConnection, text: str) -> dict[str, str]:
    """The tables of counts that Mosaic wants, with their selects, of a text that may make its schema too.

    Raises
    ------
    UserError
        If the text does anything else.
    """
    wanted: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(";\n"))):
        found = COUNTS.fullmatch(part)
        if found:
            wanted[found[1]] = one_select(connection, found[2])
        elif not SCHEMA.fullmatch(part):
            raise UserError("the page makes tables of counts, and nothing else")
    return wanted


def _nodes(tree: object) -> Iterator[dict]:
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)


def _check(node: dict) -> None:
    if node.get("error") is True:
        raise UserError("the page asks one select at a time, and nothing else")
    kind = node.get("type")
    if kind == "SHOW_REF":
        raise UserError("the page asks selects only")
    if kind == "TABLE_FUNCTION" and node["function"]["function_name"].lower() not in HARMLESS:
        raise UserError(f"the page does not call {node['function']['function_name']}()")
    if kind == "BASE_TABLE":
        names = [node.get("catalog_name", ""), node.get("schema_name", ""), node["table_name"]]
        if names[0] not in DATABASES or not NAME.fullmatch(names[2]):
            raise UserError(f"the page does not read {'.'.join(filter(None, names))}")
