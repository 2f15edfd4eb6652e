"""Tiers, bins, thresholds and rankings on tables small enough to count by hand."""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import Galactocentric, SkyCoord

BINNED = """
    select 'gaia_dr2' as survey,
            i as source_id, i % 5 as fold, is_rc, is_rc as is_rc_by_phase, p_rc, tier, b, g_error_ratio,
        14.5::real as phot_g_mean_mag, 0.65::real as j_ks, p_rc as joint_p_rc, 'asteroseismic' as labels,
        'Gaia parallax' as band_set, teff_k, delta_nu_uhz, delta_p_s,
        96 as teff_bin, 24 as logg_bin, 4 as delta_nu_bin, 13 as delta_p_bin, 95 as teff_label_bin, 24 as logg_label_bin
    from (values {}) as t(i, is_rc, p_rc, tier, b, g_error_ratio, teff_k, delta_nu_uhz, delta_p_s)
"""


def binned(*rows: str) -> str:
    return BINNED.format(", ".join(f"({row})" for row in rows))


def macro(connection, call: str):
    return connection.execute(f"select {call}").fetchone()[0]


@pytest.mark.parametrize(
    ("parameters", "tier"),
    [
        ("4701, 5.24, 265.1, 0.5", 1),
        ("4700, 5.24, 265.1, 0.5", 2),
        ("4701, 5.25, 265.1, 0.5", 2),
        ("4701, 5.24, 265, 0.5", 2),
        ("4000, 5.49, 225.1, 0.5", 2),
        ("4000, 5.50, 225.1, 0.99", None),
        ("4000, 5.49, 225, 0.99", None),
        ("4000, 5.49, null, 0.89", 1),
        ("4000, null, null, 0.70", 2),
        ("4000, null, null, 0.60", None),
    ],
)
def test_tiers_stand_at_the_boundaries_of_table_1(connection, parameters, tier):
    assert macro(connection, f"red_clump.tier({parameters})") == tier


@pytest.mark.parametrize(
    ("parameters", "giant"),
    [("4800, 3.49", True), ("4800, 3.5", False), ("5500, 3", False), ("2500, 3", False), ("2501, 3", True)],
)
def test_giants_stand_at_the_boundaries_of_section_3_2(connection, parameters, giant):
    assert macro(connection, f"red_clump.is_giant({parameters})") is giant


def test_labels_without_delta_p_say_nothing(connection):
    assert macro(connection, "red_clump.is_red_clump(null, 250, 4)") is True
    assert macro(connection, "red_clump.is_red_clump(null, 200, 4)") is False
    assert macro(connection, "red_clump.is_red_clump(null, 250, 8.5)") is False
    assert macro(connection, "red_clump.is_red_clump(null, null, 4)") is None
    assert macro(connection, "red_clump.is_red_clump('RGB', 250, 4)") is False


SILENT = ", ".join(
    f"null::real as any_{name}, null::real as any_{name}_error"
    for name in ("teff_k", "logg", "feh", "delta_nu_uhz", "delta_p_s")
)


def test_giants_beyond_the_labels_have_no_tier_and_no_probability(view):
    scores = f"""
        select 1 as source_id, logg, joint_feh, 4800 as teff_k, 4.0 as delta_nu_uhz, 280 as delta_p_s, 0.9 as p_rc,
            4800 as teff_all_k, 2.5 as logg_all, inside_hull, 60.0 as teff_k_error, 0.1 as logg_error,
            0.3 as delta_nu_uhz_error, 30.0 as delta_p_s_error, 0.9 as joint_p_rc, 0.8 as p_rc_photometric,
            {SILENT}
        from (values (2.5, 0.0, true), (1.9, 0.0, null), (2.5, -1.0, true), (2.5, null, null), (2.5, 0.0, false))
            as t(logg, joint_feh, inside_hull)
    """
    view("red_clump.judged", "select 1", **{"red_clump.scores": scores})
    rows = view("red_clump.giants", "select tier, p_rc from red_clump.giants")
    found = [(row["tier"], row["p_rc"] and float(row["p_rc"])) for row in rows]
    assert found == [(1, 0.9), (None, None), (None, None), (1, 0.9)]


