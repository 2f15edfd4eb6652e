"""The vectorised function: right numbers, whatever DuckDB hands it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from candlesql.udfs import onnx_udf
from candlesql.udfs.functions import create_stored_macros, register_models
from candlesql.udfs.graph import GraphBuilder
from candlesql.udfs.model import load_model, write_model

NET = "red_clump_net(phot_g_mean_mag, ks_m, parallax)"


@pytest.fixture
def made(make: Callable, connection: duckdb.DuckDBPyConnection):
    network = make()
    register_models(connection, network.model.path.parent)
    return network


def outputs(connection: duckdb.DuckDBPyConnection, query: str) -> np.ndarray:
    """The struct column `s` of a query [outputs, rows], NULL as NaN."""
    rows = connection.execute(f"select s.* from ({query})").fetchnumpy()
    return np.stack([np.ma.filled(column.astype(float), np.nan) for column in rows.values()])


def test_outputs_are_those_of_the_networks_in_float64(connection, made, x):
    found = outputs(connection, f"select {NET} as s from stars order by n")
    np.testing.assert_allclose(found, made.reference(x), rtol=2e-6, atol=2e-6)


def test_what_the_functions_say_of_themselves(connection, made):
    rows = connection.execute(
        "select distinct function_name, comment from duckdb_functions() where database_name = 'temp' "
        "and function_name in ('red_clump_net', 'red_clump_rows') order by 1"
    ).fetchall()
    assert [(name, said.split("]")[0]) for name, said in rows] == [
        ("red_clump_net", "[struct"),
        ("red_clump_rows", "[rows"),
    ]


def test_filtered_rows_give_what_they_give_alone(connection, made, x):
    found = outputs(connection, f"select {NET} as s from stars where n % 7 = 3 order by n")
    np.testing.assert_allclose(found, made.reference(x[:, 3::7]), rtol=2e-6, atol=2e-6)


def test_constants_and_single_rows(connection, made):
    one = outputs(connection, "select red_clump_net(0.5, -1, 2) as s")
    many = outputs(connection, "select red_clump_net(0.5, -1, 2) as s from stars")
    mixed = outputs(connection, "select red_clump_net(0.5, -1, 2 + 0 * n) as s from stars")
    expected = made.reference(np.array([[0.5], [-1], [2]]))
    np.testing.assert_allclose(one, expected, rtol=2e-6, atol=2e-6)
    np.testing.assert_allclose(many, np.repeat(expected, 5000, axis=1), rtol=2e-6, atol=2e-6)
    np.testing.assert_array_equal(mixed, many)


def test_no_rows_give_no_rows(connection, made):
    assert connection.execute(f"select {NET} from stars where n < 0").fetchall() == []
    assert connection.execute(f"select {NET} from (from stars limit 0)").fetchall() == []


@pytest.mark.parametrize("bad", ["null", "'nan'::real", "'inf'::real", "'-inf'::real"])
def test_a_row_without_a_number_is_null_and_spoils_no_other(connection, made, x, bad):
    connection.execute(f"update stars set ks_m = {bad} where n % 100 = 0")
    rows = connection.execute(f"select n, {NET} as s from stars order by n").fetchall()
    assert all((s is None) == (n % 100 == 0) for n, s in rows)
    expected = made.reference(x)
    good = [n for n, s in rows if s is not None]
    found = np.array([list(s.values()) for n, s in rows if s is not None]).T
    np.testing.assert_allclose(found, expected[:, good], rtol=2e-6, atol=2e-6)
    fields = connection.execute(f"select count({NET}.p_rc), count({NET}.teff_k) from stars").fetchone()
    assert fields == (4950, 4950)


def test_all_rows_null(connection, made):
    connection.execute("update stars set parallax = null")
    assert connection.execute(f"select count({NET}), count(*) from stars").fetchone() == (0, 5000)
    assert connection.execute("select red_clump_net(null, 1, 2)").fetchone() == (None,)


def test_a_model_that_knows_missing_values_gets_nan(connection, tmp_path):
    builder = GraphBuilder()
    seen = builder.add("Where", builder.add("IsNaN", "x"), builder.constant(-1.0), "x")
    graph = builder.finish(seen, 2, 2, "missing")
    fields = [{"name": "first", "unit": ""}, {"name": "second", "unit": ""}]
    write_model(
        tmp_path / "own" / "holes.onnx",
        graph,
        {"system": "holes", "inputs": fields, "outputs": fields, "missing": "nan"},
    )
    register_models(connection, tmp_path / "own")
    query = "select holes_net(a, b) from (values (1, 2), (null, 3), ('inf'::float, 'nan'::float)) as t(a, b)"
    rows = [tuple(row[0].values()) for row in connection.execute(query).fetchall()]
    assert rows == [(1, 2), (-1, 3), (-1, -1)]


def test_two_calls_in_one_row_keep_their_own_results(connection, made, x):
    query = "select red_clump_net({}) as s from stars order by n"
    together = connection.execute(
        f"select {NET}.delta_p_s as a, red_clump_net(ks_m, parallax, phot_g_mean_mag).delta_p_s as b "
        "from stars order by n"
    ).fetchnumpy()
    other = outputs(connection, query.format("ks_m, parallax, phot_g_mean_mag"))
    np.testing.assert_array_equal(together["b"], other[2].astype(np.float32))
    np.testing.assert_allclose(together["a"], made.reference(x)[2], rtol=2e-6, atol=2e-6)


def test_threads_agree(connection, made, x):
    connection.execute("create table many as select n + 5000 * k as n, * exclude (n) from stars, range(60) as r(k)")
    sums = []
    for threads in (1, 2):
        connection.execute(f"set threads = {threads}")
        query = f"select count(*), sum(({NET}.delta_p_s * 1e6)::bigint), count({NET}) from many"
        sums.append(connection.execute(query).fetchone())
    assert sums[0] == sums[1]
    assert sums[0][0] == sums[0][2] == 300_000


def test_explain_shows_one_call_for_all_outputs(connection, made):
    chosen = ", ".join(f"{NET}.{name} as {name}" for name in ("teff_k", "teff_k_error", "delta_p_s", "p_rc"))
    for query in (
        f"select {chosen} from stars",
        f"select unnest({NET}) from stars",
        f"select teff_k + delta_p_s, p_rc from (select {chosen} from stars)",
        "select delta_p_s, delta_p_s_error from red_clump_rows('stars')",
    ):
        plan = connection.execute(f"explain {query}").fetchall()[0][1]
        assert "".join(plan.split()).count("red_clump_onnx") == 1, plan


def test_the_same_file_has_one_session(make, tmp_path):
    first = make().model
    copy = tmp_path / "elsewhere.onnx"
    shutil.copy(first.path, copy)
    other = make("parallax", seed=2).model
    assert onnx_udf.session_of(first) is onnx_udf.session_of(load_model(Path(copy)))
    assert onnx_udf.session_of(first) is not onnx_udf.session_of(other)


def test_a_function_says_what_it_gives_and_whose_it_is(connection, make):
    """In the database file and on a connection with Python."""
    folder = make(citation="Nobody 2020").model.path.parent
    for register in (create_stored_macros, register_models):
        register(connection, folder)
        rows = connection.execute(
            """select comment from duckdb_functions()
                where function_name in ('red_clump_gradient', 'delta_p', 'red_clump_net') order by all"""
        ).fetchall()
        given = "of red_clump.onnx, from phot_g_mean_mag [mag], ks_m [mag], parallax [mas]; Nobody 2020"
        assert {text.split(" (network")[0] for (text,) in rows} == {
            f"[s] Output delta_p_s {given}",
            f"[struct] Derivatives of every output by every input {given}",
            "[struct] Outputs teff_k [K], teff_k_error [K], delta_p_s [s], delta_p_s_error [s], p_rc [] " + given,
        }
