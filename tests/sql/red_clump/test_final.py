"""Contamination of the final sample, and the gain on Gaia."""

from __future__ import annotations

import math

import pytest
from candlesql.tests.sql.red_clump.test_selection import binned
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

#: 40 labelled giants of tier 2 with P(RC) = 0.8, 24 of them red clump; 30 beyond the hull with 0.5, 6 red clump.
EVALUATION = """
    select 'gaia_dr2' as survey, i::bigint as source_id, if(i < 40, 2, null)::tinyint as tier, i % 40 < 8 as is_high,
        if(i < 40, null, 'outside the hull') as refusal, if(i % 40 < 8, -50.0, 10.0) as b, if(i < 40, 0.8, 0.5) as p_rc,
        if(i < 40, i < 24, i < 46) as is_rc, 'seismology' as label_table
    from range(70) as t(i)
"""
LABELS = {
    "red_clump.evaluation": EVALUATION,
    "red_clump.label_errors(label_table, missed, false_clump)": "('seismology', 0.05, 0.03), ('other', 0.4, 0.4)",
}


def shift_by_quadrature(p_rc: float, n_rc: int, n: int, centre: float, width: float) -> tuple[float, float]:
    """Mean and deviation of the shift in ln odds, by SciPy; 5 % of red clump labels are wrong, 3 % of others."""
    log_odds = math.log(p_rc / (1 - p_rc))

    def density(shift):
        share = 0.03 + 0.92 * expit(log_odds + shift)
        return share**n_rc * (1 - share) ** (n - n_rc) * norm.pdf(shift, centre, width) * 1e9

    def moment(power):
        return quad(lambda shift: shift**power * density(shift), -8, 8, limit=200)[0]

    mean = moment(1) / moment(0)
    return mean, math.sqrt(moment(2) / moment(0) - mean**2)


def sampled(width: float) -> float:
    """What the mean of that posterior scatters by from one set of labels to another: the prior is 1 wide."""
    return width * math.sqrt(1 - width**2)


def test_labels_shift_the_odds(view):
    rows = {(row["stratum"], row["region"]): row for row in view("red_clump.clump_odds", **LABELS)}
    mean, width = shift_by_quadrature(0.8, 24, 40, 0, 1)
    tier = rows["tier 2", "all"]
    assert tier["n_labelled"] == 40
    assert tier["shift"] == pytest.approx(mean, abs=0.02)
    assert mean < -0.7, "60 % where 80 % were given"
    assert tier["shift_error"] == pytest.approx(math.hypot(sampled(width), 0.25), abs=0.02)
    # beyond 30 deg eight labels, all red clump, against a prior from the whole sky that is 0.4 higher
    high, high_width = shift_by_quadrature(0.8, 8, 8, mean + 0.4, math.hypot(sampled(width), 0.1))
    assert rows["tier 2", "|b| > 30 deg"]["n_labelled"] == 8
    assert rows["tier 2", "|b| > 30 deg"]["shift"] == pytest.approx(high, abs=0.03)
    assert rows["tier 2", "|b| > 30 deg"]["shift_error"] == pytest.approx(math.hypot(high_width, 0.25), abs=0.02)
    hull, hull_width = shift_by_quadrature(0.5, 6, 30, 0, 1)
    assert rows["outside the hull", "all"]["shift"] == pytest.approx(hull - 0.2, abs=0.02)
    assert rows["outside the hull", "all"]["shift_error"] == pytest.approx(
        math.hypot(sampled(hull_width), 0.15), abs=0.02
    )
    assert rows["not red clump by the cuts of tier 2", "all"]["shift"] == pytest.approx(-0.5, abs=0.01)
    assert rows["tier 1", "all"]["n_labelled"] == 0
    assert rows["tier 1", "all"]["shift"] == pytest.approx(0, abs=0.01)
    assert rows["not a giant", "all"]["shift"] == pytest.approx(0, abs=0.01)
    assert rows["not a giant", "all"]["shift_error"] == pytest.approx(0.15, abs=0.01), "no labels: what mock skies say"


