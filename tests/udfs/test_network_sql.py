"""Networks as SQL in the plain DuckDB shell: the numbers of ONNX, beside an open reader, with no Python function."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from candlesql.udfs.functions import create_stored_macros, register_models
from candlesql.udfs.model import load_model
from candlesql.udfs.model_files import SHIPPED
from candlesql.udfs.onnx_udf import session_of

SHELL = Path(sys.executable).with_name("duckdb")
needs_shell = pytest.mark.skipif(not SHELL.exists(), reason="the DuckDB shell is not installed (duckdb-cli)")


def shell(database: Path, query: str) -> list[list[str]]:
    """What the shell prints for a query."""
    done = subprocess.run(
        [SHELL, "-readonly", "-noheader", "-csv", "-init", os.devnull, database, "-c", query],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(csv.reader(io.StringIO(done.stdout)))


@pytest.fixture
def with_models() -> tuple[str, ...]:
    """Shipped models that a test wants besides the small one."""
    return ()


@pytest.fixture
def database(
    tmp_path: Path, make: Callable, connection: duckdb.DuckDBPyConnection, with_models: tuple[str, ...]
) -> Path:
    """A database with the macros of a small model, and a Parquet file of stars beside it."""
    folder = make().model.path.parent
    for name in with_models:
        shutil.copy(SHIPPED / f"{name}.onnx", folder)
    connection.execute(f"copy stars to '{tmp_path / 'stars.parquet'}'")
    path = tmp_path / "sky.duckdb"
    with duckdb.connect(path, config={"storage_compatibility_version": "v1.5.0"}) as writer:
        create_stored_macros(writer, folder)
        writer.execute(
            f"""create view stars as from '{tmp_path / "stars.parquet"}';
            create view scored as
            select n, unnest(red_clump_net(phot_g_mean_mag, ks_m, parallax)) from stars"""
        )
    return path


def close(found: np.ndarray, expected: np.ndarray, tolerance: float = 1e-5) -> None:
    """Within 1e-5 of each output's size."""
    scale = np.abs(expected).mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found / scale, expected / scale, rtol=tolerance, atol=tolerance)


@needs_shell
def test_scalar_and_table_macros_beside_an_open_reader(database, make, x):
    made = make()
    expected = session_of(made.model).run(None, {"x": x})[0]
    with duckdb.connect(database, read_only=True) as reader:
        register_models(reader, made.model.path.parent)
        through_python = reader.execute("from scored order by n").fetchnumpy()
        table = shell(database, f"from red_clump.score('{database.with_name('stars.parquet')}') order by n")
        names = ("teff", "teff_error", "delta_p", "delta_p_error", "p_rc")
        calls = ", ".join(f"red_clump.{name}(phot_g_mean_mag, ks_m, parallax)" for name in names)
        scalar = shell(database, f"select {calls} from stars where n < 500 order by n")
        view = shell(database, "select * exclude (n) from scored where n < 500 order by n")
    close(np.array(table, float)[:, 4:].T, expected)
    close(np.array(scalar, float).T, expected[:, :500])
    close(np.array(view, float).T, expected[:, :500])
    close(np.stack([through_python[output.name] for output in made.model.outputs]), expected)


@needs_shell
def test_rows_without_a_number_are_null_and_stay(database):
    source = "(values (1.0, 2.0, 3.0), (null, 2, 3), (1, 'nan'::double, 3), (1, 2, 'inf'::double))"
    call = "red_clump_net(phot_g_mean_mag, ks_m, parallax).delta_p_s is null"
    rows = shell(database, f"select {call} from {source} as t(phot_g_mean_mag, ks_m, parallax)")
    assert rows == [["false"], ["true"], ["true"], ["true"]]
    path = database.with_name("holes.parquet")
    with duckdb.connect() as writer:
        writer.execute(f"copy (from {source} as t(phot_g_mean_mag, ks_m, parallax)) to '{path}'")
    assert shell(
        database, f"select delta_p_s is null, count(*) from red_clump.score('{path}') group by 1 order by 1"
    ) == [
        ["false", "1"],
        ["true", "3"],
    ]


def plan_lines(database: Path, outputs: str) -> list[str]:
    query = f"explain select {outputs} from red_clump.score('{database.with_name('stars.parquet')}')"
    return [cell.strip(" │") for row in shell(database, query) for cell in row]


