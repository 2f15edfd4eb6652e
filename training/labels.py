"""What `train --labels` names: one table, view, table function or subquery, as DuckDB's own parser reads it."""

from __future__ import annotations

import json
from typing import Any

import duckdb

from ..errors import UserError
from ..workspace.connection import in_memory
from ..workspace.query import first_row

TABLES = ("BASE_TABLE", "TABLE_FUNCTION", "SUBQUERY")
#: Clauses that a name or subquery alone does not have.
CLAUSES = ("modifiers", "where_clause", "group_expressions", "group_sets", "having", "sample", "qualify")
QUERIES = ("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE")


def relation_of(labels: str) -> str:
    """The text as SQL that can stand behind FROM and does nothing but read.

    Raises
    ------
    UserError
        If it is anything else.
    """
    with in_memory() as parser:
        (tree,) = first_row(parser, "select json_serialize_sql(?::varchar)", [f"select * from {labels}"])
        parsed = json.loads(tree)
        statements = parsed.get("statements", [])
        node = statements[0]["node"] if len(statements) == 1 else {}
        table = node.get("from_table") or {}
        is_one = table.get("type") in TABLES and not table.get("alias") and not table.get("sample")
        if not is_one or any(node.get(clause) for clause in CLAUSES) or not _only_reads(statements):
            raise UserError(
                f"--labels {labels}: name one table or view of the workspace, or a query in brackets that reads only",
                value=labels,
            )
        (text,) = first_row(parser, "select json_deserialize_sql(?::json)", [tree])
    return text.removeprefix("SELECT * FROM ")


def refused(relation: str, error: duckdb.Error) -> UserError:
    """What DuckDB says of labels that it cannot read, in one line, with the name as it was given."""
    said = relation.replace('"', "")
    return UserError(f"--labels {said}: {str(error).splitlines()[0]}", value=said)


def _only_reads(tree: Any) -> bool:
    """Whether every query in a parsed statement is a SELECT."""
    if isinstance(tree, list):
        return all(map(_only_reads, tree))
    if not isinstance(tree, dict):
        return True
    queries = [tree[key] for key in ("node", "query_node") if isinstance(tree.get(key), dict)]
    return all(query.get("type") in QUERIES for query in queries) and all(map(_only_reads, tree.values()))
