"""How a view can be made from partitions of the sky, read from its own text.

A tile holds the rows of its stars, and of each neighbour survey at least those that its stars have been matched with.
A view that filters, computes and joins by the star's identifier gives rows of the tile's stars; numbers of them by cell
can be summed; whatever looks at other stars too is of the whole sky.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, cached_property
from typing import Any

from ..sql import files, trees
from ..sql.systems import SystemSteps, system_steps
from ..sql.trees import Tree, aggregates, called, is_no_query, parts_of
from ..sql.views import products
from .grouping import is_grouped, is_sum, name_of
from .star_tables import star_tables

STAR = "star"
#: Products beside the scores that hold a row of each star, made without a look at the others.
MADE_BY_STAR = ("distmass.nmsu",)
#: Joins that keep the rows of one side whole.
FOR_ONE_SIDE = {"LEFT": 0, "SEMI": 0, "ANTI": 0, "RIGHT": 1}
GENERATORS = {"range", "generate_series", "unnest"}


class Kind(StrEnum):
    """What the rows are that a tile has of a view."""

    FIXED = "fixed"  #: the same on each tile: of tables that are not cut
    STARS = "stars"  #: those of the tile's stars, and no others
    LOOKUP = "lookup"  #: all that its stars are joined with, and others
    SUM = "sum"  #: numbers of the tile's stars by cell
    WHOLE = "whole"  #: none: it takes the whole sky


@dataclass(frozen=True)
class Rows:
    """The rows of a relation.

    `ids` says which columns identify what the rows are of: `id`, and `survey` where several tables of stars are united;
    `parts` says which of those it takes; `origin` is the table whose identifiers they are, or STAR.
    """

    kind: Kind
    ids: dict[str, str] = field(default_factory=dict)
    parts: frozenset[str] = frozenset()
    origin: str = STAR

    @property
    def is_known(self) -> bool:
        """Whether all columns are there by which a row's star is known."""
        return bool(self.parts) and self.parts <= set(self.ids.values())


#: A relation of a query by the name that the query gives it.
Scope = list[tuple[str, Rows]]
Known = dict[str, Rows]
FIXED, WHOLE, SUM = (Rows(kind) for kind in (Kind.FIXED, Kind.WHOLE, Kind.SUM))


@cache
def views() -> dict[str, files.Item]:
    """Every view and macro of `sql/` by its name."""
    return {item.name: item for item in files.items()}


@cache
def kinds_of_views(system: str) -> Kinds:
    """The kinds of all views as a system's partitions have them."""
    return Kinds(system_steps(system))


class Kinds:
    """The kind of each view, where the tables of one system's stars are cut into tiles."""

    def __init__(self, steps: SystemSteps):
        self.steps = steps
        self.star_tables = star_tables(steps)
        self.identity = [name.strip() for name in steps.id.split(",")]
        self._rows: dict[str, Rows] = {}

    def __getitem__(self, name: str) -> Kind:
        return self.rows(name).kind

    def rows(self, name: str) -> Rows:
        """What a tile has of a view, product or table."""
        if name not in self._rows:
            item = views().get(name)
            self._rows[name] = self._of_view(item) if item and not item.is_macro else self._of_table(name)
        return self._rows[name]

    def of_query(self, query: str) -> Rows:
        """What a tile has of a query."""
        return _Query(self).of_node(trees.tree_of(query), {})

    def needs(self, view: str) -> list[str]:
        """The views, products and tables that a view reads, through macros too."""
        found: dict[str, None] = {}
        pending = [view]
        while pending:
            item = views()[pending.pop()]
            for need in sorted(item.needs):
                macro = views().get(need)
                if macro and macro.is_macro:
                    if need not in found:
                        pending.append(need)
                    found[need] = None
                elif macro or need in products() or need.split(".")[0] in ("staging", "match"):
                    found[need] = None
        return [need for need in found if not (need in views() and views()[need].is_macro)]

    @cached_property
    def _star(self) -> Rows:
        parts = {name: "survey" for name in self.identity[:-1]} | {self.identity[-1]: "id"}
        return Rows(Kind.STARS, parts, frozenset(parts.values()))

    def _of_table(self, name: str) -> Rows:
        schema, _, table = name.partition(".")
        if name in (self.steps.scored, f"{self.steps.name}.scores", *MADE_BY_STAR):
            return self._star
        if name == "staging.wide_stars":
            return Rows(Kind.STARS, {"wide_survey": "survey", "source_id": "id"}, frozenset({"survey", "id"}))
        if schema == "staging" and table in self.star_tables:
            return self._of_star_table(table)
        if schema == "staging" and table in self.steps.neighbours:
            return Rows(Kind.LOOKUP, {_id_of(table): "id"}, frozenset({"id"}), table)
        if schema == "match":
            base = next((base for base in self.star_tables if table.startswith(f"{base}_")), None)
            return self._of_star_table(base) if base else WHOLE
        return FIXED

    def _of_star_table(self, table: str) -> Rows:
        alone = len(self.star_tables) == 1
        return Rows(Kind.STARS, {_id_of(table): "id"}, frozenset({"id"}), STAR if alone else table)

    def _of_view(self, item: files.Item) -> Rows:
        made = self.of_query(item.body)
        later = any(self[need] in (Kind.WHOLE, Kind.SUM) for need in self.needs(item.name))
        return WHOLE if made.kind is Kind.FIXED and later else made

    def seen(self, name: str) -> Rows:
        """The rows of a view as another one reads it: what is of the whole sky is made by then."""
        rows = self.rows(name)
        return FIXED if rows.kind in (Kind.WHOLE, Kind.SUM) else rows


