"""Writes a model's graph as SQL, for shells without Python: the same numbers from the same file.

A tensor [k, rows] becomes k SQL expressions over one row. Whatever is used more than once is given a name. There are
two forms: a scalar expression, where a name is a lambda's argument and a tensor an ARRAY (quick to plan), and a query,
where a name is a subquery's column (quick to run). A network that knows what a missing input means has the query alone:
it takes some thirty steps one after the other, and nested lambdas that deep are never bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import numpy_helper

from .model import Model

UNARY = {
    "Exp": "exp({0})",
    "Log": "ln({0})",
    "Sqrt": "sqrt({0})",
    "Neg": "(-{0})",
    "Relu": "greatest({0}, 0)",
    "Sigmoid": "(1 / (1 + exp(-({0}))))",
    "Tanh": "(2 / (1 + exp(-2 * ({0}))) - 1)",
    "Abs": "abs({0})",
    "Sign": "sign({0})",
    "Sin": "sin({0})",
    "Cos": "cos({0})",
    "Not": "(not {0})",
    "IsNaN": "isnan({0})",
}
BINARY = {
    "Add": "({0} + {1})",
    "Sub": "({0} - {1})",
    "Mul": "({0} * {1})",
    "Div": "({0} / {1})",
    "Pow": "pow({0}, {1})",
    "Max": "greatest({0}, {1})",
    "Min": "least({0}, {1})",
    "Greater": "({0} > {1})",
}
#: Of tensors: what these operators give, and what numbers may be cast to. All others keep the type of what they read.
BOOLEAN = ("Not", "IsNaN", "Greater")
TYPES = {onnx.TensorProto.FLOAT: "FLOAT", onnx.TensorProto.DOUBLE: "DOUBLE"}
#: Their forms give a number where what they read is NULL.
SWALLOW_NULL = {"Relu", "Clip", "Max", "Min", "Where"}
#: Above so many rows a tensor, a query of columns takes longer to plan than it saves.
WIDEST_QUERY = 100
READS_ROWS_OFTEN = ("Gemm", "MatMul", "Softmax")
LONGEST_SUM = 32
MOST_WEIGHTS, MOST_NODES = 1_000_000, 2000
#: The attributes for which the forms below hold, on tensors [features, rows].
USUAL = {("Concat", "axis"): 0, ("Softmax", "axis"): 0, ("ReduceSum", "keepdims"): 1}


@dataclass
class Program:
    """Tensors that get names, in steps of which none needs its own, and their types; then the rows of `y` over those.

    Networks side by side share steps: DuckDB binds nested lambdas in time exponential in their depth.
    """

    steps: list[dict[str, list[str]]] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)


def scalar_macro_body(model: Model, arguments: list[str]) -> str:
    """One expression over `arguments` that gives a STRUCT of the outputs, NULL where an input is NULL or not finite.

    Raises
    ------
    NotImplementedError
        If there is none: for an operator without a form, and for networks that know what a missing input means.
    """
    if model.takes_missing:
        raise NotImplementedError("a network that takes missing inputs has a form as a query alone")
    program = _Translator(model, arrays=True).run()
    fields = ", ".join(
        f"'{output.name}': ({expression})::FLOAT"
        for output, expression in zip(model.outputs, program.outputs, strict=True)
    )
    body = f"{{{fields}}}"
    for number, step in reversed(list(enumerate(program.steps))):
        tensors = ", ".join(f"'{name}': {_array(rows)}" for name, rows in step.items())
        body = f"list_transform([{{{tensors}}}], lambda v{number}: {body})[1]"
    all_finite = " and ".join(f"isfinite(({a})::FLOAT)" for a in arguments)
    given = _array([f"({a})" for a in arguments])
    return f"case when {all_finite} then list_transform([{{'x': {given}}}], lambda v: {body})[1] end"


def table_macro_body(model: Model, source: str) -> str:
    """A query that adds the outputs to the rows of `source`, one subquery a step; of which only those run that the
    outputs asked for need. It stands in the macro as text: whoever opens the database reads one string, not a tree of
    thousands of weights, and DuckDB parses it when it is used."""
    query = _query_of_rows(model, "source_rows")
    text = query.replace("'", "''")
    return f"with source_rows as (from {source}) from query('{text}')"


def _query_of_rows(model: Model, source: str) -> str:
    program = _Translator(model, arrays=False).run()
    is_wide = any(len(rows) > WIDEST_QUERY for step in program.steps for rows in step.values())
    if is_wide and not model.takes_missing:
        arguments = ", ".join(f'"{given.name}"' for given in model.inputs)
        return f"select *, unnest({model.name}_net({arguments})) from {source}"
    missing = " else 'nan'::FLOAT" if model.takes_missing else ""
    given = (f.possible(f'"{f.name}"::FLOAT') for f in model.inputs)
    finite = (f"case when isfinite({value}) then {value}{missing} end" for value in given)
    first = ", ".join(f"{value} as {_column('x', i)}" for i, value in enumerate(finite))
    query = f"select {{'row': t}} as kept, {first} from {source} as t"
    for step in program.steps:
        values = ", ".join(
            f"({row})::{program.types[tensor]} as {_column(tensor, i)}"
            for tensor, rows in step.items()
            for i, row in enumerate(rows)
        )
        query = f"select *, {values} from ({query})"
    outputs = ", ".join(
        f'{_where_complete(model, expression)} as "{output.name}"'
        for output, expression in zip(model.outputs, program.outputs, strict=True)
    )
    if model.takes_missing:  # NaN is what it gives for too little to go by
        columns = ", ".join(f'if(isfinite("{o.name}"), "{o.name}", null) as "{o.name}"' for o in model.outputs)
        return f"select unnest(kept.row), {columns} from (select kept, {outputs} from ({query}))"
    return f"select unnest(kept.row), {outputs} from ({query})"


def _where_complete(model: Model, expression: str) -> str:
    """An output, NULL where an input is."""
    if model.takes_missing or not any(node.op_type in SWALLOW_NULL for node in model.graph.node):
        return f"({expression})::FLOAT"
    there = " and ".join(f"{_column('x', i)} is not null" for i in range(len(model.inputs)))
    return f"case when {there} then ({expression})::FLOAT end"


class _Translator:
    """Walks the graph once and keeps, for every tensor, the expressions of its rows.

    A tensor that needs a name gets one of ours, t0, t1, …: those in the file never become SQL.

    Raises
    ------
    NotImplementedError
        If the graph has an operator that has no SQL form (trees stay with ONNX).
    """

    def __init__(self, model: Model, arrays: bool) -> None:
        self.graph = model.graph
        self.arrays = arrays
        self.constants = {t.name: numpy_helper.to_array(t) for t in self.graph.initializer}
        self.names = {"x": "v.x"}
        self.tensors = {"x": self._elements("x", len(model.inputs))}
        self.types = {"x": "FLOAT"} | {n: _type(c.dtype) for n, c in self.constants.items()}
        self.depths: dict[str, int] = {}
        self.shared = _used_again(self.graph)
        self.program = Program()

    def run(self) -> Program:
        """The graph as SQL; of a form that this program does not export there is none."""
        try:
            return self._run()
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise NotImplementedError(f"a graph of this form has no SQL form ({error})") from None

    def _run(self) -> Program:
        n_weights = sum(constant.size for constant in self.constants.values())
        if n_weights > MOST_WEIGHTS or len(self.graph.node) > MOST_NODES:
            raise NotImplementedError("so large a graph has no SQL form")
        for node in self.graph.node:
            rows, out = self._node(node), node.output[0]
            self.types[out] = self._type_of(node)
            self.depths[out] = max(self.depths.get(name, 0) for name in node.input)
            self.tensors[out] = self._named(out, rows) if out in self.shared else rows
        self.program.outputs = self.tensors["y"]
        return self.program

    def _named(self, tensor: str, rows: list[str]) -> list[str]:
        number, name = self.depths[tensor], f"t{len(self.names)}"
        self.depths[tensor] += 1
        if number == len(self.program.steps):
            self.program.steps.append({})
        self.program.steps[number][name] = rows
        self.program.types[name] = self.types[tensor]
        self.names[tensor] = f"v{number}.{name}"
        return self._elements(tensor, len(rows))

    def _elements(self, tensor: str, n_rows: int) -> list[str]:
        if self.arrays:
            return [f"{self.names[tensor]}[{i + 1}]" for i in range(n_rows)]
        return [_column(self.names[tensor].split(".")[-1], i) for i in range(n_rows)]

    def _type_of(self, node: onnx.NodeProto) -> str:
        if node.op_type == "Cast":
            return TYPES[onnx.helper.get_attribute_value(node.attribute[0])]
        return "BOOLEAN" if node.op_type in BOOLEAN else self.types[node.input[-1 if node.op_type == "Where" else 0]]

    def _rows(self, name: str) -> list[str]:
        if name in self.tensors:
            return self.tensors[name]
        return [_literal(v) for v in self.constants[name].ravel()]

    def _node(self, node: onnx.NodeProto) -> list[str]:
        operator, names = node.op_type, node.input
        given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if operator == "Cast":
            return [f"({row})::{TYPES[given['to']]}" for row in self._rows(names[0])]
        if len(node.output) != 1 or any(value != USUAL.get((operator, name)) for name, value in given.items()):
            raise NotImplementedError(f"{operator} with these attributes has no SQL form")
        if operator in UNARY:
            return [UNARY[operator].format(row) for row in self._rows(names[0])]
        if operator in BINARY:
            return self._elementwise(BINARY[operator], names)
        method: Callable[[onnx.NodeProto], list[str]] | None = getattr(self, f"_{operator.lower()}", None)
        if method is None:
            raise NotImplementedError(f"operator {operator} has no SQL form")
        return method(node)

    def _elementwise(self, form: str, names: list[str]) -> list[str]:
        left, *others = (self._rows(name) for name in names)
        for right in others:
            n = max(len(left), len(right))
            left, right = (side * n if len(side) == 1 else side for side in (left, right))
            left = [form.format(a, b) for a, b in zip(left, right, strict=True)]
        return left

    def _where(self, node: onnx.NodeProto) -> list[str]:
        sides = [self._rows(name) for name in node.input]
        n = max(map(len, sides))
        condition, then, otherwise = (side * n if len(side) == 1 else side for side in sides)
        chosen = zip(condition, then, otherwise, strict=True)
        return [f"case when {c} then {a} else {b} end" for c, a, b in chosen]

    def _identity(self, node: onnx.NodeProto) -> list[str]:
        return self._rows(node.input[0])

    def _matmul(self, node: onnx.NodeProto) -> list[str]:
        return [self._dot(weights, node.input[1]) for weights in self.constants[node.input[0]]]

    def _gemm(self, node: onnx.NodeProto) -> list[str]:
        bias = self.constants[node.input[2]].ravel()
        return [f"({row} + {_literal(b)})" for row, b in zip(self._matmul(node), bias, strict=True)]

    def _dot(self, weights: np.ndarray, tensor: str) -> str:
        if self.arrays:
            numbers = ", ".join(str(np.float32(w)) for w in weights)
            return f"array_inner_product({self.names[tensor]}, '[{numbers}]'::FLOAT[{len(weights)}])"
        return f"({_sum([f'{row} * {_literal(w)}' for row, w in zip(self._rows(tensor), weights, strict=True)])})"

    def _concat(self, node: onnx.NodeProto) -> list[str]:
        return [row for name in node.input for row in self._rows(name)]

    def _slice(self, node: onnx.NodeProto) -> list[str]:
        start, stop, axis = (int(self.constants[name].item()) for name in node.input[1:])
        if axis != 0:
            raise NotImplementedError("only rows are cut out in SQL")
        return self._rows(node.input[0])[start:stop]

    def _reducesum(self, node: onnx.NodeProto) -> list[str]:
        return ["(" + " + ".join(self._rows(node.input[0])) + ")"]

    def _clip(self, node: onnx.NodeProto) -> list[str]:
        low, high = (self._rows(name)[0] for name in node.input[1:3])
        return [f"greatest({low}, least({high}, {row}))" for row in self._rows(node.input[0])]

    def _softmax(self, node: onnx.NodeProto) -> list[str]:
        rows = self._rows(node.input[0])
        return ["(1 / (" + " + ".join(f"exp({other} - {row})" for other in rows) + "))" for row in rows]


def _used_again(graph: onnx.GraphProto) -> set[str]:
    """Tensors of which a row is read more than once."""
    uses: Counter[str] = Counter()
    for node in graph.node:
        times = 2 if node.op_type in READS_ROWS_OFTEN else 1
        for name in node.input:
            uses[name] += times
    return {name for name, n in uses.items() if n > 1 and name != "x"}


def _array(rows: list[str]) -> str:
    return "array_value(" + ", ".join(f"({row})::FLOAT" for row in rows) + ")"


def _sum(terms: list[str]) -> str:
    """Long sums in groups: DuckDB takes seconds to store one that is hundreds of additions deep."""
    if len(terms) <= LONGEST_SUM:
        return " + ".join(terms)
    groups = [terms[i : i + LONGEST_SUM] for i in range(0, len(terms), LONGEST_SUM)]
    return _sum([f"({' + '.join(group)})" for group in groups])


def _column(tensor: str, i: int) -> str:
    return f"{tensor}_{i}"


def _type(kind: np.dtype) -> str:
    return "DOUBLE" if kind == np.float64 else "FLOAT"


def _literal(value: float) -> str:
    """The fewest digits that give the float32 back, or the number in double precision."""
    text = f"{float(value)!r}::DOUBLE" if isinstance(value, np.float64) else str(np.float32(value))
    return f"({text})" if text.startswith("-") else text
