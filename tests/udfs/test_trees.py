"""LightGBM through ONNX: the same numbers as LightGBM, in SQL."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from candlesql.udfs.functions import create_stored_macros, register_models
from candlesql.udfs.model import write_model
from candlesql.udfs.trees import tree_graph

lightgbm = pytest.importorskip("lightgbm", reason="the extra `train` is not installed")
onnxmltools = pytest.importorskip("onnxmltools", reason="the extra `train` is not installed")

OPTIONS = {"n_estimators": 20, "num_leaves": 15, "verbose": -1, "n_jobs": 1}


def rows(n: int) -> np.ndarray:
    return np.random.default_rng(4).normal(size=(n, 3)).astype(np.float32)


def store(folder: Path, estimator: object, name: str, outputs: list[str], missing: bool = False) -> None:
    from onnxmltools.convert.common.data_types import FloatTensorType

    options = {} if name == "regression" else {"zipmap": False}
    converted = onnxmltools.convert_lightgbm(
        estimator, initial_types=[("rows", FloatTensorType([None, 3]))], target_opset=15, **options
    )
    metadata: dict[str, object] = {
        "system": name,
        "inputs": [{"name": n, "unit": ""} for n in "abc"],
        "outputs": [{"name": n, "unit": ""} for n in outputs],
    }
    write_model(folder / f"{name}.onnx", tree_graph(converted, 3), metadata | ({"missing": "nan"} if missing else {}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


def in_sql(folder: Path, x: np.ndarray, call: str) -> np.ndarray:
    with duckdb.connect() as connection:
        register_models(connection, folder)
        connection.register("given", {"n": np.arange(len(x)), **dict(zip("abc", x.T, strict=True))})
        found = connection.execute(f"select {call} as y from given order by n").fetchnumpy()["y"]
        return np.ma.filled(found.astype(float), -1)


def agree(found: np.ndarray, expected: np.ndarray) -> None:
    """ONNX compares in float32, LightGBM in float64: rarely a row at a threshold takes the other branch."""
    assert (np.abs(found - expected) < 1e-5 * np.abs(expected).max()).mean() > 0.999


def test_regression(folder):
    x = rows(4000)
    estimator = lightgbm.LGBMRegressor(**OPTIONS).fit(x, x[:, 0] * x[:, 1] + np.abs(x[:, 2]))
    store(folder, estimator, "regression", ["y"])
    agree(in_sql(folder, x, "regression_net(a, b, c).y"), estimator.predict(x))


def test_probability_of_the_second_class(folder):
    x = rows(4000)
    estimator = lightgbm.LGBMClassifier(**OPTIONS).fit(x, (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(int))
    store(folder, estimator, "trees", ["p_rc"])
    agree(in_sql(folder, x, "trees_net(a, b, c).p_rc"), estimator.predict_proba(x)[:, 1])


def test_three_classes_give_the_last_two(folder):
    x = rows(3000)
    estimator = lightgbm.LGBMClassifier(**OPTIONS).fit(x, np.digitize(x[:, 0], [-0.5, 0.5]))
    store(folder, estimator, "trees", ["p_one", "p_two"])
    agree(in_sql(folder, x, "trees_net(a, b, c).p_two"), estimator.predict_proba(x)[:, 2])


def test_missing_values_go_where_lightgbm_sends_them(folder):
    x = rows(4000)
    x[::3, 1] = np.nan
    estimator = lightgbm.LGBMRegressor(**OPTIONS).fit(x, np.where(np.isnan(x[:, 1]), 5, x[:, 1]))
    store(folder, estimator, "regression", ["y"], missing=True)
    agree(in_sql(folder, x, "regression_net(a, b, c).y"), estimator.predict(x))


def test_without_python_the_macro_says_what_it_needs(folder):
    x = rows(500)
    store(folder, lightgbm.LGBMRegressor(**OPTIONS).fit(x, x[:, 0]), "regression", ["y"])
    with duckdb.connect() as connection:
        create_stored_macros(connection, folder)
        with pytest.raises(duckdb.InvalidInputException, match="regression has no SQL form: use candlesql"):
            connection.execute("select regression_net(1, 2, 3)")