@cache
def _id_of(survey: str) -> str:
    from ..catalogs.survey import load_survey

    return load_survey(survey).id


class _Query:
    """The rows of a query, node by node."""

    def __init__(self, kinds: Kinds):
        self.kinds = kinds

    def of_node(self, node: Tree, outer: Known) -> Rows:
        known = dict(outer)
        for entry in node["cte_map"]["map"]:
            rows = self.of_node(entry["value"]["query_node"], known)
            known[entry["key"].lower()] = replace(rows, ids={}) if entry["value"].get("aliases") else rows
        if node["type"] == "SET_OPERATION_NODE":
            rows = self._of_union(node, known)
        elif node["type"] == "RECURSIVE_CTE_NODE":
            rows = self._of_recursion(node, known)
        elif node["type"] == "SELECT_NODE":
            return self._of_select(node, known)
        else:
            return WHOLE
        return _modified(rows, node)

    def _of_union(self, node: Tree, known: Known) -> Rows:
        children = [node[side] for side in ("left", "right") if node.get(side)] or node["children"]
        found = [self.of_node(child, known) for child in children]
        kinds = {rows.kind for rows in found}
        if kinds == {Kind.FIXED}:
            return FIXED
        if node["setop_type"] not in ("UNION", "UNION_BY_NAME") or kinds & {Kind.WHOLE, Kind.SUM}:
            return WHOLE
        united = replace(self.kinds._star, kind=Kind.STARS if kinds == {Kind.STARS} else Kind.LOOKUP)
        names_stars = all(rows.kind is Kind.FIXED or _names_stars(rows, united) for rows in found)
        if united.kind is Kind.STARS and not names_stars:
            return replace(united, ids={}) if node["setop_all"] else WHOLE
        return united if names_stars else WHOLE

    def _of_recursion(self, node: Tree, known: Known) -> Rows:
        first = self.of_node(node["left"], known)
        again = self.of_node(node["right"], known | {node["cte_name"].lower(): first})
        return first if node["union_all"] and again.kind is first.kind and again.is_known == first.is_known else WHOLE

    def _of_select(self, node: Tree, known: Known) -> Rows:
        source, scope = self._of_relation(node["from_table"], known)
        asked = [node["select_list"], node.get("where_clause"), node.get("having"), node.get("qualify")]
        if source.kind in (Kind.WHOLE, Kind.SUM) or not self._is_fixed(asked, known):
            return WHOLE
        if source.kind is Kind.FIXED:
            return FIXED
        made = replace(source, ids=_named_ids(node["select_list"], scope))
        if is_grouped(node):
            if source.parts and source.parts <= {_part(key, scope) for key in _keys(node, scope)}:
                return _modified(made, node)
            return SUM if source.kind is Kind.STARS and is_sum(node) else WHOLE
        if not all(_is_of_a_star(part, source, scope) for part in parts_of(asked, is_no_query)):
            return WHOLE
        return _modified(made, node)

    def _of_relation(self, table: Tree, known: Known) -> tuple[Rows, Scope]:
        kind, alias = table["type"], table.get("alias", "").lower()
        if kind == "JOIN":
            return self._of_join(table, known)
        if kind == "SUBQUERY":
            rows = self.of_node(table["subquery"]["node"], known)
        elif kind == "BASE_TABLE":
            schema, name = table["schema_name"], table["table_name"].lower()
            rows = known[name] if not schema and name in known else self.kinds.seen(f"{schema}.{name}")
            alias = alias or name
        elif kind == "PIVOT":
            rows = self._of_pivot(table, known)
        elif kind in ("EMPTY", "EXPRESSION_LIST"):
            rows = FIXED
        elif kind == "TABLE_FUNCTION":
            rows = FIXED if called(table["function"]) in GENERATORS and self._is_fixed(table, known) else WHOLE
        else:
            rows = WHOLE
        rows = replace(rows, ids={}) if table.get("column_name_alias") else rows
        return rows, [(alias, rows)]

    def _of_pivot(self, table: Tree, known: Known) -> Rows:
        rows, _ = self._of_relation(table["source"], known)
        if table.get("aggregates"):
            return rows if rows.kind is Kind.FIXED else WHOLE
        turned = {name for part in parts_of(table["pivots"]) for name in part.get("column_names", ())}
        return replace(rows, ids={name: part for name, part in rows.ids.items() if name not in turned})

    def _of_join(self, table: Tree, known: Known) -> tuple[Rows, Scope]:
        (left, left_scope), (right, right_scope) = (self._of_relation(table[s], known) for s in ("left", "right"))
        if not self._is_fixed(table.get("condition"), known):
            return WHOLE, []
        pairs = _equated(table, left_scope, right_scope)
        rows = _joined(left, right, table["join_type"], pairs)
        keeps = FOR_ONE_SIDE.get(table["join_type"])
        scopes = [
            scope if keeps in (None, side) else _nameless(scope) for side, scope in enumerate((left_scope, right_scope))
        ]
        return rows, [*scopes[0], *scopes[1]]

    def _is_fixed(self, tree: Any, known: Known) -> bool:
        """Whether the queries inside an expression, and inside the macros that it calls, read nothing that is cut."""
        for part in parts_of(tree):
            if part.get("class") == "SUBQUERY" and self.of_node(part["subquery"]["node"], known).kind is not Kind.FIXED:
                return False
            if called(part) in views() and any(
                self.kinds.seen(need).kind is not Kind.FIXED for need in self.kinds.needs(called(part))
            ):
                return False
        return True


