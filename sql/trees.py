"""Views and queries as DuckDB's parser reads them: trees of dictionaries, and what is asked of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import duckdb

from ..workspace.connection import in_memory
from ..workspace.query import first_row
from . import files

Tree = dict[str, Any]
MACRO = re.compile(r"create or replace macro [\w.]+\([^()]*\) as(?! table\b)(.*)", re.IGNORECASE | re.DOTALL)


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    return in_memory()


def tree_of(query: str) -> Tree:
    """The node of a query.

    Raises
    ------
    ValueError
        If DuckDB cannot take it apart.
    """
    (text,) = first_row(_parser(), "select json_serialize_sql(?)", [query])
    tree = json.loads(text)
    if tree["error"]:
        raise ValueError(tree["error_message"])
    return tree["statements"][0]["node"]


def text_of(node: Tree) -> str:
    """The query of a node."""
    statement = json.dumps({"error": False, "statements": [{"node": node, "named_param_map": []}]})
    return str(first_row(_parser(), "select json_deserialize_sql(?::json)", [statement])[0])


def parts_of(tree: object, into: Callable[[Tree], bool] = lambda _: True) -> Iterator[Tree]:
    """Every dictionary of a tree from the root on, without what is inside one that `into` refuses."""
    if isinstance(tree, dict):
        yield tree
        if into(tree):
            for value in tree.values():
                yield from parts_of(value, into)
    elif isinstance(tree, list):
        for value in tree:
            yield from parts_of(value, into)


def is_no_query(part: Tree) -> bool:
    """Whether a part of an expression belongs to it, and not to a query inside."""
    return part.get("class") != "SUBQUERY"


def called(part: Tree) -> str:
    """The name of the function that a part calls, with its schema; none if it calls none."""
    if part.get("class") != "FUNCTION":
        return ""
    return ".".join(name for name in (part.get("schema", ""), part["function_name"]) if name).lower()


def aggregates(tree: object) -> Iterator[Tree]:
    """The calls of an expression that make one value of many rows, be it through a macro; windows are none."""
    for part in parts_of(tree, is_no_query):
        name = called(part)
        if name in _aggregates() or name in _aggregating_macros():
            yield part


def is_built_in(name: str) -> bool:
    """Whether it is DuckDB's aggregate, not a macro."""
    return name in _aggregates()


@cache
def _aggregates() -> frozenset[str]:
    rows = _parser().execute("select function_name from duckdb_functions() where function_type = 'aggregate'")
    return frozenset(name for (name,) in rows.fetchall())


@cache
def _aggregating_macros() -> frozenset[str]:
    bodies = {item.name: found[1] for item in files.items() if item.is_macro and (found := MACRO.match(item.body))}
    trees = {name: tree_of(f"select {body}") for name, body in bodies.items()}
    calls = {name: {called(part) for part in parts_of(tree, is_no_query)} for name, tree in trees.items()}
    aggregating: set[str] = set()
    while more := {n for n, inside in calls.items() if inside & (_aggregates() | aggregating)} - aggregating:
        aggregating |= more
    return frozenset(aggregating)
