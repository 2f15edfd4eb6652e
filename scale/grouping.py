"""What a SELECT that groups rows makes of them, and whether its groups of parts can be put together."""

from __future__ import annotations

from typing import Any

from ..sql import trees
from ..sql.trees import Tree, aggregates, called, parts_of

ADDED = {"count": "sum", "count_star": "sum", "count_if": "sum", "sum": "sum", "min": "min", "max": "max"}


def name_of(entry: Tree) -> str:
    """The name of the column that an entry after SELECT makes."""
    return (entry.get("alias") or (entry["column_names"][-1] if entry["class"] == "COLUMN_REF" else "")).lower()


def is_grouped(node: Tree) -> bool:
    """Whether a SELECT makes one row of several."""
    return bool(
        node["group_expressions"]
        or node["aggregate_handling"] == "FORCE_AGGREGATES"
        or any(aggregates([node["select_list"], node.get("having")]))
    )


def is_sum(node: Tree) -> bool:
    """Whether the groups of parts of the rows, put together, are the groups of all: numbers, sums and extremes by cell,
    and what is computed of those."""
    if len(node["group_sets"]) > 1 or node.get("having") or node.get("qualify"):
        return False
    if any(modifier["type"] != "ORDER_MODIFIER" for modifier in node["modifiers"]):
        return False
    keys = [plain(key) for key in node["group_expressions"]]
    names = {name_of(entry) for entry in node["select_list"]}
    return all(_is_sum_entry(entry, node, keys, names) for entry in node["select_list"])


def _is_sum_entry(entry: Tree, node: Tree, keys: list[str], names: set[str]) -> bool:
    if entry["class"] == "STAR" or any(part.get("class") == "WINDOW" for part in parts_of(entry)):
        return False
    if adding(entry):
        return True
    return not any(aggregates(entry)) and (is_key(entry, node, keys) or _refers_to(names, entry))


def adding(entry: Tree) -> str:
    """The aggregate by which a column's values of parts are put together; none if there is none."""
    while entry["class"] == "CAST":
        entry = entry["child"]
    name = called(entry)
    return ADDED.get(name, "") if trees.is_built_in(name) and not entry["distinct"] else ""


def is_key(entry: Tree, node: Tree, keys: list[str]) -> bool:
    """Whether rows are grouped by a column that SELECT gives."""
    if node["aggregate_handling"] == "FORCE_AGGREGATES":
        return not any(aggregates(entry))
    return plain(entry) in keys or any(
        plain({"class": "COLUMN_REF", "type": "COLUMN_REF", "column_names": [name_of(entry)]}) == key for key in keys
    )


def _refers_to(names: set[str], entry: Tree) -> bool:
    """Whether an expression is computed of other columns of the same SELECT."""
    references = [part["column_names"] for part in parts_of(entry) if part.get("class") == "COLUMN_REF"]
    return all(len(reference) == 1 and reference[0].lower() in names for reference in references)


def plain(tree: Any) -> str:
    """A tree as text, without where it stands and what it is called."""
    if isinstance(tree, dict):
        kept = {k: v for k, v in tree.items() if k not in ("query_location", "query_location_length", "alias")}
        return (
            "{" + ",".join(f"{k}:{plain(v)}" for k, v in sorted(kept.items()) if v not in ("", [], None, False)) + "}"
        )
    return "[" + ",".join(map(plain, tree)) + "]" if isinstance(tree, list) else str(tree).lower()