@needs_shell
def test_the_table_macro_reads_and_computes_only_what_is_asked(database):
    one, all_outputs = plan_lines(database, "avg(p_rc)"), plan_lines(database, "avg(p_rc), avg(delta_p_s), avg(teff_k)")
    read = one[one.index("Projections:") + 1 :][:4]
    assert read == ["phot_g_mean_mag", "ks_m", "parallax", ""]
    assert len(one) < 0.6 * len(all_outputs)


@needs_shell
@pytest.mark.parametrize(("with_models", "tolerance"), [(("photometry",), 1e-5), (("photometry_density",), 1e-4)])
def test_shipped_networks(database, with_models, tolerance):
    """The density sums squares of differences that cancel: float32 itself is 5e-5 from float64 there."""
    (name,) = with_models
    model = load_model(SHIPPED / f"{name}.onnx")
    ranges = {"teff_k": (4000, 7000), "logg": (1, 4.5), "feh": (-1.5, 0.3)}
    rng = np.random.default_rng(6)
    x = np.stack([rng.uniform(*ranges[field.name], 200) for field in model.inputs]).astype(np.float32)
    path = database.with_name("inputs.parquet")
    with duckdb.connect() as writer:
        writer.register("given", {"n": np.arange(200), **{f.name: v for f, v in zip(model.inputs, x, strict=True)}})
        writer.execute(f"copy (from given order by n) to '{path}'")
    call = f"{name}_net({', '.join(f.name for f in model.inputs)})"
    rows = shell(database, f"select unnest({call}) from '{path}' order by n")
    close(np.array(rows, float).T, session_of(model).run(None, {"x": x})[0], tolerance)


@needs_shell
@pytest.mark.parametrize("with_models", [("red_clump_any_bands",)])
def test_a_network_that_takes_missing_inputs_has_a_form_as_a_table(database, with_models):
    """Three quarters of the inputs at random; a row of one band alone is NULL; so is nothing else that ONNX gives."""
    model = load_model(SHIPPED / f"{with_models[0]}.onnx")
    names = [field.name for field in model.inputs]
    rng = np.random.default_rng(7)
    x = np.array([13.6, 14.3, 12.9, 14.6, 13.9, 13.5, 13.3, 13.2, 12.0, 11.5, 11.4, 11.3, 11.3, 0.6, 20.0, 280.0])
    x = x[:, None] + rng.normal(0, 0.1, (16, 40)) + rng.normal(0, 1, 40) * (np.arange(16) < 13)[:, None]
    x = x.astype(np.float32)
    x[rng.random(x.shape) < 0.25] = np.nan
    x[:, 0] = np.nan
    x[10, 0] = 11.4
    path = database.with_name("inputs.parquet")
    with duckdb.connect() as writer:
        writer.register("given", {"n": np.arange(40), **dict(zip(names, x, strict=True))})
        kept = ", ".join(f"""if(isnan("{name}"), null, "{name}") as "{name}\"""" for name in names)
        writer.execute(f"copy (select n, {kept} from given order by n) to '{path}'")
    outputs = [field.name for field in model.outputs]
    rows = shell(database, f"select {', '.join(outputs)} from red_clump_any_bands_rows('{path}') order by n")
    found = np.array([[float(value.replace("NULL", "nan")) for value in row] for row in rows]).T
    expected = session_of(model).run(None, {"x": x})[0]
    assert np.isnan(found[:, 0]).all()
    assert (np.isnan(found) == np.isnan(expected)).all()
    kept = np.isfinite(expected).all(axis=0)
    assert kept.sum() > 30
    of_values = [n for n, name in enumerate(outputs) if "covariance" not in name]
    close(found[of_values][:, kept], expected[of_values][:, kept], 1e-4)


@needs_shell
@pytest.mark.parametrize("with_models", [("photometry_infer",)])
@pytest.mark.parametrize("call", [f"photometry_infer_net({', '.join(['1'] * 30)})", "red_clump_gradient(1, 2, 3)"])
def test_what_needs_python_says_so(database, with_models, call):
    with pytest.raises(AssertionError, match=r"has no SQL form: use candlesql\.open_sky"):
        shell(database, f"select {call}")


@needs_shell
def test_every_function_of_a_python_connection_exists_in_the_shell(database, make):
    query = "select distinct function_name from duckdb_functions() where not internal and schema_name {}"
    with duckdb.connect(database, read_only=True) as reader:
        register_models(reader, make().model.path.parent)
        shadows = reader.execute(query.format("= 'main' and database_name = 'temp'")).fetchall()
    stored = {row[0] for row in shell(database, query.format("= 'main'"))}
    assert shadows
    assert {row[0] for row in shadows if not row[0].endswith(("_onnx", "_exact"))} <= stored