def _modified(rows: Rows, node: Tree) -> Rows:
    """Rows after DISTINCT and LIMIT."""
    kinds = {modifier["type"] for modifier in node.get("modifiers", ())} - {"ORDER_MODIFIER"}
    if rows.kind is Kind.FIXED or not kinds:
        return rows
    return rows if kinds == {"DISTINCT_MODIFIER"} and rows.is_known else WHOLE


def _names_stars(rows: Rows, united: Rows) -> bool:
    """Whether rows of one table of stars, or of several, have the columns by which stars of all tables are known."""
    wanted = {name: part for name, part in united.ids.items() if part == "id" or "survey" in rows.parts}
    return all(rows.ids.get(name) == part for name, part in wanted.items())


def _joined(left: Rows, right: Rows, join: str, pairs: list[tuple[str | None, str | None]]) -> Rows:
    sides, kinds = (left, right), (left.kind, right.kind)
    if {Kind.WHOLE, Kind.SUM} & set(kinds) or join not in ("INNER", "FULL", *FOR_ONE_SIDE):
        return WHOLE
    if Kind.FIXED in kinds:
        cut = kinds.index(Kind.FIXED) ^ 1
        if kinds[cut] is Kind.FIXED:
            return FIXED
        return sides[cut] if join == "INNER" or FOR_ONE_SIDE.get(join) == cut else WHOLE
    one_star = (left.origin == right.origin and left.parts == right.parts) and left.parts <= {
        a for a, b in pairs if a == b
    }
    looked_up = kinds.index(Kind.LOOKUP) if Kind.LOOKUP in kinds else None
    if looked_up is None:
        return left if one_star else WHOLE
    if kinds == (Kind.LOOKUP, Kind.LOOKUP):
        looked_up = 1
    finds = one_star or (sides[looked_up].origin in _neighbours(sides) and "id" in {pair[looked_up] for pair in pairs})
    return sides[looked_up ^ 1] if finds and (join == "INNER" or FOR_ONE_SIDE.get(join) == looked_up ^ 1) else WHOLE


