"""Differences from references and what is made of them: signs, means and spreads by hand."""

from __future__ import annotations

import pytest
from candlesql.tests.sql.red_clump.test_selection import binned

NAMES = ("teff", "logg", "delta_nu", "delta_p")
UNITS = {"teff": "_k", "logg": "", "delta_nu": "_uhz", "delta_p": "_s"}


def evaluation(*rows: str) -> str:
    """Stars (id, survey) of which the paper's networks infer 10 and the joint ones 11; label 11, truth 8."""
    columns = []
    for name in NAMES:
        unit = UNITS[name]
        columns += [
            f"10.0 as {name}{unit}",
            f"0.5 as {name}{unit}_error",
            f"11.0 as joint_{name}{unit}",
            f"0.25 as joint_{name}{unit}_error",
            f"12.0 as any_{name}{unit}",
            f"0.2 as any_{name}{unit}_error",
            f"11.0 as {name}_label{unit}",
            f"8.0 as {name}_true{unit}",
        ]
    return f"select id as source_id, survey, {', '.join(columns)} from (values {', '.join(rows)}) as t(id, survey)"


def test_a_difference_is_the_reference_less_what_is_inferred(view):
    given = {
        "red_clump.evaluation": evaluation("(7, 'kepler_seismic')", "(8, 'gaia_dr2')"),
        "staging.vrard2016": "select unnest([7, 8]) as kic, 14.0 as delta_nu_uhz, 13.0 as delta_p_s",
    }
    rows = view("red_clump.parameter_differences", **given)
    found = {(row["parameter"], row["reference"]): (float(row["difference"]), float(row["sigma"])) for row in rows}
    for name in NAMES:
        own = f"{name}{UNITS[name]}"
        assert found[own, "label"] == (1, 0.5)
        assert found[own, "truth"] == (-2, 0.5)
        assert found[f"joint_{own}", "label"] == (0, 0.25)
        assert found[f"joint_{own}", "truth"] == (-3, 0.25)
        assert found[f"any_{own}", "label"] == (-1, 0.2)
    assert found["delta_p_s", "Vrard+2016"] == (3, 0.5)
    assert found["joint_delta_nu_uhz", "Vrard+2016"] == (3, 0.25)
    assert sum(row["reference"] == "Vrard+2016" for row in rows) == 6, "8 is no KIC in a table of another survey"


DIFFERENCES = "select '{}' as parameter, 'label' as reference, unnest([{}])::double as difference, 2.0::double as sigma"


def test_bias_and_spreads_of_four_differences(view):
    given = {
        "red_clump.parameter_differences": DIFFERENCES.format("teff_k", "-1.0, 1.0, 3.0, 9.0"),
        "red_clump.star_differences": DIFFERENCES.format("logg_all", "1.0, 1.0"),
        "red_clump.distance_differences": DIFFERENCES.format("distance", "-1.0, 1.0, 3.0, 9.0"),
    }
    rows = {row["parameter"]: row for row in view("red_clump.validation", **given)}
    teff = rows["teff_k"]
    assert (teff["n"], teff["bias"], teff["mean_absolute"], teff["typical_sigma"]) == (4, 3, 3.5, 2)
    assert teff["standard_deviation"] == pytest.approx(14**0.5), "of 16, 4, 0, 36"
    # from the median 2 they are 3, 1, 1, 7 away: the median of that is 2
    assert teff["robust_scatter"] == pytest.approx(1.4826 * 2, rel=1e-4)
    assert teff["pull_scatter"] == pytest.approx(1.4826, rel=1e-4)
    assert rows["distance"]["bias"] == 2, "the median"
    assert rows["logg_all"]["n"] == 2


