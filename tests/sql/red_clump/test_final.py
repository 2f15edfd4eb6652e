"""Contamination of the final sample, and the gain on Gaia."""

from __future__ import annotations

import math

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
