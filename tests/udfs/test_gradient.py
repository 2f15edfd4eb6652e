"""Derivatives against differences of a float64 evaluation, and errors against samples drawn from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from candlesql.udfs.differentiable import is_differentiable
from candlesql.udfs.functions import register_models
from candlesql.udfs.gradient import Adjoint, gradient_model
from candlesql.udfs.graph import GraphBuilder
from candlesql.udfs.model import Model, load_model, write_model
from candlesql.udfs.model_files import SHIPPED
from candlesql.udfs.onnx_udf import session_of
from scipy import stats

STEP = 1e-3
ARGUMENTS = "phot_g_mean_mag, ks_m, parallax"


def differences(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray, step: float) -> np.ndarray:
    """Central differences [outputs, inputs, rows]."""
    slopes = []
    for i in range(len(x)):
        up, down = x.astype(np.float64), x.astype(np.float64)
        up[i] += step
        down[i] -= step
        slopes.append((function(up) - function(down)) / (2 * step))
    return np.stack(slopes, axis=1)


def derivatives(model: Model, x: np.ndarray) -> np.ndarray:
    y = session_of(gradient_model(model)).run(None, {"x": x.astype(np.float32)})[0]
    return y.reshape(len(model.outputs), len(model.inputs), -1)


def test_derivatives_in_sql_match_differences_of_a_milli_magnitude(make, connection, x):
    made = make()
    register_models(connection, made.model.path.parent)
    rows = connection.execute(f"select red_clump_gradient({ARGUMENTS}) from stars order by n").fetchall()
    found = np.array([[list(output.values()) for output in row[0].values()] for row in rows])
    expected = differences(made.reference, x, STEP).transpose(2, 0, 1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-6)
    (name,) = connection.execute("describe select red_clump_gradient(1, 2, 3).delta_p_s.parallax as d").fetchall()
    assert name[1] == "FLOAT"


def test_a_row_without_a_number_has_no_gradient(make, connection):
    register_models(connection, make().model.path.parent)
    assert connection.execute("select red_clump_gradient(1, null, 3)").fetchone() == (None,)
    assert connection.execute("select red_clump_gradient(1, 'nan'::float, 3).teff_k.ks_m").fetchone() == (None,)


def every_operator(builder: GraphBuilder) -> list[str]:
    """Rows made with each operator, of inputs a, b, c between 0.5 and 2, with broadcasting in each direction."""
    add, constant = builder.add, builder.constant
    a, b, c = (builder.rows("x", i, i + 1) for i in range(3))
    column = constant(np.array([[1.5], [-0.5], [2.0]]))
    product = add("Mul", "x", a)
    quotient = add("Div", b, "x")
    return [
        add("Log", add("Sqrt", a)),
        add("Pow", a, constant(2.5)),
        add("Pow", a, b),
        add("Pow", constant(3.0), c),
        add("Max", a, b),
        add("Min", b, c),
        add("Relu", add("Sub", a, constant(1.0))),
        add("Clip", c, constant(0.8), constant(1.5)),
        add("Neg", add("Tanh", b)),
        builder.sum_rows(add("Mul", product, column)),
        builder.sum_rows(add("Sub", quotient, add("Div", column, "x"))),
        builder.sum_rows(add("Mul", add("Softmax", product, axis=0), quotient)),
        add("Exp", add("Sub", constant(0.3), add("Div", a, constant(4.0)))),
        add("Identity", add("Add", constant(1.0), a)),
        builder.sum_rows(add("MatMul", constant(np.eye(3)[:2]), add("Sigmoid", "x"))),
    ]


def test_every_operator_has_its_derivative(tmp_path, in_float64):
    builder = GraphBuilder()
    parts = every_operator(builder)
    graph = builder.finish(builder.concat(parts), 3, len(parts), "all")
    inputs = [{"name": n, "unit": ""} for n in "abc"]
    outputs = [{"name": f"y{i}", "unit": ""} for i in range(len(parts))]
    model = write_model(tmp_path / "all.onnx", graph, {"system": "all", "inputs": inputs, "outputs": outputs})
    x = np.random.default_rng(0).uniform(0.5, 2, (3, 400)).astype(np.float32)
    kinks = np.abs(np.stack([x[0] - x[1], x[1] - x[2], x[0] - 1, x[2] - 0.8, x[2] - 1.5])).min(axis=0) < 1e-3
    x = x[:, ~kinks]
    expected = differences(lambda at: in_float64(model, at), x, 1e-5)
    found = derivatives(model, x)
    for i in range(len(parts)):
        np.testing.assert_allclose(found[i], expected[i], rtol=2e-5, atol=2e-5, err_msg=f"output {i}")


@pytest.mark.parametrize("name", ["photometry", "photometry_density"])
def test_shipped_networks_match_differences(name, in_float64):
    model = load_model(SHIPPED / f"{name}.onnx")
    rng = np.random.default_rng(2)
    at = np.stack([rng.uniform(4500, 6500, 50), rng.uniform(1.5, 4.5, 50), rng.uniform(-0.8, 0.2, 50)])
    at = at.astype(np.float32).astype(np.float64)
    found = derivatives(model, at)
    for i, step in enumerate((0.05, 1e-4, 1e-4)):
        direction = np.zeros((3, 1))
        direction[i] = step
        expected = (in_float64(model, at + direction) - in_float64(model, at - direction)) / (2 * step)
        scale = np.abs(expected).max(axis=1, keepdims=True)
        np.testing.assert_allclose(found[:, i] / scale, expected / scale, atol=2e-4)


def test_trees_and_loops_have_no_derivative():
    assert not is_differentiable(load_model(SHIPPED / "photometry_infer.onnx"))


def test_small_errors_propagate_as_samples_do(make, connection, tmp_path: Path):
    made = make()
    register_models(connection, made.model.path.parent)
    centre = np.array([0.4, -0.2, 0.7])
    sigma = np.array([0.02, 0.03, 0.01])
    ((row,),) = connection.execute(
        f"select red_clump_propagated({', '.join(str(v) for v in (*centre, *sigma))})"
    ).fetchall()
    sobol = stats.qmc.Sobol(3, seed=1).random_base2(14)
    drawn = centre[:, None] + sigma[:, None] * stats.norm.ppf(np.clip(sobol.T, 1e-9, 1 - 1e-9))
    spread = made.reference(drawn).std(axis=1)
    assert list(row) == [output.name for output in made.model.outputs]
    np.testing.assert_allclose(list(row.values()), spread, rtol=0.01)


def test_propagation_of_one_error_is_the_derivative_times_it(make, connection: duckdb.DuckDBPyConnection):
    register_models(connection, make().model.path.parent)
    ((difference,),) = connection.execute(
        f"""select max(abs(red_clump_propagated({ARGUMENTS}, 0, 0.1, 0).p_rc
                           - 0.1 * abs(red_clump_gradient({ARGUMENTS}).p_rc.ks_m))) from stars"""
    ).fetchall()
    assert difference < 1e-6
    assert connection.execute(f"select count(red_clump_propagated({ARGUMENTS}, 0, null, 0)) from stars").fetchone() == (
        0,
    )


def test_shares_of_one_tensor_add_up():
    adjoint = Adjoint()
    for n in (1.0, 2.0, 4.0):
        adjoint.add("t", np.array([[n]]))
    adjoint.add("u", np.array([[3.0]]))
    assert {name: matrix.tolist() for name, matrix in adjoint.mapped(np.array([[10.0]])).terms.items()} == {
        "t": [[70]], "u": [[30]]
    }  # fmt: skip
