"""The model as a function in SQL: in Python, in the plain shell, against numpy; NULL in, NULL out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import onnx
import onnxruntime
import pytest
from candlesql.errors import UserError
from candlesql.sql.open import open_sky
from candlesql.udfs.spectral import load_spectral

SHELL = Path(sys.executable).with_name("duckdb")
MAGNITUDES = "phot_g_mean_mag, phot_bp_mean_mag, phot_rp_mean_mag, j_m, h_m, ks_m, w1mpro, w2mpro"
ERRORS = (
    "phot_g_mean_mag_error, phot_bp_mean_mag_error, phot_rp_mean_mag_error, j_msigcom, h_msigcom, ks_msigcom, "
    "w1mpro_error, w2mpro_error"
)
CALL = f"parallax.spectrophotometric({MAGNITUDES}, ln_flux)"
ERROR_CALL = f"parallax.spectrophotometric_error({MAGNITUDES}, ln_flux, {ERRORS}, ln_flux_error)"


@pytest.fixture(scope="module")
def weights(parallax_sky):
    """Weights of the mean model, read from the ONNX file by onnx alone: plain [8], pixels [7405], constant."""
    graph = onnx.load(parallax_sky / "models/spectra/parallax.onnx").graph
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor).astype(float) for tensor in graph.initializer}
    assert [node.op_type for node in graph.node] == ["Gemm", "Gemm", "Exp"]
    return arrays["plain_weight"][:, 2], arrays["spectrum_weight"][:, 2], arrays["constant"][2]


def inputs(connection, names: str, array: str) -> tuple[np.ndarray, np.ndarray]:
    table = connection.execute(
        f"select {names}, {array} from parallax.inputs order by apogee_id limit 40"
    ).to_arrow_table()
    plain = np.stack([table[i].to_numpy() for i in range(8)]).astype(float)
    return plain, np.stack(table[8].to_pylist())


def test_values_and_errors_are_those_of_the_formula(parallaxes, weights):
    plain, pixels, constant = weights
    m, x = inputs(parallaxes, MAGNITUDES, "ln_flux")
    s, e = inputs(parallaxes, ERRORS, "ln_flux_error")
    wanted = np.exp(constant + plain @ m + x @ pixels)
    # equation 5 with the square root that makes it a parallax: parallax times sqrt(theta^T C theta), C diagonal
    wanted_error = wanted * np.sqrt(plain**2 @ s**2 + e**2 @ pixels**2)
    found = parallaxes.execute(
        f"select {CALL} as p, {ERROR_CALL} as e from parallax.inputs order by apogee_id limit 40"
    ).fetchnumpy()
    np.testing.assert_allclose(found["p"], wanted, rtol=2e-5)
    np.testing.assert_allclose(found["e"], wanted_error, rtol=2e-5)


@pytest.mark.skipif(not SHELL.exists(), reason="the DuckDB shell is not installed (duckdb-cli)")
def test_the_plain_shell_gives_the_same(parallaxes, parallax_sky):
    query = f"select {CALL}, {ERROR_CALL} from parallax.inputs order by apogee_id limit 20"
    wanted = np.array(parallaxes.execute(query).fetchall())
    done = subprocess.run(
        [SHELL, "-readonly", "-noheader", "-csv", "-init", os.devnull, parallax_sky / "sky.duckdb"],
        input=query + ";",
        capture_output=True,
        text=True,
        check=True,
    )
    found = np.array([line.split(",") for line in done.stdout.split()], float)
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_null_in_null_out(parallaxes):
    row = "(select * from parallax.inputs order by apogee_id limit 1)"
    assert parallaxes.execute(f"select {CALL} is null from {row}").fetchall() == [(False,)]
    for column, value in (("ks_m", "null::float"), ("ln_flux", "null::float[7405]"), ("ks_m", "'nan'::float")):
        replaced = f"(select * replace ({value} as {column}) from {row})"
        assert parallaxes.execute(f"select {CALL} is null from {replaced}").fetchall() == [(True,)]


def test_an_array_with_a_hole_is_an_error_not_a_number(parallaxes):
    row = "(select * from parallax.inputs order by apogee_id limit 1)"
    holed = f"(select * replace (list_concat([null], ln_flux[2:]) as ln_flux) from {row})"
    with pytest.raises(duckdb.InvalidInputException, match="NULL"):
        parallaxes.execute(f"select {CALL} from {holed}")
    short = f"(select * replace (ln_flux[2:] as ln_flux) from {row})"
    with pytest.raises(duckdb.InvalidInputException, match="7404"):
        parallaxes.execute(f"select {CALL} from {short}")


def test_onnx_runtime_gives_the_same(parallaxes, parallax_sky):
    m, x = inputs(parallaxes, MAGNITUDES, "ln_flux")
    session = onnxruntime.InferenceSession(parallax_sky / "models/spectra/parallax.onnx")
    y = session.run(None, {"x": m.astype(np.float32), "spectrum": x.astype(np.float32)})[0]
    query = f"select unnest(parallax_net({MAGNITUDES}, ln_flux)) from parallax.inputs order by apogee_id limit 40"
    found = np.array(parallaxes.execute(query).fetchall())
    np.testing.assert_allclose(found, y, rtol=5e-5)


def test_the_model_says_what_it_is(parallax_sky):
    model = load_spectral(parallax_sky / "models/spectra/parallax.onnx")
    assert model.outputs == ["parallax_by_a", "parallax_by_b", "parallax_by_both"]
    assert model.inputs[-1] == "ln_flux"
    assert "simulated" in model.metadata["note"]
    assert json.loads(model.metadata["metrics"])["parallax_offset"] == 0.048


def test_a_changed_model_is_refused(parallax_sky, tmp_path):
    proto = onnx.load(parallax_sky / "models/spectra/parallax.onnx")
    proto.graph.initializer[2].CopyFrom(onnx.numpy_helper.from_array(np.zeros(3, np.float32), "constant"))
    onnx.save(proto, tmp_path / "parallax.onnx")
    with pytest.raises(UserError, match="changed since it was written"):
        load_spectral(tmp_path / "parallax.onnx")
    (tmp_path / "parallax.onnx").write_bytes(b"no model")
    with pytest.raises(UserError, match="not a model over spectra"):
        load_spectral(tmp_path / "parallax.onnx")


def test_a_workspace_without_spectra_says_so(empty_sky):
    from candlesql.training.parallax.sample import read_sample

    with open_sky(empty_sky) as connection, pytest.raises(UserError, match=r"staging\.apogee_gaia is empty"):
        read_sample(connection)
