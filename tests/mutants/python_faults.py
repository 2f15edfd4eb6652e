"""Faults to plant in a function of Python: each is one small change of its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

COMPARISONS: dict[type, type] = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
ARITHMETIC: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """The number of a node in `ast.walk` order, and what is done to it."""

    kind: str
    place: int
    line: int
    function: str
    change: Callable[[Any], ast.AST]

    def apply(self, text: str) -> ast.Module:
        tree = ast.parse(text)
        wanted = next(node for number, node in enumerate(ast.walk(tree)) if number == self.place)
        planted: Any = _Replace(wanted, self.change(_copy(wanted))).visit(tree)
        ast.fix_missing_locations(planted)
        return planted


class _Replace(ast.NodeTransformer):
    def __init__(self, node: ast.AST, becomes: ast.AST) -> None:
        self.node, self.becomes = node, ast.copy_location(becomes, node)

    def visit(self, node: ast.AST) -> ast.AST:
        return self.becomes if node is self.node else self.generic_visit(node)


def faults(text: str) -> list[Fault]:
    """Every fault of the functions of a module; nothing outside of them, no annotation, default or docstring."""
    tree = ast.parse(text)
    inside = {
        id(node): name for name, function in _functions(tree) for part in function.body for node in ast.walk(part)
    }
    left_out = {id(part) for node in ast.walk(tree) for part in _not_run(node)}
    return [
        Fault(kind, number, getattr(node, "lineno", 0), inside[id(node)], change)
        for number, node in enumerate(ast.walk(tree))
        if id(node) in inside and id(node) not in left_out
        for kind, change in _changes(node)
    ]


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The outermost functions with their qualified names, without those that numba compiles: they take no fault."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not any("numba" in ast.unparse(d) for d in node.decorator_list):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{part.name}", part) for part in node.body if isinstance(part, ast.FunctionDef))


def _not_run(node: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, annotations, and `strict` of zip, which only says that lengths are equal."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation:
        yield from ast.walk(node.annotation)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "zip":
        yield from (keyword.value for keyword in node.keywords if keyword.arg == "strict")
    if isinstance(node, ast.FunctionDef) and node.returns:
        yield from ast.walk(node.returns)


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], ast.AST]]]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        yield "comparison", lambda n: _with(n, ops=[COMPARISONS[type(n.ops[0])](), *n.ops[1:]])
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield "arithmetic", lambda n: _with(n, op=ARITHMETIC[type(n.op)]())
    if isinstance(node, ast.BoolOp):
        yield "logic", lambda n: _with(n, op=ast.Or() if isinstance(n.op, ast.And) else ast.And())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield "sign", lambda n: n.operand
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "constant", lambda n: ast.Constant(not n.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield "constant", lambda n: ast.Constant(n.value + 1 if isinstance(n.value, int) else n.value * 1.1 + 0.01)
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "condition", lambda n: _with(n, test=ast.UnaryOp(ast.Not(), n.test))
    if isinstance(node, ast.Return) and node.value and not _is_none(node.value):
        yield "return", lambda n: _with(n, value=ast.Constant(None))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "call left out", lambda n: ast.Pass()


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _with(node: ast.AST, **fields: object) -> ast.AST:
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def _copy(node: ast.AST) -> ast.AST:
    """The node itself, not its children, once more."""
    return type(node)(**{name: value for name, value in ast.iter_fields(node)}, **{
        name: getattr(node, name) for name in node._attributes if hasattr(node, name)
    })  # fmt: skip
