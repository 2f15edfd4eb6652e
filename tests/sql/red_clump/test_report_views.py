"""Binned data of the report on tables small enough to count by hand."""

from __future__ import annotations

import math

import pytest

DIFFERENCES = """
    select 'teff_k' as parameter, 'label' as reference, difference::double as difference, inferred::double as inferred,
        10.0 as sigma
    from (values (4, 4801), (24, 4801), (-3, 4826), (1, 4930)) as t(difference, inferred)
"""


def test_comparison_cells_count_both_ways(view):
    rows = view("red_clump.comparison_cells", **{"red_clump.parameter_differences": DIFFERENCES})
    found = {(row["reference_low"], row["inferred_low"]): row["n"] for row in rows}
    assert found == {(4800, 4800): 1, (4825, 4800): 1, (4800, 4825): 1, (4925, 4925): 1}
    assert rows[0]["cell_width"] == 25


def test_residual_bins_hold_five_cells(view):
    rows = view("red_clump.residual_bins", **{"red_clump.parameter_differences": DIFFERENCES})
    assert [(row["inferred_low"], row["n"], row["difference_median"]) for row in rows] == [(4750, 3, 4), (4875, 1, 1)]
    assert rows[0]["sigma_median"] == 10


def test_pulls_are_shares_of_a_parameter(view):
    rows = view("red_clump.pulls", **{"red_clump.parameter_differences": DIFFERENCES})
    assert [(row["pull_low"], row["share"]) for row in rows] == [(-0.5, 0.25), (0.0, 0.25), (0.25, 0.25), (2.25, 0.25)]


def test_sigma_bins_split_by_temperature(view):
    errors = """
        select 'logg' as parameter, 'parallax' as input, teff_k, 2.0 as logg, sigma, 0.11 as input_error
        from (values (4600, 0.2), (4600, 0.4), (4800, 0.9)) as t(teff_k, sigma)
    """
    rows = view("red_clump.sigma_bins", **{"red_clump.input_errors": errors})
    found = {row["subset"]: (row["n"], row["sigma_median"]) for row in rows}
    assert {name: n for name, (n, _) in found.items()} == {
        "all": 3,
        "Teff < 4700 K": 2,
        "Teff > 4700 K": 1,
        "log g < 2.5": 3,
    }
    assert float(found["Teff < 4700 K"][1]) == pytest.approx(0.3)
    assert rows[0]["input_error_low"] == pytest.approx(0.1)


def test_gradient_cells_are_ten_by_ten(view):
    stars = "select 'gaia_dr2' as survey, i as source_id"
    giants = f"{stars}, 4000 + 10.0 * i as teff_k, 1 + 0.02 * i as logg from range(101) as t(i)"
    names = ["teff_k", "logg", "delta_nu_uhz", "delta_p_s", "joint_delta_p_s", "p_rc"]
    values = ", ".join(f"i + {k} as {kind}_{name}" for kind in ("d", "step") for k, name in enumerate(names))
    gradients = f"select 'gaia_dr2' as survey, i as source_id, 'h_m' as input, {values} from range(101) as t(i)"
    rows = view("red_clump.gradient_cells", **{"red_clump.evaluation": giants, "red_clump.gradients": gradients})
    assert len(rows) == 10, "one on the diagonal for each tenth of the range"
    assert sum(row["n"] for row in rows) in (98, 99)
    first = rows[0]
    assert (first["teff_low_k"], first["teff_width_k"]) == (pytest.approx(4010), pytest.approx(98))
    assert first["d_logg"] - first["d_teff_k"] == 1
    assert first["d_teff_k"] == pytest.approx((1 + 10) / 2, abs=0.5)


def test_strength_is_a_ratio_of_medians(view):
    giants = """
        select 'gaia_dr2' as survey, i as source_id, 4800.0 as teff_k, if(i < 3, 2.5, 3.0) as logg from range(4) as t(i)
    """
    gradients = """
        select 'gaia_dr2' as survey,
            i as source_id, 'h_m' as input, 100.0 * (i + 1) as d_delta_p_s, 0 as d_joint_delta_p_s,
            -50.0 as d_teff_k, 2.0 as d_logg
        from range(4) as t(i)
    """
    given = {
        "red_clump.evaluation": giants,
        "red_clump.gradients": gradients,
        "photometric.bands": "select 'h' as band, 'h_m' as magnitude_column, 1.65 as wavelength_um",
        "red_clump.expected_changes": "select 'h' as band, 0.004 as change_mag",
    }
    (row,) = view("red_clump.gradient_strength", **given)
    assert (row["n"], row["d_delta_p_s"], row["strength_by_teff"], row["strength"]) == (3, 200, 4, 2)
    assert float(row["change_mag"]) == 0.004


def test_the_anchor_asks_for_another_zero_point(view, connection):
    distances = """
        select 'G-W1' as recipe, -1.58 as absolute_magnitude, 0.5 as true_parallax, 0.01 as parallax_error
    """
    (row,) = view("red_clump.anchor", **{"red_clump.distances": distances})
    assert float(row["anchor_difference"]) == pytest.approx(0.1)
    moved = 0.5 + -0.04 - row["anchored_zero_point"]
    assert 5 * math.log10(moved / 0.5) == pytest.approx(-0.1)


def test_galactic_cells_leave_the_halo_out_of_the_plane(view):
    catalogue = """
        select * from (values (8.0, 0.1, 0.1, 1), (8.0, 0.1, 5.0, 2), (8.0, 0.1, null, null))
            as t(x_kpc, y_kpc, z_kpc, tier)
    """
    rows = view("red_clump.galactic_cells", **{"red_clump.catalogue": catalogue})
    assert sum(row["n"] for row in rows if row["plane"] == "X-Y") == 1
    assert sum(row["n"] for row in rows if row["plane"] == "X-Z") == 2
    assert sum(row["n_tier_1"] for row in rows) == 2