def _neighbours(sides: tuple[Rows, Rows]) -> set[str]:
    """Origins of rows that are another survey's, and joined by that survey's own identifier."""
    return {rows.origin for rows in sides if rows.kind is Kind.LOOKUP and rows.origin != STAR}


def _equated(table: Tree, left: Scope, right: Scope) -> list[tuple[str | None, str | None]]:
    """Which parts of identities a join holds equal; None for a column that is of none."""
    pairs = []
    for name in table.get("using_columns", ()):
        pairs.append((_part_of_name([name], left), _part_of_name([name], right)))
    for test in _conjuncts(table.get("condition")):
        if test["type"] in ("COMPARE_EQUAL", "COMPARE_NOT_DISTINCT_FROM"):
            a, b = test["left"], test["right"]
            if a["class"] == b["class"] == "COLUMN_REF":
                pairs += [(_part(a, left), _part(b, right)), (_part(b, left), _part(a, right))]
    return [pair for pair in pairs if pair != (None, None)]


def _conjuncts(test: Tree | None) -> Iterator[Tree]:
    if test and test["type"] == "CONJUNCTION_AND":
        for child in test["children"]:
            yield from _conjuncts(child)
    elif test:
        yield test


def _part(expression: Tree, scope: Scope) -> str | None:
    """Which part of the identity an expression is: a column, or one behind a fixed prefix."""
    if called(expression) == "||":
        arguments = [argument.get("expression", argument) for argument in expression["arguments"]]
        others = [argument for argument in arguments if argument["class"] != "CONSTANT"]
        return _part(others[0], scope) if len(others) == 1 else None
    return _part_of_name(expression["column_names"], scope) if expression["class"] == "COLUMN_REF" else None


def _part_of_name(names: list[str], scope: Scope) -> str | None:
    *owner, name = (name.lower() for name in names)
    found = [rows.ids[name] for alias, rows in scope if name in rows.ids and (not owner or alias == owner[-1])]
    return found[0] if found else None


def _nameless(scope: Scope) -> Scope:
    """The same relations, whose identifiers may be NULL."""
    return [(alias, replace(rows, ids={})) for alias, rows in scope]


def _named_ids(select_list: list[Tree], scope: Scope) -> dict[str, str]:
    """The parts of identities by the names of the columns that a SELECT gives them."""
    made: dict[str, str] = {}
    for entry in select_list:
        if entry["class"] == "STAR":
            made |= _ids_of_star(entry, scope)
        elif part := _part(entry, scope):
            made[name_of(entry)] = part
    return made


def _ids_of_star(entry: Tree, scope: Scope) -> dict[str, str]:
    if entry.get("columns"):
        return {}
    gone = {name.lower() if isinstance(name, str) else name["column"].lower() for name in entry["exclude_list"]}
    gone |= {replaced["key"].lower() for replaced in entry["replace_list"]}
    renamed = {change["key"]["column"].lower(): change["value"].lower() for change in entry["rename_list"]}
    made: dict[str, str] = {}
    for alias, rows in scope:
        if not entry["relation_name"] or alias == entry["relation_name"].lower():
            made = {renamed.get(n, n): part for n, part in rows.ids.items() if n not in gone} | made
    return made


def _keys(node: Tree, scope: Scope) -> Iterator[Tree]:
    """The expressions that rows are grouped by."""
    entries = {name_of(entry): entry for entry in node["select_list"] if entry["class"] != "STAR"}
    if node["aggregate_handling"] == "FORCE_AGGREGATES":
        yield from (entry for entry in entries.values() if not any(aggregates(entry)))
    for key in node["group_expressions"]:
        alone = key["class"] == "COLUMN_REF" and len(key["column_names"]) == 1
        named = entries.get(key["column_names"][0].lower()) if alone else None
        yield named if named and _part(key, scope) is None else key


def _is_of_a_star(part: Tree, source: Rows, scope: Scope) -> bool:
    """Whether a window, if the part is one, holds rows of one star."""
    return part.get("class") != "WINDOW" or bool(
        source.parts and source.parts <= {_part(key, scope) for key in part["partitions"]}
    )
