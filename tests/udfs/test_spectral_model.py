"""Models over spectra as files: what is written is read, and what must not run is refused in one line."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import onnx
import pytest
from candlesql import UserError
from candlesql.udfs import functions, model_files, taught
from candlesql.udfs.spectral import SpectralModel, create_stored_macros, load_spectral, write_spectral

SAID = {
    "system": "parallax",
    "function": "parallax",
    "inputs": [
        {"name": "g", "unit": "mag", "error": "g_error"},
        {"name": "ln_flux", "unit": "", "error": "ln_flux_error"},
    ],
    "outputs": [{"name": "parallax", "unit": "mas"}],
    "n_train": "12",
    "trained_on": "simulated",
    "citation": "nobody",
    "version": "1",
}


def written(folder: Path, spectrum: list[float], constant: float = 0.5) -> SpectralModel:
    path = folder / "spectra/parallax.onnx"
    return write_spectral(path, np.array([[2.0]]), np.array(spectrum)[:, None], np.array([constant]), SAID)


def test_what_is_written_is_read(tmp_path):
    model = written(tmp_path, [0.25, -1.0])
    assert (model.name, model.inputs, model.errors, model.outputs) == (
        "parallax", ["g", "ln_flux"], ["g_error", "ln_flux_error"], ["parallax"],
    )  # fmt: skip
    assert (model.plain.tolist(), model.spectrum.tolist(), model.constant.tolist()) == ([[2]], [[0.25], [-1]], [0.5])
    assert model.metadata["n_train"] == "12"
    assert not list((tmp_path / "spectra").glob(".*"))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("place", ["spectrum", "constant"])
def test_weights_that_are_no_numbers(tmp_path, value, place):
    with pytest.raises(UserError, match="holds NaN or infinite weights; train it again"):
        written(tmp_path, [0.25, value if place == "spectrum" else 1.0], value if place == "constant" else 0.5)


def test_a_changed_weight(tmp_path):
    path = written(tmp_path, [0.25, -1.0]).path
    proto = onnx.load(path)
    proto.graph.initializer[0].raw_data = np.float32([3.0]).tobytes()
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(UserError, match="changed since it was written"):
        load_spectral(path)


def test_an_operator_that_no_model_has(tmp_path):
    path = written(tmp_path, [0.25, -1.0]).path
    proto = onnx.load(path)
    proto.graph.node[2].op_type = "Neg"
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(UserError, match=r"changed since|other operators than Gemm, Gemm, Exp"):
        load_spectral(path)


def test_tables_of_models_are_made_anew(tmp_path, monkeypatch):
    """Filled twice they hold each model once."""
    monkeypatch.setattr(model_files, "SHIPPED", tmp_path / "none")
    written(tmp_path, [0.25, -1.0])
    with duckdb.connect() as connection:
        connection.execute(f"create schema candlesql; {taught.TABLES}")
        for _ in range(2):
            taught.fill_tables(connection, tmp_path)
        rows = connection.execute("select model, system, trained_on, training_stars, n_train from candlesql.models")
        assert rows.fetchall() == [("parallax", "parallax", "simulated", None, "12")]


def test_a_fingerprint_tells_another_model(tmp_path, monkeypatch):
    monkeypatch.setattr(model_files, "SHIPPED", tmp_path / "none")
    first = functions.fingerprint(tmp_path)
    written(tmp_path, [0.25, -1.0])
    second = functions.fingerprint(tmp_path)
    assert functions.fingerprint(tmp_path) == second != first


def test_values_and_errors_in_sql(tmp_path, monkeypatch):
    """exp(0.5 + 2 * -0.5 + 0.25 * 2 - 0.5) = exp(-0.5); its relative error sqrt((2 * 0.1)^2 + (0.25 * 0.4)^2 + 0.2^2)
    = 0.3."""
    monkeypatch.setattr(model_files, "SHIPPED", tmp_path / "none")
    written(tmp_path, [0.25, -1.0])
    with duckdb.connect() as connection:
        create_stored_macros(connection, tmp_path)
        found = connection.execute(
            """select parallax_net(-0.5, [2, 0.5]).parallax, parallax_error_net(0.1, [0.4, 0.2]).parallax,
                parallax.parallax(-0.5, [2, 0.5]), parallax.parallax_error(-0.5, [2, 0.5], 0.1, [0.4, 0.2]),
                parallax_scatter().parallax, parallax.parallax(-0.5, ['nan'::float, 0.5])"""
        ).fetchone()
    assert found == (*map(pytest.approx, (0.60653066, 0.3, 0.60653066, 0.1819592)), None, None)


@pytest.mark.parametrize(
    ("plain", "spectrum"), [([[2.0], [1.0]], [[0.25], [-1.0]]), ([[2.0]], [[0.25, 1.0], [-1.0, 1.0]])]
)
def test_weights_of_other_inputs_or_outputs(tmp_path, plain, spectrum):
    with pytest.raises(UserError, match="its weights are not those of 2 inputs and 1 outputs; train it again"):
        write_spectral(tmp_path / "spectra/parallax.onnx", np.array(plain), np.array(spectrum), np.array([0.5]), SAID)
