"""Training a whole system on a table made by hand: what it needs, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from candlesql.errors import UserError
from candlesql.sql import files
from candlesql.udfs.model import load_model
from candlesql.udfs.onnx_udf import session_of

pytest.importorskip("torch", reason="the extra `train` is not installed")

from candlesql.training import specification, system

INPUTS = ("j_m", "ks_m", "parallax")


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        for item in files.items():
            if item.is_macro and item.name.split(".")[0] in ("cuts", "quality", "stats", "sphere", "red_clump"):
                connection.execute(f"create schema if not exists {item.name.split('.')[0]}")
                if not item.name.endswith("thresholds"):
                    connection.execute(item.body)
        connection.execute("create table red_clump.truth (survey varchar, source_id bigint)")
        yield connection


def labelled(connection: duckdb.DuckDBPyConnection, n: int) -> None:
    """Giants whose Teff is their colour and whose state is their absolute magnitude; no DeltaP, as in APO-K2."""
    rng = np.random.default_rng(1)
    magnitude, kpc, colour = rng.normal(-1.6, 0.5, n), rng.uniform(1, 4, n), rng.uniform(0.5, 0.8, n)
    ks = magnitude + 5 * np.log10(kpc) + 10
    rows = {
        "survey": np.array(["mine"] * n),
        "source_id": np.arange(n) + 1,
        "ks_m": ks,
        "j_m": ks + colour,
        "parallax": 1 / kpc + rng.normal(0, 0.02, n),
        "teff_k": 7000 - 3500 * colour,
        "logg": 2.4 + 0.4 * (magnitude + 1.6),
        "is_rc": (np.abs(magnitude + 1.6) < 0.25).astype(float),
    }
    wanted = specification.load_system("red_clump")
    connection.register("stars", rows)
    missing = {*wanted.input_names, *wanted.label_columns} - rows.keys()
    nothing = ", ".join(f"null::double as {name}" for name in sorted(missing))
    connection.execute(f"create or replace table red_clump.training as select *, {nothing} from stars")


def trained(connection, folder: Path, seed: int = 0):
    held_out = folder / "red_clump_cross_validation.parquet"
    return system.train_system(connection, "red_clump", folder / "red_clump.onnx", held_out, seed=seed), held_out


def listed(connection, folder: Path) -> set[int]:
    """The stars that the list beside the model knows by name."""
    rows = connection.execute(
        "select source_id from red_clump.training "
        "where stats.key(survey || ':' || source_id) in (from read_parquet(?))",
        [str(folder / "training_stars" / "red_clump.parquet")],
    ).fetchall()
    return {row[0] for row in rows}


def test_only_what_the_rows_have_is_trained(connection, quick, tmp_path):
    labelled(connection, 600)
    model, held_out = trained(connection, tmp_path)
    assert tuple(field.name for field in model.inputs) == INPUTS
    outputs = [field.name for field in model.outputs]
    assert {"teff_k", "logg", "joint_teff_k", "p_rc", "covariance_teff_logg"} <= set(outputs)
    assert not [name for name in outputs if "delta" in name]
    table = pq.read_table(held_out)
    assert sorted(table["source_id"].to_pylist()) == list(range(1, 601))
    assert json.loads(model.metadata["metrics"])["p_rc"]["n"] == 600
    assert model.metadata["n_train"] == "600"
    assert (model.metadata["trained_on"], model.metadata["training_stars"]) == ("real", "red_clump")
    assert listed(connection, tmp_path) == set(range(1, 601))
    assert (tmp_path / "red_clump_hull.npz").exists()
    assert_density(tmp_path / "red_clump_density.onnx")
    baseline = pq.read_table(tmp_path / "red_clump_baseline.parquet")
    guesses = dict(zip(baseline["source_id"].to_pylist(), baseline["p_rc_baseline"].to_pylist(), strict=True))
    states = connection.execute("select source_id, is_rc from red_clump.training").fetchall()
    assert np.mean([(guesses[star] > 0.5) == state for star, state in states]) > 0.7
    assert not list(tmp_path.glob("*.fold*"))


def assert_density(path: Path) -> None:
    """Where the stars are it is above 0, far from them below; bands that none has change nothing."""
    density = load_model(path)
    assert [field.name for field in density.inputs] == [
        "phot_g_mean_mag", "j_m", "ks_m", "w1mpro", "w2mpro", "parallax"
    ]  # fmt: skip
    among, far, too = [[13, 10.8, 10.1, 10, 10, 0.45], [13, 10.8, 13.0, 10, 10, 0.45], [9, 10.8, 10.1, 5, 3, 0.45]]
    found = session_of(density).run(None, {"x": np.array([among, far, too], np.float32).T})[0][0]
    assert found[0] > 1
    assert found[1] < -5
    assert found[2] == found[0]


def test_simulated_stars_are_told_from_real_ones(connection, quick, tmp_path):
    labelled(connection, 300)
    connection.execute("insert into red_clump.truth select 'mine', range from range(1, 101)")
    model, _ = trained(connection, tmp_path)
    assert model.metadata["trained_on"] == "both"
    assert listed(connection, tmp_path) == set(range(101, 301))
    connection.execute("insert into red_clump.truth select survey, source_id from red_clump.training")
    model, _ = trained(connection, tmp_path)
    assert (model.metadata["trained_on"], model.training_stars) == ("simulated", "")


def test_the_same_seed_gives_the_same_bytes(connection, quick, tmp_path):
    labelled(connection, 300)
    shas = []
    for name in ("first", "second"):
        model, held_out = trained(connection, tmp_path / name)
        shas.append((model.metadata["graph_sha256"], held_out.read_bytes()))
    assert shas[0] == shas[1]


def test_no_more_rows_than_the_cut_says():
    usable = np.arange(1000) % 2 == 0
    chosen = system._sample(usable, 100, seed=3)
    assert chosen.sum() == 100
    assert not (chosen & ~usable).any()
    assert np.array_equal(system._sample(usable, 500, seed=3), usable)


def test_too_few_rows_are_refused(connection, tmp_path):
    labelled(connection, 150)
    with pytest.raises(UserError, match=r"red_clump\.training"):
        trained(connection, tmp_path)


def test_a_label_view_without_a_column_is_named(connection, tmp_path):
    connection.execute("create table mine as select 1 as source_id")
    with pytest.raises(UserError, match="mine: has no column"):
        system.train_system(connection, "red_clump", tmp_path / "m.onnx", tmp_path / "h.parquet", "mine")


def test_an_unknown_system_is_named():
    with pytest.raises(UserError, match="red_clump"):
        specification.load_system("nonsense")


def test_recipes_are_the_papers():
    """Section 3.1: four layers of 32, 24, 16 and 8 sigmoid nodes; two components for DeltaP, else one; 14 inputs."""
    loaded = specification.load_system("red_clump")
    by_name = {network.labels[0].output: network for network in loaded.networks if not network.is_joint}
    assert len(loaded.inputs) == 14
    for name in ("teff_all_k", "logg_all", "teff_k", "logg", "delta_nu_uhz", "delta_p_s"):
        recipe = by_name[name].recipe
        assert (recipe.hidden, recipe.activation) == ((32, 24, 16, 8), "Sigmoid")
        assert recipe.components == (2 if name == "delta_p_s" else 1)
        assert len(by_name[name].features.columns) == 14
