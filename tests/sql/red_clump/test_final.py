"""Contamination of the final sample, the gain on Gaia, and the Bayesian distance against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candlesql.tests.sql.red_clump.test_selection import binned


@pytest.mark.parametrize(("labelled", "catalogued"), [("1e-5", "1.1e-5"), ("null", "null")])
def test_contamination_is_weighted_by_the_catalogue(view, connection, labelled, catalogued):
    """Stars without G, whose error is unknown, are a cell of their own."""
    connection.execute("create or replace macro cuts.pooled_stars() as 0")
    low = [f"{i}, {'true' if i < 6 else 'false'}, .9, 2, 5, {labelled}, 4800, 4, 240" for i in range(10)]
    high = [f"{i}, {'true' if i < 19 else 'false'}, .9, 2, -65, {labelled}, 4800, 4, 240" for i in range(10, 20)]
    catalogue = f"""
        select 'gaia_dr2' as survey,
            i as source_id, if(i < 30, 7.0, 62.0) as b, {catalogued} as g_error_ratio, 2::tinyint as tier
        from range(40) as t(i)
    """
    view(
        "red_clump.final_cells", "select 1", **{"red_clump.binned": binned(*low, *high), "red_clump.giants": catalogue}
    )
    rows = {(row["tier"], row["region"]): row for row in view("red_clump.final_contamination")}
    whole = rows[2, "all"]
    assert whole["n"] == 40
    assert whole["contamination"] == pytest.approx((30 * 0.4 + 10 * 0.1) / 40)
    assert whole["contamination_labelled"] == pytest.approx(0.25)
    by_hand = math.sqrt((30 * math.sqrt(0.4 * 0.6 / 10)) ** 2 + (10 * math.sqrt(0.1 * 0.9 / 10)) ** 2) / 40
    assert whole["contamination_error"] == pytest.approx(by_hand)
    assert rows[2, "|b| > 30 deg"]["contamination"] == pytest.approx(0.1)
    curve = view("red_clump.final_curves", "from red_clump.final_curves where tier = 2 and along = 'abs_b_deg'")
    assert [row["contamination_so_far"] for row in curve] == pytest.approx([0.325, 0.1])


def test_truth_counts_the_whole_catalogue(view):
    given = {
        "red_clump.scores": """
            select 'gaia_dr2' as survey, i as source_id, if(i < 6, 5.0, 40.0) as b from range(10) as t(i)
        """,
        "red_clump.truth": """
            select 'gaia_dr2' as survey, i as source_id, if(i % 2 = 0, 3, 2) as phase from range(20) as t(i)
        """,
        "red_clump.giants": """
            select *, 'gaia_dr2' as survey from (values (0, 1), (1, 2), (2, 2), (7, null)) as t(source_id, tier)
        """,
    }
    rows = {(row["tier"], row["region"]): row for row in view("red_clump.final_truth", **given)}
    whole = rows[2, "all"]
    assert (whole["n"], whole["n_clump_selected"], whole["n_clump"]) == (3, 2, 5)
    assert whole["contamination"] == pytest.approx(1 / 3)
    assert whole["completeness"] == pytest.approx(2 / 5)
    assert rows[1, "all"]["contamination"] == 0
    assert rows[2, "|b| > 30 deg"]["contamination"] is None


def test_red_clump_gains_on_gaia_beyond_the_crossing(view):
    distances = """
        select 'gaia_dr2' as survey,
            i as source_id, i::double as distance_kpc, 0.09 * i as distance_kpc_error, 0.03::real as parallax_error
        from range(1, 7) as t(i)
    """
    view("red_clump.precision", "select 1", **{"red_clump.distances": distances})
    rows = {row["distance_low_kpc"]: row for row in view("red_clump.gain")}
    assert rows[1.0]["n_gain_beyond"] == 3
    assert rows[4.0]["error_ratio_median"] == pytest.approx(0.03 * 16 / 0.36)
    assert rows[5.0]["n_beyond"] == 2


DISTANCE = {
    "red_clump.giants": "select 'gaia_dr2' as survey, 1::bigint as source_id, {p_rc} as p_rc",
    "red_clump.magnitude_models": """
        select 'G-W1' as recipe, 0.15 as width, 0.5 as contaminant_offset, 0.6 as contaminant_width
    """,
    "red_clump.distances": """
        select 'gaia_dr2' as survey, 1::bigint as source_id, 'G-W1' as recipe, {kpc}::double as distance_kpc,
            {parallax}::double as true_parallax, {error}::real as parallax_error
    """,
}


def posterior(view, **values):
    given = {name: text.format(**values) for name, text in DISTANCE.items()}
    view("red_clump.distance_grid", "select 1", **given)
    (row,) = view("red_clump.bayesian_distances")
    return row


def test_without_a_parallax_the_magnitude_decides(view):
    row = posterior(view, p_rc=1.0, kpc=8.0, parallax=0.1, error=100.0)
    width = 0.15 * math.log(10) / 5
    assert row["distance_kpc"] == pytest.approx(8 * math.exp(width**2 / 2), rel=2e-3)
    assert row["distance_kpc_error"] == pytest.approx(8 * width, rel=0.02)
    assert row["p_rc_posterior"] == pytest.approx(1)


def test_a_sharp_parallax_decides(view):
    row = posterior(view, p_rc=0.5, kpc=1.4, parallax=1.0, error=0.01)
    assert row["distance_kpc"] == pytest.approx(1.0, rel=0.003)
    assert row["distance_kpc_error"] == pytest.approx(0.01, rel=0.1)
    assert row["p_rc_posterior"] < 0.01


@pytest.mark.parametrize("p_rc", [0.7, 0.1])
def test_both_agree_with_brute_force(view, p_rc):
    row = posterior(view, p_rc=p_rc, kpc=3.0, parallax=0.25, error=0.05)
    modulus = np.linspace(5, 20, 200_001)
    kpc = 10 ** (modulus / 5 - 2)
    offset = 5 * np.log10(3.0) + 10 - modulus

    def normal(x, centre, width):
        return np.exp(-0.5 * ((x - centre) / width) ** 2) / width

    clump = p_rc * normal(offset, 0, 0.15)
    other = (1 - p_rc) * normal(offset, 0.5, 0.6)
    parallax = normal(0.25, 1 / kpc, 0.05)
    weight = (clump + other) * parallax
    p_posterior = (clump * parallax).sum() / weight.sum()
    hypothesis = clump * parallax if p_posterior > 0.5 else weight
    mean = (hypothesis * kpc).sum() / hypothesis.sum()
    assert row["distance_kpc"] == pytest.approx(mean, rel=2e-3)
    spread = math.sqrt((weight * (kpc - mean) ** 2).sum() / weight.sum())
    assert row["distance_kpc_error"] == pytest.approx(spread, rel=0.02)
    assert (p_posterior > 0.5) == (p_rc == 0.7)
    assert row["p_rc_posterior"] == pytest.approx(p_posterior, abs=0.01)


def test_the_planted_mixture_is_found(view, tmp_path):
    draws = np.random.default_rng(5)
    n = 3000
    p_rc, ratio = draws.uniform(0.2, 1, n), draws.uniform(0.01, 0.09, n)
    is_clump = draws.random(n) < p_rc
    residual = np.where(is_clump, draws.normal(0, 0.16, n), draws.normal(0.4, 0.6, n))
    residual += draws.normal(0, 5 / math.log(10) * ratio)
    stars = {"source_id": np.arange(n), "p_rc": p_rc, "ratio": ratio, "residual": residual}
    pq.write_table(pa.table(stars), tmp_path / "stars.parquet")
    given = {
        "red_clump.dereddened": f"""
            select 'gaia_dr2' as survey,
            source_id, 'G-W1' as recipe, 0 as fold, 1.0 as true_parallax, ratio as parallax_error,
                residual - 1.68 as parallax_magnitude, 0.0 as predictor from '{tmp_path}/stars.parquet'
        """,
        "red_clump.giants": f"select 'gaia_dr2' as survey, source_id, p_rc from '{tmp_path}/stars.parquet'",
        "red_clump.absolute_magnitudes": "select 'G-W1' as recipe, 0 as fold, -1.68 as intercept, 0.0 as slope",
    }
    (row,) = view("red_clump.magnitude_models", **given)
    assert row["width"] == pytest.approx(0.16, abs=0.021)
    assert row["contaminant_offset"] == pytest.approx(0.4, abs=0.21)
    assert row["contaminant_width"] == pytest.approx(0.6, abs=0.16)