def test_the_network_for_any_bands_speaks_first(view):
    """Where it says something, tier and log g are its own; a star of which nothing is known is no giant."""
    columns = "teff_k, delta_nu_uhz, delta_p_s, logg, any_teff_k, any_delta_nu_uhz, any_delta_p_s, any_logg, p_rc"
    errors = [f"0.1 as {name}_error" for name in ("teff_k", "logg", "delta_nu_uhz", "delta_p_s")]
    any_errors = [f"0.1 as any_{name}_error" for name in ("teff_k", "logg", "delta_nu_uhz", "delta_p_s")]
    scores = f"""
        select *, null as teff_all_k, null as logg_all, null as joint_feh, null as any_feh, null as inside_hull,
            null as joint_p_rc, 0.7 as p_rc_photometric, {", ".join(errors + any_errors)}
        from (values
            (4800, 4.0, 280, 2.5, 4600, 4.0, 100, 2.6, 0.1), (null, null, null, null, 4800, 4.0, 280, 2.5, 0.9),
            (4800, 4.0, 280, 2.5, null, null, null, null, null), (null, null, null, null, null, null, null, null, null)
        ) as t({columns})
    """
    query = "select refusal from red_clump.judged"
    refusals = [row["refusal"] for row in view("red_clump.judged", query, **{"red_clump.scores": scores})]
    assert refusals == ["not red clump by the cuts of tier 2", None, None, "too few bands"]
    rows = view("red_clump.giants", "select tier, logg, delta_p_s from red_clump.giants")
    found = [(row["tier"], float(row["logg"]), int(row["delta_p_s"])) for row in rows]
    assert found == [(None, 2.6, 100), (1, 2.5, 280), (1, 2.5, 280)]


def test_a_set_of_bands(connection):
    bands = macro(connection, "red_clump.band_list(14, 15, 13, 1, null, 1, 1, 1, 12, 11, 10, null, null, -0.2)")
    assert bands == "G BP RP g i z y J H Ks parallax"
    assert macro(connection, f"red_clump.band_set('{bands}')") == "Gaia (PS1) 2MASS parallax"
    assert macro(connection, "red_clump.band_set('J Ks W1 W2')") == "(2MASS) WISE"
    assert macro(connection, "red_clump.band_set('')") == ""


def test_another_share_multiplies_the_odds(connection):
    """P 0.5, learnt where 45 % are red clump, where 20 % are: odds 1 (0.25 / 1) / (0.45 / 0.55)."""
    odds = (0.2 / 0.8) / (0.45 / 0.55)
    assert macro(connection, "red_clump.with_share(0.5, 0.2)") == pytest.approx(odds / (1 + odds))
    assert macro(connection, "red_clump.with_share(0.8, 0.45)") == pytest.approx(0.8)


def test_tiers_count_regions(view):
    given = {
        "red_clump.binned": binned(
            "1, true, .9, 1, 10, 1e-5, 4800, 4, 280",
            "2, true, .8, 2, 40, 1e-5, 4800, 4, 240",
            "3, false, .7, 2, 40, 1e-5, 4800, 4, 240",
            "4, false, .1, null, 5, 1e-5, 4800, 7, 80",
        ),
        "red_clump.catalogue": "select 7 as source_id, 1::tinyint as tier, -31.0 as b",
    }
    rows = view("red_clump.tiers", **given)
    found = {(row["tier"], row["region"]): row for row in rows}
    assert found[1, "all"] == {
        "tier": 1,
        "region": "all",
        "n": 1,
        "contamination": 0.0,
        "completeness": 0.5,
        "base_rate": 0.5,
    }
    assert found[2, "all"]["contamination"] == pytest.approx(1 / 3)
    assert found[2, "|b| > 30 deg"]["completeness"] == 1
    assert found[1, "|b| > 30 deg"]["contamination"] is None
    assert found[2, "|b| > 30 deg"]["n"] == 1


