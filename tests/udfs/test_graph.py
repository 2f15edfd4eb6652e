"""Layers by hand."""

from __future__ import annotations

import duckdb
import numpy as np
from candlesql.udfs.graph import GraphBuilder, Layer, fold_scaling
from candlesql.udfs.model import write_model
from candlesql.udfs.network_sql import _literal, scalar_macro_body, table_macro_body


def test_scaling_is_folded_into_the_first_layer():
    """3 (x - 10) / 2 + 5 (y - 20) / 4 + 7 is 1.5 x + 1.25 y - 15 - 25 + 7."""
    folded = fold_scaling(Layer(np.array([[3.0, 5.0]]), np.array([7.0])), np.array([10.0, 20.0]), np.array([2.0, 4.0]))
    assert folded.weight.tolist() == [[1.5, 1.25]]
    assert folded.bias.tolist() == [-33.0]


def test_a_negative_constant_keeps_its_sign_in_sql():
    """`--1` is a comment."""
    assert [_literal(np.float32(value)) for value in (-1.5, 0.1)] == ["(-1.5)", "0.1"]
    assert _literal(np.float64(-0.1)) == "(-0.1::DOUBLE)"


def test_bounds_and_choices_in_sql(tmp_path):
    """clip(a, -1, 2), and 3 where a > 0.5, else b."""
    builder = GraphBuilder()
    a, b = builder.rows("x", 0, 1), builder.rows("x", 1, 2)
    clipped = builder.add("Clip", a, builder.constant(-1.0), builder.constant(2.0))
    chosen = builder.add("Where", builder.add("Greater", a, builder.constant(0.5)), builder.constant(3.0), b)
    graph = builder.finish(builder.concat([clipped, chosen]), 2, 2, "own")
    said = {key: [{"name": n, "unit": ""} for n in names] for key, names in (("inputs", "ab"), ("outputs", "yz"))}
    model = write_model(tmp_path / "own.onnx", graph, {"system": "own"} | said)
    rows = "(values (1, -7.0, 9.0), (2, 0.25, 9), (3, 5, 9), (4, null, 9)) as t(n, a, b)"
    expected = [(-1, 9), (0.25, 9), (2, 3), (None, None)]
    with duckdb.connect() as connection:
        body = scalar_macro_body(model, ["a", "b"])
        found = connection.execute(f"select s.* from (select n, {body} as s from {rows}) order by n").fetchall()
        assert found == expected
        connection.execute(f"create view stars as from {rows}")
        query = f"create macro score(source) as table {table_macro_body(model, 'query_table(source)')}"
        connection.execute(query)
        assert connection.execute("select y, z from score('stars') order by n").fetchall() == expected
