"""Every operator that has an SQL form, as an expression and as a query, against ONNX's reference implementation."""

from __future__ import annotations

import duckdb
import numpy as np
import onnx
import pytest
from candlesql.udfs import network_sql
from candlesql.udfs.gradient import gradient_model
from candlesql.udfs.graph import GraphBuilder
from candlesql.udfs.metadata import Field
from candlesql.udfs.model import Model, write_model
from candlesql.udfs.network_sql import scalar_macro_body, table_macro_body
from candlesql.udfs.spectral import _relative_error, _value, write_spectral
from onnx.reference import ReferenceEvaluator

X = np.array([[0.5, -1.5, 2.0], [0.25, -0.75, 3.0], [-2.0, 1.25, 0.5]], np.float32)
DOUBLE = onnx.TensorProto.DOUBLE


def rows_of_all(builder: GraphBuilder) -> list[str]:
    add, constant = builder.add, builder.constant
    a, b, c = (builder.rows("x", i, i + 1) for i in range(3))
    is_greater = add("Greater", a, b)
    squared = add("Mul", "x", "x")
    chosen = add("Where", is_greater, a, constant(0.25))  # read twice, so that a query gives it a column of its type
    return [
        add("Mul", chosen, chosen),
        *(add(operator, add("Abs", a)) for operator in ("Log", "Sqrt")),
        *(add(operator, b) for operator in ("Exp", "Neg", "Relu", "Sigmoid", "Tanh", "Sign", "Sin", "Cos")),
        add("Where", is_greater, a, constant(7.0)),
        add("Where", add("Not", is_greater), a, constant(7.0)),
        add("Where", add("IsNaN", add("Log", c)), constant(1.0), constant(-1.0)),
        add("Pow", add("Abs", a), constant(2.5)),
        *(add(operator, a, b) for operator in ("Add", "Sub", "Mul", "Div", "Min")),
        add("Max", a, b, constant(0.125)),
        add("Clip", a, constant(-1.0), constant(0.75)),
        add("Cast", add("Mul", add("Cast", a, to=DOUBLE), constant(3.0, np.float64)), to=onnx.TensorProto.FLOAT),
        builder.sum_rows(add("MatMul", constant(np.array([[1, 2, 3], [0, 1, -1.0]])), squared)),
        add("Gemm", constant(np.array([[1, -2, 0.5]])), squared, constant(np.array([[0.25]]))),
        builder.rows(add("Softmax", squared, axis=0), 1, 2),
        builder.rows(builder.concat([squared, a]), 2, 3),
        builder.rows(builder.concat([squared, a]), 3, 4),
    ]


@pytest.fixture
def model(tmp_path) -> Model:
    builder = GraphBuilder()
    parts = rows_of_all(builder)
    graph = builder.finish(builder.concat(parts), 3, len(parts), "all")
    said = {"inputs": [*"abc"], "outputs": [f"y{i}" for i in range(len(parts))]}
    names = {key: [{"name": name, "unit": ""} for name in value] for key, value in said.items()}
    return write_model(tmp_path / "all.onnx", graph, {"system": "all", **names})


def forms_of(model: Model) -> dict[str, np.ndarray]:
    """What each form gives of X [outputs, rows]."""
    with duckdb.connect() as connection:
        connection.register("given", {"n": np.arange(X.shape[1]), **dict(zip("abc", X, strict=True))})
        names = ", ".join(f'"{output.name}"' for output in model.outputs)
        queries = {
            "expression": f"select n, unnest({scalar_macro_body(model, [*'abc'])}) from given",
            "query": table_macro_body(model, "given"),
        }
        found = {
            form: connection.execute(f"select {names} from ({query}) order by n").fetchnumpy()
            for form, query in queries.items()
        }
    return {form: np.stack([rows[output.name] for output in model.outputs]) for form, rows in found.items()}


@pytest.mark.filterwarnings("ignore:invalid value encountered in log")
def test_every_operator_in_sql(model):
    (expected,) = ReferenceEvaluator(onnx.load_from_string(model.content)).run(None, {"x": X})
    for form, found in forms_of(model).items():
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-6, err_msg=form)


def test_what_is_missing_is_null_in_both_forms(model):
    with duckdb.connect() as connection:
        connection.execute("create table given as from (values (1.0::float, null::float, 2.0::float)) as t(a, b, c)")
        (one,) = connection.execute(f"select {scalar_macro_body(model, [*'abc'])} from given").fetchone()
        names = ", ".join(f'"{output.name}"' for output in model.outputs)
        rows = connection.execute(f"select {names} from ({table_macro_body(model, 'given')})").fetchone()
    assert one is None
    assert set(rows) == {None}


def test_long_sums_are_those_of_their_terms():
    for n in (1, 32, 33, 2000):
        with duckdb.connect() as connection:
            assert connection.execute(f"select {network_sql._sum(['1.5'] * n)}").fetchone() == (1.5 * n,)


def test_units_of_derivatives(tmp_path):
    builder = GraphBuilder()
    graph = builder.finish(builder.add("Exp", "x"), 2, 2, "two")
    said = {
        "inputs": [{"name": "g", "unit": "mag"}, {"name": "feh", "unit": ""}],
        "outputs": [{"name": "teff_k", "unit": "K"}, {"name": "p_rc", "unit": ""}],
    }
    model = write_model(tmp_path / "two.onnx", graph, {"system": "two", **said})
    assert [(field.name, field.unit) for field in gradient_model(model).outputs] == [
        ("d_teff_k_d_g", "K / (mag)"), ("d_teff_k_d_feh", "K / (1)"),
        ("d_p_rc_d_g", "1 / (mag)"), ("d_p_rc_d_feh", "1 / (1)"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [("mag", -9999.0, None), ("mag", 12.5, 12.5), ("", -9999.0, None), ("", -0.5, -0.5), ("mas", -0.5, -0.5)],
)
def test_values_that_stand_for_missing_ones(unit, value, expected):
    with duckdb.connect() as connection:
        found = connection.execute(f"select {Field('x', unit).possible(f'({value}::double)')}").fetchone()
    assert found == (expected,)


def test_a_spectral_model_of_two_plain_inputs(tmp_path):
    """exp(1 + 2 * 0.5 - 3 * 0.5 + 0.25 * 2) = e; the error of its logarithm is the root of 0.2^2 + 0.6^2 + 0.3^2."""
    weights = np.array([[2.0], [-3.0]]), np.array([[0.25]]), np.array([1.0])
    names = [{"name": name, "unit": "", "error": f"{name}_error"} for name in ("g", "h", "ln_flux")]
    said = {"system": "s", "function": "y", "inputs": names, "outputs": [{"name": "y", "unit": ""}]}
    model = write_spectral(
        tmp_path / "s.onnx",
        *weights,
        said | {"n_train": "1", "trained_on": "simulated", "citation": "", "version": "1"},
    )
    with duckdb.connect() as connection:
        connection.execute("create table t as select 0.5::float as g, 0.5::float as h, [2.0::float] as ln_flux")
        connection.execute("create table e as select 0.1::float as g, 0.2::float as h, [1.2::float] as ln_flux")
        names = ["g", "h", "ln_flux"]
        value = connection.execute(f"select {_value(model, 0, names)} from t").fetchone()
        error = connection.execute(f"select {_relative_error(model, 0, names)} from e").fetchone()
    assert value == (pytest.approx(np.e),)
    assert error == (pytest.approx(0.7),)