def test_a_two_dimensional_bin_counts_what_it_finds(view):
    given = {
        "red_clump.binned": binned(
            "1, true, .9, 1, 10, 1e-5, 4800, 4, 280",
            "2, true, .8, null, 40, 1e-5, 4800, 4, 200",
            "3, false, .7, 2, 40, 1e-5, 4800, 4, 240",
        )
    }
    rows = {row["tier"]: row for row in view("red_clump.bins_2d", **given)}
    assert (rows[1]["contamination"], rows[1]["completeness"]) == (0.0, 0.5)
    assert (rows[2]["contamination"], rows[2]["completeness"]) == (0.5, 0.5)
    assert rows[1]["teff_low_k"] == 4800
    assert float(rows[1]["logg_low"]) == 2.4


def test_a_bin_is_judged_by_other_folds_only(view, connection):
    rows = [f"{i}, {'true' if i % 5 else 'false'}, .5, 1, 10, 1e-5, 4800, 4, 280" for i in range(50)]
    connection.execute("create or replace macro cuts.pooled_stars() as 0")
    given = {
        "red_clump.binned": binned(*rows),
        "red_clump.baseline": "select 'gaia_dr2' as survey, 0::bigint as source_id, 0.5::real as p_rc_baseline",
    }
    view("red_clump.bin_sets", "select 1", **given)
    ranked = view("red_clump.ranked", "select distinct is_rc, worth from red_clump.ranked where method = 'bins_4d'")
    worths = {row["is_rc"]: row["worth"] for row in ranked}
    assert worths == {False: 1.0, True: 0.75}


def test_roc_of_a_perfect_and_a_useless_ranking(view):
    ranked = """
        select 'good' as method, 'l' as labels, 'all' as bands, i as source_id, i < 50 as is_rc,
            null::boolean as is_rc_by_phase, 100.0 - i as worth
        from range(100) as t(i)
        union all
        select 'none' as method, 'l' as labels, 'all' as bands, i as source_id, i < 50 as is_rc,
            null as is_rc_by_phase, 1.0 as worth
        from range(100) as t(i)
    """
    rows = view("red_clump.roc", **{"red_clump.ranked": ranked})
    good = [row for row in rows if row["method"] == "good"]
    assert {row["contamination"] for row in good if row["completeness"] < 1} == {0.0}
    assert len(good) == 50
    none = [row for row in rows if row["method"] == "none"]
    assert [(row["completeness"], row["contamination"], row["n_selected"]) for row in none] == [(1.0, 0.5, 100)]
    assert none[0]["base_rate"] == 0.5
    assert none[0]["contamination_low"] < 0.5 < none[0]["contamination_high"]


def test_thresholds_are_judged_on_giants_that_did_not_choose_them(view):
    rows = [
        f"{i}, {'true' if dp > 240 else 'false'}, {dp / 400}, 1, 10, 1e-5, 4800, 4, {dp}"
        for i, dp in enumerate(range(60, 340, 2))
    ]
    view("red_clump.candidate_cuts", "select 1", **{"red_clump.binned": binned(*rows)})
    found = view("red_clump.thresholds", "from red_clump.thresholds('contamination', 0.0)")
    by_method = {row["method"]: row for row in found}
    assert by_method["delta_p"]["min_delta_p_s"] == 240
    assert by_method["delta_p"]["contamination"] == 0
    assert by_method["delta_p"]["completeness"] == 1
    assert by_method["p_rc"]["min_p_rc"] == pytest.approx(0.6, abs=0.011)
    assert by_method["delta_p"]["n_selected"] < 30


def test_calibration_of_a_bin(view):
    rows = [f"{i}, {'true' if i < 8 else 'false'}, 0.82, 1, 10, 1e-5, 4800, 4, 280" for i in range(10)]
    of_set, row = view("red_clump.calibration", **{"red_clump.binned": binned(*rows)})
    assert (row["labels"], row["bands"], of_set["bands"]) == ("asteroseismic", "all", "Gaia parallax")
    assert (row["n"], row["rc_share"], round(row["p_rc_low"], 6)) == (10, 0.8, 0.8)
    assert row["rc_share_low"] < 0.8 < row["rc_share_high"]


