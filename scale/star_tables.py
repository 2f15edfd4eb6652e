"""The tables of a system's stars: those that the identifiers of its inputs come from, read from the views' text."""

from __future__ import annotations

from functools import cache

from ..catalogs.survey import load_survey, survey_files
from ..sql import files, trees
from ..sql.systems import SystemSteps
from ..sql.trees import Tree, called

Known = dict[str, tuple[Tree, "Known"]]


def star_tables(steps: SystemSteps) -> tuple[str, ...]:
    """Surveys without what is wide, in the order of the text."""
    return _tables(steps.inputs, steps.id.split(",")[-1].strip())


@cache
def _tables(view: str, column: str) -> tuple[str, ...]:
    bodies = {item.name: item.body for item in files.items() if not item.is_macro}
    return tuple(dict.fromkeys(_Trace(bodies).of_view(view, column)))


class _Trace:
    """Follows a column to the tables that it is a column of."""

    def __init__(self, bodies: dict[str, str]):
        self.bodies = bodies

    def of_view(self, name: str, column: str) -> list[str]:
        if name in self.bodies:
            return self._of_node(trees.tree_of(self.bodies[name]), column, {})
        schema, _, table = name.partition(".")
        if schema != "staging" or table not in survey_files(None):
            return []
        return [table] if column in load_survey(table).columns else []

    def _of_node(self, node: Tree, column: str, outer: Known) -> list[str]:
        known = dict(outer)
        for entry in node["cte_map"]["map"]:
            known[entry["key"].lower()] = (entry["value"]["query_node"], dict(known))
        if node["type"] == "SET_OPERATION_NODE":
            children = [node[side] for side in ("left", "right") if node.get(side)] or node["children"]
            return [table for child in children for table in self._of_node(child, column, known)]
        if node["type"] != "SELECT_NODE":
            return []
        return self._of_select(node, column, known)

    def _of_select(self, node: Tree, column: str, known: Known) -> list[str]:
        for entry in node["select_list"]:
            if entry["class"] == "STAR":
                found = self._of_relation(node["from_table"], column, entry["relation_name"].lower(), known)
                if found:
                    return found
                continue
            inner = entry
            if called(entry) == "||":
                inner = next(a["expression"] for a in entry["arguments"] if a["expression"]["class"] == "COLUMN_REF")
            if inner["class"] == "COLUMN_REF" and (entry["alias"] or inner["column_names"][-1]).lower() == column:
                *owner, name = (part.lower() for part in inner["column_names"])
                return self._of_relation(node["from_table"], name, owner[-1] if owner else "", known)
        return []

    def _of_relation(self, table: Tree, column: str, owner: str, known: Known) -> list[str]:
        """Where a column comes from that a query takes from what stands after FROM; of several the first has it."""
        kind, alias = table["type"], table.get("alias", "").lower()
        if kind == "JOIN":
            left = self._of_relation(table["left"], column, owner, known)
            return left or self._of_relation(table["right"], column, owner, known)
        if kind == "SUBQUERY":
            return self._of_node(table["subquery"]["node"], column, known) if owner in ("", alias) else []
        if kind != "BASE_TABLE":
            return []
        schema, name = table["schema_name"], table["table_name"].lower()
        if owner not in ("", alias or name):
            return []
        if not schema and name in known:
            return self._of_node(known[name][0], column, known[name][1])
        return self.of_view(f"{schema}.{name}", column)
