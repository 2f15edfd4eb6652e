"""What the columns of a query are: those of the views that it reads, where it only renames them or casts them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb

from ..catalogs.metadata import plain
from ..catalogs.survey import Column
from ..errors import UserError
from ..workspace.query import first_row
from .describe import named, placed, view_columns

#: What a relation's columns are, by name; a column that is computed is not in it.
Columns = dict[str, Column]
#: Relations by the name that a query gives them.
Relations = dict[str, Columns]


def query_columns(connection: duckdb.DuckDBPyConnection, query: str) -> list[Column]:
    """Name and type of a query's columns, and unit, UCD and description of those that it takes from views unchanged.

    Raises
    ------
    UserError
        If two columns have one name.
    duckdb.Error
        If the query is none that DuckDB can answer.
    """
    rows = connection.execute(f"select column_name, column_type from (describe ({query}))").fetchall()
    (text,) = first_row(connection, "select json_serialize_sql(?)", [query])
    tree = json.loads(text)
    known = {} if tree["error"] else _of_node(connection, tree["statements"][0]["node"], {})
    names = [name.lower() for name, _ in rows]
    for name, _ in rows:
        if names.count(name.lower()) > 1:
            raise UserError(f"the query has two columns called {name}", column=name, hint="rename one with AS")
    return [replace(known.get(name.lower(), Column(name, "")), name=name, type=plain(kind)) for name, kind in rows]


def is_ordered(connection: duckdb.DuckDBPyConnection, query: str) -> bool:
    """Whether a query says in which order its rows are."""
    (text,) = first_row(connection, "select json_serialize_sql(?)", [query])
    tree = json.loads(text)
    modifiers = [] if tree["error"] else tree["statements"][0]["node"]["modifiers"]
    return any(modifier["type"] == "ORDER_MODIFIER" for modifier in modifiers)


def _of_node(connection: duckdb.DuckDBPyConnection, node: dict[str, Any], outer: Relations) -> Columns:
    """The columns of a SELECT, or of several that are united."""
    known = dict(outer)
    for entry in node["cte_map"]["map"]:
        known[entry["key"].lower()] = _of_node(connection, entry["value"]["query_node"], known)
    if node["type"] == "SET_OPERATION_NODE":
        children = [node[side] for side in ("left", "right") if node.get(side)] or node["children"]
        first, *others = (_of_node(connection, child, known) for child in children)
        return {name: column for name, column in first.items() if all(o.get(name) == column for o in others)}
    if node["type"] != "SELECT_NODE":
        return {}
    read = list(_relations(connection, node["from_table"], known))
    made: Columns = {}
    for entry in node["select_list"]:
        for name, column in _of_entry(entry, read):
            made.setdefault(name.lower(), column)
    return made


def _relations(
    connection: duckdb.DuckDBPyConnection, table: dict[str, Any], known: Relations
) -> Iterator[tuple[str, Columns]]:
    """What stands after FROM, each with the name by which the query calls it."""
    kind, alias = table["type"], table.get("alias", "").lower()
    if kind == "JOIN":
        yield from _relations(connection, table["left"], known)
        yield from _relations(connection, table["right"], known)
    elif kind == "SUBQUERY":
        yield alias, _of_node(connection, table["subquery"]["node"], known)
    elif kind == "BASE_TABLE":
        schema, name = table["schema_name"], table["table_name"]
        columns = known.get(name.lower()) if not schema else None
        yield alias or name.lower(), columns if columns is not None else _of_view(connection, f"{schema}.{name}")
    elif kind == "TABLE_FUNCTION":
        yield alias or table["function"]["function_name"].lower(), _of_function(connection, table["function"])


def _of_function(connection: duckdb.DuckDBPyConnection, call: dict[str, Any]) -> Columns:
    """The columns of the view or survey that a table function such as `sphere.cone` is given by name."""
    for argument in call["arguments"]:
        value = argument.get("expression", argument)
        if value["class"] == "CONSTANT" and value["literal"]["kind"] == "STRING":
            name = value["literal"]["text"]
            found = _of_view(connection, name if "." in name else f"staging.{name}")
            if found:
                return found
    return {}


def _of_view(connection: duckdb.DuckDBPyConnection, name: str) -> Columns:
    try:
        name = name.removeprefix(".")
        columns = placed(connection, view_columns(connection, name), named(name), name)
        return {column.name.lower(): column for column in columns}
    except UserError:
        return {}


def _of_entry(entry: dict[str, Any], read: list[tuple[str, Columns]]) -> Iterator[tuple[str, Column]]:
    """The columns that one entry after SELECT takes as they are."""
    if entry["class"] == "STAR":
        yield from _of_star(entry, read)
        return
    inner = entry
    while inner["class"] == "CAST":
        inner = inner["child"]
    if inner["class"] == "COLUMN_REF":
        *owner, name = (part.lower() for part in inner["column_names"])
        relations = [columns for alias, columns in read if not owner or alias == owner[-1]]
        column = next((columns[name] for columns in relations if name in columns), None)
        if column:
            yield entry["alias"] or name, column


def _of_star(entry: dict[str, Any], read: list[tuple[str, Columns]]) -> Iterator[tuple[str, Column]]:
    changed = {replaced["key"].lower() for replaced in entry["replace_list"]}
    renamed = {change["key"]["column"].lower(): change["value"] for change in entry["rename_list"]}
    for alias, columns in read:
        if not entry["relation_name"] or alias == entry["relation_name"].lower():
            for name, column in columns.items():
                if name not in changed:
                    yield renamed.get(name, name), column