def test_positions_are_right_handed_as_those_of_astropy(view):
    places = [(0, 0, 2.0), (90, 0, 1.0), (200, -35, 4.5), (330, 60, 0.7)]
    giants = ", ".join(f"({i}, {lon}, {lat})" for i, (lon, lat, _) in enumerate(places))
    distances = ", ".join(f"({i}, {d}, 0.1)" for i, (_, _, d) in enumerate(places))
    names = ("teff_k", "logg", "delta_p_s", "delta_nu_uhz")
    nulls = ", ".join(f"null as {name}, null as {name}_error" for name in names)
    rows = view(
        "red_clump.catalogue",
        **{
            "red_clump.giants": f"select *, 'gaia_dr2' as survey, 0 as ra, 0 as dec, {nulls}, 0.9 as p_rc, "
            f"0.8 as p_rc_photometric, 'G' as bands, 1 as tier, "
            f"null as refusal from (values {giants}) as t(source_id, l, b)",
            "red_clump.distances": "select *, 'gaia_dr2' as survey, 'G-W1, shipped' as distance_recipe "
            f"from (values {distances}) as t(source_id, distance_kpc, distance_kpc_error)",
        },
    )
    lon, lat, d = zip(*places, strict=True)
    place = SkyCoord(l=lon * u.deg, b=lat * u.deg, distance=d * u.kpc, frame="galactic")
    wanted = place.transform_to(Galactocentric(galcen_distance=8.3 * u.kpc, z_sun=0 * u.pc))
    found = {row["source_id"]: row for row in rows}
    for axis in "xyz":
        seen = [found[i][f"{axis}_kpc"] for i in range(len(places))]
        np.testing.assert_allclose(seen, getattr(wanted, axis).to_value(u.kpc), atol=1e-4)
    assert found[0]["x_kpc"] == pytest.approx(-6.3)
    assert found[1]["y_kpc"] == pytest.approx(1.0)


def test_one_population_is_judged(view):
    """Labelled giants that the catalogue would refuse, beyond the hull or the labels, are in no curve."""
    evaluation = """
        select 'gaia_dr2' as survey, i as source_id, 0 as fold, rc as is_rc, rc as is_rc_by_phase, 0.9 as p_rc,
            0.9 as joint_p_rc, 'seismic' as label_table, 'J Ks' as bands,
            1 as tier, 5.0 as b, 1e-5 as g_error_ratio, 14.5 as phot_g_mean_mag, 0.65 as j_ks, 4810.0 as teff_k,
            2.45 as logg,
            4.2 as delta_nu_uhz, 269.0 as delta_p_s, 4760.0 as teff_label_k, 2.55 as logg_label, known as is_known,
            labelled as is_in_label_range
        from (values (1, true, true, true), (2, true, false, true), (3, true, true, false), (4, null, true, true),
            (5, false, true, true)) as t(i, rc, known, labelled)
    """
    rows = {row["source_id"]: row for row in view("red_clump.binned", **{"red_clump.evaluation": evaluation})}
    assert sorted(rows) == [1, 5]
    bins = [rows[1][f"{name}_bin"] for name in ("teff", "logg", "delta_nu", "delta_p", "teff_label", "logg_label")]
    assert bins == [96, 24, 4, 13, 95, 25]


def test_teff_and_logg_of_all_stars_are_validated(view):
    """Reference minus inferred: the label 100 K above, the truth 50 K below; a dwarf counts as a giant does."""
    stars = (
        "select 'gaia_dr2' as survey, i as source_id, {} from (values (1, 4800.0, 2.4), (2, 5800.0, 4.4)) as t(i, t, g)"
    )
    given = {
        "red_clump.held_out": stars.format(
            "t as teff_all_k, 90.0 as teff_all_k_error, g as logg_all, 0.3 as logg_all_error"
        ),
        "red_clump.labels": stars.format("t + 100 as teff_k, g + 0.1 as logg"),
        "red_clump.truth": stars.format("t - 50 as teff_k, g - 0.2 as logg") + " where i = 2",
    }
    rows = view("red_clump.star_differences", **given)
    found = sorted((row["parameter"], row["reference"], round(float(row["difference"]), 6)) for row in rows)
    assert found == [
        ("logg_all", "label", 0.1),
        ("logg_all", "label", 0.1),
        ("logg_all", "truth", -0.2),
        ("teff_all_k", "label", 100),
        ("teff_all_k", "label", 100),
        ("teff_all_k", "truth", -50),
    ]
