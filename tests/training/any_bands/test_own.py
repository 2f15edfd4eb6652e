"""Training on with one's own labels: rows with gaps are kept, too few are refused, and sparse tables go through."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

from candlesql import UserError, open_sky
from candlesql.training.any_bands import own
from candlesql.training.any_bands.own import labelled_rows
from candlesql.training.any_bands.stars import Labelled


@pytest.fixture
def connection():
    """Of no workspace: labelled stars of two patterns, one of them of one state alone, and some without any band."""
    with duckdb.connect() as connection:
        connection.execute("create schema stats; create macro stats.fold(id, salt, n) as id % n")
        connection.execute(
            """create table stars as
            select 'mine' as survey, i as source_id, 12.0 as j_m, 11.4 as ks_m,
                if(i < 150, 0.5, null) as corrected_parallax,
                i % 3 = 0 as is_rc, 4.0 as delta_nu_uhz
            from range(170) as t(i)
            union all by name
            select 'mine' as survey, i as source_id, 12.0 as j_m, 11.6 as h_m, 11.4 as ks_m, true as is_rc
            from range(200, 230) as t(i)
            union all by name
            select 'mine' as survey, i as source_id, 0.5 as corrected_parallax, false as is_rc
            from range(300, 330) as t(i)"""
        )
        yield connection


def test_rows_that_can_teach_are_kept(connection):
    """150 stars of J, Ks and parallax; 20 have no parallax and two bands, 30 are red clump all, 30 have no band."""
    rows = labelled_rows(connection, "stars")
    assert len(rows.stars) == 150
    assert rows.stars.state.sum() == 50
    assert np.isnan(rows.stars.x[:, 0]).all()
    assert sorted(set(rows.fold)) == [0, 1, 2, 3, 4]


def test_too_few_stars_are_refused_with_what_lacks(connection):
    connection.execute("create view few as from stars where source_id < 60")
    with pytest.raises(UserError, match=r"60 labelled stars \(20 red clump, 40 not\), 60 of them.*100 are needed"):
        labelled_rows(connection, "few")


@pytest.mark.heavy
def test_a_sparse_table_trains_and_runs(candlesql, quick, new_sky, tmp_path):
    """Half of the stars lack BP and RP, all lack Pan-STARRS1, W1 and W2; no row has 13 bands."""
    rng = np.random.default_rng(0)
    n = 300
    colour = rng.normal(0.65, 0.05, n)
    has = rng.random(n) < 0.5
    with duckdb.connect() as connection:
        connection.execute(
            'create table t (source_id bigint, ra double, "dec" double, j_m real, h_m real, ks_m real, '
            "phot_g_mean_mag real, phot_bp_mean_mag real, phot_rp_mean_mag real, parallax double, "
            "evolutionary_state varchar)"
        )
        for i in range(n):
            k, bp = 11.0 + rng.normal(0, 0.5), 1.2 if has[i] else None
            connection.execute(
                "insert into t values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    i,
                    290 + 0.01 * i,
                    42.0,
                    k + colour[i],
                    k + 0.1,
                    k,
                    k + 2.2,
                    bp and k + 2.7,
                    bp and k + 1.5,
                    0.48 * 10 ** (-0.2 * (k - 10)),
                    "RC" if rng.random() < 0.5 else "RGB",
                ],
            )
        connection.execute(f"copy t to '{tmp_path / 'sparse.parquet'}'")
    sky = new_sky(tmp_path / "sky", {"wide": tmp_path / "sparse.parquet"})
    done = candlesql("train", sky, "red_clump")
    assert done.code == 0, done.err
    assert "300 stars" in done.out
    assert "P(RC) of 300 stars held out: log loss" in done.out
    done = candlesql("run", sky, "red_clump")
    assert done.code == 0, done.err
    with open_sky(sky) as connection:
        known = connection.execute("select count(p_rc) from red_clump.scores").fetchall()
        judged = connection.execute("select count(*) from red_clump.any_bands_cross_validation").fetchall()
        curves = connection.execute("select distinct labels from red_clump.roc where method = 'any_bands'").fetchall()
    assert (known, judged, curves) == ([(n,)], [(n,)], [("wide",)])


def test_what_own_labels_gain_is_the_mean_log_loss_of_both(monkeypatch):
    """Held out: P 0.8 of a red clump star and 0.1 of another; before: 0.5 and 0.5. The third was not held out."""
    scores = pa.table({"p_rc": pa.array([0.5, 0.5, 0.9])})
    monkeypatch.setattr(own, "_scores", lambda model, rows, chosen: scores)
    stars = Labelled(np.zeros((3, 16)), np.zeros((3, 5)), np.array([1.0, 0.0, 1.0]), np.arange(3))
    rows = own.Rows(stars, np.array(["s"] * 3), np.zeros(3, int))
    found = own._judged(np.array([0.8, 0.1, np.nan]), None, rows)
    assert found == {
        "n": 2,
        "log_loss": round(-(math.log(0.8) + math.log(0.9)) / 2, 4),
        "log_loss_before": round(math.log(2), 4),
    }
