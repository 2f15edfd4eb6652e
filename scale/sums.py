"""Numbers by cell: what each part of the sky gives, and what the parts are put together to."""

from __future__ import annotations

import copy
from pathlib import Path

import duckdb

from ..sql import trees
from ..sql.trees import Tree
from ..udfs.names import identifier
from ..workspace.query import parquet_rows
from .grouping import adding, is_key, name_of, plain
from .kinds import views

GATHERED, PART = "gathered_parts", "part "


def query_of_part(view: str) -> str:
    """The query of a view's numbers of the rows that are there, with every column that they are grouped by."""
    node = copy.deepcopy(trees.tree_of(views()[view].body))
    node["select_list"] += _hidden(node)
    return trees.text_of(node)


def query_of_sum(connection: duckdb.DuckDBPyConnection, view: str, parts: list[Path]) -> str:
    """The query of a view, given the numbers of each part."""
    node = copy.deepcopy(trees.tree_of(views()[view].body))
    keys = [plain(key) for key in node["group_expressions"]]
    hidden = [name_of(entry) for entry in _hidden(node)]
    entries = node["select_list"]
    node["select_list"] = [_put_together(entry, is_key(entry, node, keys)) for entry in entries]
    named = [name_of(entry) for entry in entries if is_key(entry, node, keys) and not adding(entry)]
    node |= {
        "cte_map": {"map": []},
        "where_clause": None,
        "modifiers": [],
        "from_table": trees.tree_of(f"from {GATHERED}")["from_table"],
        "group_expressions": [_of_part(name) for name in [*named, *hidden]],
        "group_sets": [list(range(len(named) + len(hidden)))] if named or hidden else [],
        "aggregate_handling": "STANDARD_HANDLING",
    }
    source = parquet_rows(parts)
    # under other names, so that what is computed of a column means its sum
    types = dict(connection.execute(f"select column_name, column_type from (describe from {source})").fetchall())
    fields = ", ".join(f"{identifier(name)}::{types[name]} as {identifier(name)}" for name in _names(entries, types))
    renamed = ", ".join(f"{identifier(name)} as {identifier(PART + name.lower())}" for name in types)
    made = f"with {GATHERED} as (select {renamed} from {source}) {trees.text_of(node)}"
    return f"select {fields} from ({made}) order by all"


def _hidden(node: Tree) -> list[Tree]:
    """What rows are grouped by and SELECT does not give."""
    given = {plain(entry) for entry in node["select_list"]} | {plain(_column(name_of(e))) for e in node["select_list"]}
    keys = [key for key in node["group_expressions"] if plain(key) not in given]
    return [copy.deepcopy(key) | {"alias": f"key {number}"} for number, key in enumerate(keys)]


def _put_together(entry: Tree, is_one: bool) -> Tree:
    column = _of_part(name_of(entry)) | {"alias": name_of(entry)}
    if adding(entry):
        (call,) = trees.tree_of(f"select {adding(entry)}(x)")["select_list"]
        call["arguments"][0]["expression"] = _of_part(name_of(entry))
        return call | {"alias": name_of(entry)}
    return column if is_one else entry


def _column(name: str) -> Tree:
    (column,) = trees.tree_of(f"select {identifier(name)}")["select_list"]
    return column


def _of_part(name: str) -> Tree:
    """A column of the parts."""
    return _column(PART + name)


def _names(entries: list[Tree], types: dict[str, str]) -> list[str]:
    """The columns of a view as its files call them."""
    known = {name.lower(): name for name in types}
    return [known[name_of(entry)] for entry in entries]