def test_shifted_probabilities_add_up(view):
    """100 stars of tier 1 with P(RC) = 0.8, odds 4, shifted by ln 1/2: 2 in 3. Of as many refused ones ten are far."""
    given = {
        "red_clump.clump_odds": """
            select 'tier 1' as stratum, 'all' as region, 50 as n_labelled, -ln(2) as shift, 0.3 as shift_error
            union all select 'tier 2', 'all', 50, 0.0, 0.3
            union all select 'tier 1', '|b| > 30 deg', 5, 0.0, 0.3
            union all select 'outside the hull', 'all', 7, -ln(2), 0.3
        """,
        "red_clump.judged": """
            select if(i < 100, 1, null)::tinyint as tier, if(i < 100, null, 'outside the hull') as refusal,
                if(i % 100 < 10, 60.0, 5.0) as b, if(i % 100 < 10, 13.0, 12.0) as w1mpro, null::real as ks_m,
                0.8 as p_rc
            from range(200) as t(i)
        """,
    }
    rows = {(row["stratum"], row["region"]): row for row in view("red_clump.clump_shares", **given)}
    near, far = 2 / 3, 1 / (1 + math.exp(0.9) / 2)
    tier, refused = rows["tier 1", "all"], rows["outside the hull", "all"]
    assert (tier["n"], tier["n_labelled"], refused["n_labelled"]) == (100, 50, 7)
    assert tier["n_clump"] == pytest.approx(100 * near, rel=0.005)
    assert tier["error_by_shift"] == pytest.approx(0.3 * 100 * near * (1 - near), rel=0.01)
    assert tier["error_by_far"] == 0
    assert refused["n_clump"] == pytest.approx(90 * near + 10 * far, rel=0.005)
    spread = 90 * near * (1 - near) + 10 * far * (1 - far)
    assert refused["error_by_shift"] == pytest.approx(0.3 * spread, rel=0.01)
    assert refused["error_by_far"] == pytest.approx(0.2 * 10 * far * (1 - far), rel=0.01)
    assert refused["error_by_chance"] == pytest.approx(math.sqrt(spread), rel=0.01)
    errors = [refused[f"error_by_{name}"] for name in ("shift", "far", "chance")]
    assert refused["n_clump_error"] == pytest.approx(math.hypot(*errors))
    assert rows["tier 2", "all"]["n"] == 100, "tier 1 is within tier 2"
    assert rows["tier 2", "all"]["n_clump"] == pytest.approx(100 * 0.8, rel=0.005)
    assert rows["tier 1", "|b| > 30 deg"]["n"] == 10


def shares(n_labelled: int) -> dict[str, str]:
    """200 stars of tier 2, 150 of them red clump; of 1000 that were refused 100, give or take 20."""
    return {
        "red_clump.clump_shares": f"""
            select 'tier 2' as stratum, 'all' as region, {n_labelled} as n_labelled, 200 as n, 150.0 as n_clump,
                10.0 as n_clump_error
            union all select 'tier 1', 'all', {n_labelled}, 100, 90.0, 5.0
            union all select 'outside the hull', 'all', 0, 1000, 100.0, 20.0
        """,
        "red_clump.clump_odds": f"""
            select unnest(['tier 1', 'tier 2']) as stratum, 'all' as region, {n_labelled} as n_labelled
        """,
        "red_clump.binned": binned(
            *(
                f"{i}, {'true' if i < 7 else 'false'}, .9, {'2' if i > 2 else 'null'}, 5, 1e-5, 4800, 4, 240"
                for i in range(9)
            )
        ),
    }


def test_contamination_and_completeness_of_the_catalogue(view):
    rows = {row["tier"]: row for row in view("red_clump.final_contamination", **shares(50))}
    assert (rows[2]["contamination"], rows[2]["contamination_error"]) == (0.25, 0.05)
    assert (rows[2]["contamination_low"], rows[2]["contamination_high"]) == pytest.approx((0.2, 0.3))
    assert rows[2]["completeness"] == pytest.approx(150 / 250)
    # d(150 / 250) by the ten of the numerator, of which the denominator holds as many, and by the twenty of the others
    assert rows[2]["completeness_error"] == pytest.approx(math.hypot(10 * 100 / 250**2, 20 * 150 / 250**2))
    assert rows[1]["completeness"] == pytest.approx(90 / 250)
    assert (rows[2]["contamination_labelled"], rows[2]["completeness_labelled"]) == pytest.approx((2 / 6, 4 / 7))
    assert rows[2]["note"] is None


def test_too_few_labels_are_said(view):
    rows = view("red_clump.final_contamination", **shares(9))
    assert {(row["contamination"], row["completeness"], row["note"]) for row in rows} == {
        (None, None, "too few labels")
    }


def test_contamination_along_latitude(view):
    """Tier 1 within tier 2; cells of 10 deg; of the catalogue above a latitude the means of its stars."""
    given = {
        "red_clump.binned": binned("0, true, .9, 2, 5, 1e-5, 4800, 4, 240"),
        "red_clump.clump_odds": """
            select unnest(['tier 1', 'tier 2']) as stratum, unnest(['all', 'all']) as region, 0.0 as shift,
                0.5 as shift_error
            union all select unnest(['tier 1', 'tier 2']), unnest(['|b| > 30 deg', '|b| > 30 deg']), -ln(4), 0.5
        """,
        "red_clump.giants": """
            select 2::tinyint as tier, if(i < 30, 7.0, 62.0) as b, null::double as g_error_ratio, 0.8 as p_rc,
                10.0 as w1mpro, null::real as ks_m
            from range(40) as t(i)
        """,
    }
    cells = {row["abs_b_low_deg"]: row for row in view("red_clump.final_cells", **given)}
    assert (cells[0]["n"], cells[60]["n"]) == (30, 10)
    assert cells[0]["contamination"] == pytest.approx(0.2)
    assert cells[60]["contamination"] == pytest.approx(0.5)
    assert cells[0]["contamination_error"] == pytest.approx(math.hypot(0.16 * 0.5, math.sqrt(0.16 / 30)))
    curve = view("red_clump.final_curves", "from red_clump.final_curves where tier = 2 and along = 'abs_b_deg'")
    assert [row["contamination_so_far"] for row in curve] == pytest.approx([(30 * 0.2 + 10 * 0.5) / 40, 0.5])


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