def test_distances_too_long_are_positive_differences(view):
    """2.2 and, with the parallax, 2.1 kpc for 2; a parallax of 0.5 mas good to 4 %; a second star with a poor one."""
    ids = "'gaia_dr2' as survey, unnest([1, 2])::bigint as source_id"
    given = {
        "red_clump.distances": f"""
            select {ids}, 2.2 as distance_kpc, 0.22 as distance_kpc_error, 0.5 as true_parallax,
                unnest([0.02, 0.4]) as parallax_error
        """,
        "red_clump.bayesian_distances": f"select {ids}, 2.1 as distance_kpc, 0.105 as distance_kpc_error",
        "red_clump.truth": f"select {ids}, 2.0 as distance_kpc",
    }
    rows = view("red_clump.distance_differences", **given)
    found = {}
    for row in rows:
        found.setdefault((row["parameter"], row["reference"]), []).append((row["difference"], row["sigma"]))
    assert found["distance", "parallax"] == [(pytest.approx(0.1), pytest.approx((0.1**2 + 0.04**2) ** 0.5))]
    assert found["distance", "truth"] == [(pytest.approx(0.1), pytest.approx(0.1))] * 2
    assert found["distance_bayesian", "truth"] == [(pytest.approx(0.05), pytest.approx(0.05))] * 2
    assert len(found["distance", "truth, parallax better than 20 %"]) == 1


def test_extinction_of_a_latitude(view):
    """A_V is A_W1 times 16 / 0.789; median, 16 and 84 % of five stars at 0.01 to 0.05 mag."""
    ids, stars = "'gaia_dr2' as survey, i::bigint as source_id", "range(1, 6) as t(i)"
    given = {
        "red_clump.distances": f"select {ids}, 'G-W1' as recipe, -3.0 as b, i / 100 as extinction from {stars}",
        "red_clump.truth": f"select {ids}, 0.2::double as ebv from {stars}",
    }
    (row,) = view("red_clump.extinction_by_latitude", **given)
    assert (row["b_low_deg"], row["n"]) == (-5, 5)
    factor = 16 / 0.789
    assert row["a_v_median"] == pytest.approx(0.03 * factor)
    assert row["a_v_low"] == pytest.approx(0.0164 * factor), "0.64 of the way from the first to the second"
    assert row["a_v_high"] == pytest.approx(0.0436 * factor)
    assert row["a_v_true_median"] == pytest.approx(0.62)


def test_the_selection_function_is_a_share_of_the_red_clump(view):
    """Of four labelled red clump stars three are found, one of them in tier 1; the giant branch star does not count."""
    tiers = ("1", "2", "2", "null")
    rows = [f"{i}, true, .9, {tier}, 5, 1e-5, 4800, 4, 240" for i, tier in enumerate(tiers)]
    given = {"red_clump.binned": binned(*rows, "9, false, .9, 1, 5, 1e-5, 4800, 4, 240")}
    found = {row["tier"]: row for row in view("red_clump.selection_function", **given)}
    assert (found[1]["n_rc"], found[1]["n_true"], found[1]["completeness"]) == (4, 1, 0.25)
    assert (found[2]["n_rc"], found[2]["n_true"], found[2]["completeness"]) == (4, 3, 0.75)


def test_an_empty_cell_of_the_selection_function_is_a_row_with_zero(view):
    """Red clump stars at latitudes of 5 and 35 deg: the cells of 10 and 20 deg between them have a row each."""
    rows = ("1, true, .9, 1, 5, 1e-5, 4800, 4, 240", "2, true, .9, 2, 35, 1e-5, 4800, 4, 240")
    found = [r for r in view("red_clump.selection_function", **{"red_clump.binned": binned(*rows)}) if r["tier"] == 1]
    assert [(r["abs_b_low_deg"], r["n_rc"], r["n_true"], r["completeness"]) for r in found] == [
        (0, 1, 1, 1),
        (10, 0, 0, None),
        (20, 0, 0, None),
        (30, 1, 0, 0),
    ]
    assert [found[1][name] for name in ("completeness_low", "completeness_high")] == [None, None]
