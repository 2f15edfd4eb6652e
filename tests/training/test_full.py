"""A hundredth of `make train-full`, with few epochs: skies in, one model out."""

from __future__ import annotations

import json

import duckdb
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

from candlesql.training import full, system


@pytest.mark.heavy
def test_a_hundredth_of_the_sky_trains_every_network(quick, monkeypatch, tmp_path):
    monkeypatch.setattr(system, "ONE_FOLD_ABOVE", 1000)
    parts = list(full.labelled_parts(tmp_path, 600_000, 2, seed=2000))
    made = [path.stat().st_mtime_ns for path in parts]
    assert [path.stat().st_mtime_ns for path in full.labelled_parts(tmp_path, 600_000, 2, seed=2000)] == made

    model = full.train_on_parts(tmp_path, parts)
    files = [str(path) for path in parts]
    with duckdb.connect() as connection:
        each = connection.execute("select count(*) from read_parquet(?) group by filename", [files]).fetchall()
        complete = " and ".join(f"{field.name} is not null" for field in model.inputs)
        (n, p) = connection.execute(
            f"select count(distinct source_id), avg(is_rc::int) from read_parquet(?) where {complete}", [files]
        ).fetchall()[0]
    assert len(each) == 2
    assert min(each)[0] > 6000
    assert 0.75 * n < int(model.metadata["n_train"]) < 0.81 * n
    assert model.metadata["trained_on"] == "simulated"
    assert json.loads(model.metadata["metrics"])["p_rc"]["accuracy"] > max(p, 1 - p) + 0.05
    assert {path.name for path in tmp_path.iterdir()} == {
        *(path.name for path in parts),
        "sky",
        "red_clump.onnx",
        "red_clump_baseline.onnx",
        "red_clump_density.onnx",
        "red_clump_hull.npz",
        "red_clump_cross_validation.parquet",
        "red_clump_baseline.parquet",
    }
