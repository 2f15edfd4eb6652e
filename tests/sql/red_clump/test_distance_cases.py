"""Views of `sql/red_clump`, each over a few rows that can be checked by hand."""

from __future__ import annotations

import hashlib
import math
from math import hypot, log, pi, sqrt

import pytest
from candlesql.tests.sql.tables import Case, robust

LN10 = log(10)
RECIPE = "recipe, colour, colour_slope, colour_error, absolute_magnitude, magnitude_slope, magnitude_error, slope_error, width"


def calibrators(shipped_magnitude: float, shipped_slope_error: float, good: int = 40) -> dict[str, str]:
    """Of a recipe 8 good stars in each of five folds (magnitude -1.62 + 0.5 x +- 0.05, x = +- 0.1), and four that do
    not count: of a poor parallax, reddened, without a parallax, a contaminant."""
    return {
        "red_clump.dereddened": f"""
            select 'G-W1' as recipe, i % 5 as fold, 0.01 as parallax_error, 1.0 as true_parallax, 0.02 as magnitude_error,
                90.0 as b, -0.05 as extinction, (i // 5 % 2 - 0.5) * 0.2 as predictor,
                -1.62 + 0.5 * predictor + (i // 10 % 2 - 0.5) * 0.1 as parallax_magnitude
            from range({good}) as t(i)
            union all values ('G-W1', 9, 0.06, 1.0, 0.02, 90.0, 0.0, 7.0, -1.62), ('G-W1', 9, 0.01, 1.0, 0.02, 90.0, 0.2, 7.0, -1.62),
                ('G-W1', 9, 0.01, 1.0, 0.02, 90.0, 0.0, 7.0, null), ('G-W1', 9, 0.01, 1.0, 0.02, 90.0, 0.0, 7.0, -3.0)
        """,
        f"red_clump.shipped_recipes({RECIPE})": f"""
            ('G-W1', 2.2, -0.8, 0.02, {shipped_magnitude}, 0.2, 0.041, {shipped_slope_error}, 0.123),
            ('J-Ks', 0.6, -0.3, 0.02, -1.5, 0.2, 0.039, 0.144, 0.1)
        """,
    }


SCATTER = 1.482602218505602 * 0.05
NOISE = (5 / LN10 * 0.01) ** 2 + 0.02**2 + (0.2 * math.exp(-1 / 0.3)) ** 2
FIT_ERROR = sqrt(pi / 2 * SCATTER**2 / 32 + (5 / LN10 * 0.01) ** 2)
WIDTH = sqrt(SCATTER**2 - NOISE)
NO_STARS = ("J-Ks", 0, 0, False, None, -1.5, 0.2, 0.1, 0.039)
FITS = "recipe, fold, n, is_fitted, scatter, intercept, slope, width, error"


def fold_of(*rows: tuple) -> list[tuple]:
    """The first fold is like the others."""
    return [(row[0], fold, *row[2:]) for row in rows for fold in range(5)]


MAGNITUDES = [
    Case("red_clump.absolute_magnitudes", FITS, given=calibrators(-1.6, 0.144), rows=fold_of(
        ("G-W1", 0, 32, True, SCATTER, -1.62, 0.5, WIDTH, FIT_ERROR), NO_STARS)),
    # the shipped slope is better known: the stars are then 0.02 and 0.08 from the middle
    Case("red_clump.absolute_magnitudes", FITS, given=calibrators(-1.6, 0.1), rows=fold_of(
        ("G-W1", 0, 32, True, SCATTER, -1.62, 0.2, WIDTH, FIT_ERROR), NO_STARS)),
    # five joint errors of 0.049 mag
    Case("red_clump.absolute_magnitudes", FITS, given=calibrators(-1.37, 0.144), rows=fold_of(
        ("G-W1", 0, 32, False, SCATTER, -1.37, 0.2, WIDTH, 0.041), NO_STARS)),
    Case("red_clump.absolute_magnitudes", FITS, given=calibrators(-1.38, 0.144), rows=fold_of(
        ("G-W1", 0, 32, True, SCATTER, -1.62, 0.5, WIDTH, FIT_ERROR), NO_STARS)),
    # 24 stars in the other folds are too few for a line, and for a width
    Case("red_clump.absolute_magnitudes", "recipe, fold, n, is_fitted, intercept, slope, width, error",
         given=calibrators(-1.6, 0.144, good=30),
         rows=fold_of(("G-W1", 0, 24, False, -1.6, 0.2, 0.123, 0.041), ("J-Ks", 0, 0, False, -1.5, 0.2, 0.1, 0.039))),
]  # fmt: skip


def colours(shipped_colour: float, error: float, good: int = 75) -> dict[str, str]:
    """Of a recipe 15 stars in each of five folds, at 4800 K +- 100 K: 2.2 +- 0.08 by Teff, +- 0.03 beside; more at b = 40."""
    return {
        "red_clump.candles": f"""
            select 'G-W1' as recipe, i % 5 as fold, -40.1 as b, 4700.0 + i // 5 % 3 * 100 as teff_k,
                2.2 + 0.0008 * (teff_k - 4800) + (i % 2 - 0.5) * 0.06 as colour
            from range({good}) as t(i)
            union all select 'G-W1', 9, 40.0, 4800.0, 9.0 from range(100)
        """,
        f"red_clump.shipped_recipes({RECIPE})": f"""
            ('G-W1', {shipped_colour}, -0.9, {error}, -1.6, 0.2, 0.041, 0.1, 0.1), ('J-Ks', 0.6, -0.3, 0.02, -1.5, 0.2, 0.039, 0.1, 0.1)
        """,
    }


def fitted_colour(given_fold: int) -> tuple[int, float, float, float]:
    """Number, colour at 4800 K, slope per 1000 K and error of the stars of the other folds, by normal equations."""
    import numpy as np

    i = np.array([i for i in range(75) if i % 5 != given_fold])
    x = (i // 5 % 3 - 1) * 0.1
    y = 2.2 + 0.8 * x + (i % 2 - 0.5) * 0.06
    (slope, at), (left,) = np.polyfit(x, y, 1), np.polyfit(x, y, 1, full=True)[1]
    return len(i), float(at), float(slope), sqrt(left) / len(i)


INTRINSIC = "recipe, fold, n, is_fitted, colour, slope, error"
NO_COLOURS = [("J-Ks", fold, 0, False, 0.6, -0.3, 0.02) for fold in range(5)]
COLOURS = [
    Case("red_clump.intrinsic_colours", INTRINSIC, given=colours(2.22, 0.02), rows=[
        ("G-W1", fold, n, True, at, slope, error) for fold in range(5) for n, at, slope, error in [fitted_colour(fold)]
    ] + NO_COLOURS),
    # five joint errors of 0.0204 mag
    Case("red_clump.intrinsic_colours", INTRINSIC, given=colours(2.31, 0.02), rows=[
        ("G-W1", fold, 60, False, 2.31, -0.9, 0.02) for fold in range(5)] + NO_COLOURS),
    Case("red_clump.intrinsic_colours", "is_fitted", given=colours(2.295, 0.02), rows=[(False,)] * 5 + [(True,)] * 5),
    Case("red_clump.intrinsic_colours", INTRINSIC, given=colours(2.2, 0.003), rows=[
        ("G-W1", fold, 60, False, 2.2, -0.9, 0.003) for fold in range(5)] + NO_COLOURS),
    Case("red_clump.intrinsic_colours", INTRINSIC, given=colours(2.2, 0.02, good=60), rows=[
        ("G-W1", fold, 48, False, 2.2, -0.9, 0.02) for fold in range(5)] + NO_COLOURS),
]  # fmt: skip

CANDLE = """select 'gaia_dr2' as survey, 7::bigint as source_id, 2::tinyint as tier, 10.0 as l, 5.0 as b, 0.8 as p_rc, 0.7 as p_rc_photometric,
    0.05 as parallax_error, 0.5 as parallax, -0.04 as parallax_zero_point, 4700.0 as teff_photometric_k, 60.0 as teff_photometric_k_error,
    4750.0 as teff_k, 70.0 as teff_k_error, 4790.0 as joint_teff_k, 90.0 as joint_teff_k_error, 13.0 as phot_g_mean_mag,
    10.7 as w1mpro, 10.8 as w2mpro, 11.5 as j_m, 11.0 as h_m, 10.9 as ks_m, 0.02 as j_m_error, 0.03 as h_m_error, 0.04 as ks_m_error,
    0.05 as w1mpro_error, 0.06 as w2mpro_error"""
CANDLES = "recipe, true_parallax, parallax_error, teff_k, teff_k_error, magnitude, colour, extinction_ratio, magnitude_error, fold"
FOLD = int.from_bytes(hashlib.md5(b"distance:7").digest()[8:], "little") % 5


def candle(replaced: str = "") -> dict[str, str]:
    """A selected star, another that is not, and one without Teff."""
    star = f"select * replace ({replaced}) from ({CANDLE})" if replaced else CANDLE
    no_teff = f"select * replace (null::double as teff_photometric_k, null::double as teff_k, null::double as joint_teff_k) from ({CANDLE})"
    return {"red_clump.giants": f"{star} union all select * replace (null as tier) from ({CANDLE}) union all {no_teff}"}


CANDLE_CASES = [
    Case("red_clump.candles", CANDLES, given=candle(), rows=[
        ("G-W1", 0.54, 0.05, 4700.0, 60.0, 10.7, 2.3, 1 / 15, 0.05 * 16 / 15, FOLD)]),
    Case("red_clump.candles", CANDLES, given=candle("null::double as w1mpro, null::double as teff_photometric_k, null::double as teff_photometric_k_error"),
         rows=[("H-W2", 0.54, 0.05, 4750.0, 70.0, 10.9, 0.2, 0.743,
                sqrt(0.04**2 + 0.743**2 * (0.03**2 + 0.06**2)), FOLD)]),
    Case("red_clump.candles", CANDLES, given=candle("""null::double as phot_g_mean_mag, null::double as teff_photometric_k, null::double as
         teff_photometric_k_error, null::double as teff_k, null::double as teff_k_error"""),
         rows=[("H-W2", 0.54, 0.05, 4790.0, 90.0, 10.9, 0.2, 0.743,
                sqrt(0.04**2 + 0.743**2 * (0.03**2 + 0.06**2)), FOLD)]),
    Case("red_clump.candles", CANDLES, given=candle("""null::double as w1mpro, null::double as w2mpro, null::double as teff_photometric_k_error,
         null::double as teff_k_error, null::double as joint_teff_k_error"""),
         rows=[("J-Ks", 0.54, 0.05, 4700.0, 80.0, 10.9, 0.6, 0.473, hypot(0.04 * 1.473, 0.02 * 0.473), FOLD)]),
    Case("red_clump.candles", CANDLES, given=candle("null::double as w1mpro, null::double as h_m, null::double as j_m_error, null::double as ks_m_error"),
         rows=[("J-Ks", 0.54, 0.05, 4700.0, 60.0, 10.9, 0.6, 0.473, hypot(0.03 * 1.473, 0.03 * 0.473), FOLD)]),
    Case("red_clump.candles", "recipe, magnitude_error", given=candle("null::double as w1mpro_error"),
         rows=[("G-W1", 0.03 * 16 / 15)]),
    Case("red_clump.candles", "recipe, magnitude_error",
         given=candle("null::double as w1mpro, null::double as h_m_error, null::double as w2mpro_error"),
         rows=[("H-W2", sqrt(0.04**2 + 0.743**2 * 2 * 0.03**2))]),
    Case("red_clump.candles", "recipe", given=candle("null::double as w1mpro, null::double as ks_m"), rows=[]),
    Case("red_clump.candles", "recipe", given=candle("null::double as w1mpro, null::double as h_m, null::double as j_m"), rows=[]),
]  # fmt: skip

DEREDDENED = {
    "red_clump.candles(survey, source_id, recipe, fold, magnitude, magnitude_error, teff_k, teff_k_error, colour, extinction_ratio, true_parallax)":
    "('s', 1, 'G-W1', 2, 10.0, 0.02, 4600.0, 50.0, 2.5, 0.07, 0.4), ('s', 2, 'G-W1', 2, 10.0, 0.02, 4600.0, 50.0, 2.5, 0.07, -0.4),"
    "('s', 3, 'J-Ks', 2, 10.0, 0.02, 4600.0, 50.0, 2.5, 0.07, 0.4)",
    "red_clump.intrinsic_colours(recipe, fold, colour, slope, error, is_fitted)":
    "('G-W1', 2, 2.2, -0.8, 0.02, true), ('G-W1', 3, 9.9, -0.8, 0.02, false)",
}  # fmt: skip
# at 4600 K 2.2 + 0.16, an excess of 0.14
EXTINCTION = 0.07 * 0.14
CATALOGUE_CASES = [
    Case("red_clump.dereddened", """source_id, predictor, extinction, magnitude, magnitude_error, magnitude_per_teff_error, colour_error,
         law_error, parallax_magnitude, is_colour_fitted""", given=DEREDDENED, rows=[
        (1, -0.2, EXTINCTION, 10 - EXTINCTION, 0.02, 0.07 * -0.8 * 0.05, 0.07 * 0.02, EXTINCTION * 0.2,
         10 - EXTINCTION + 5 * math.log10(0.4) - 10, True),
        (2, -0.2, EXTINCTION, 10 - EXTINCTION, 0.02, 0.07 * -0.8 * 0.05, 0.07 * 0.02, EXTINCTION * 0.2, None, True)]),
    Case("red_clump.distances", "source_id, absolute_magnitude, distance_kpc, modulus_error, distance_kpc_error, distance_recipe", given={
        """red_clump.dereddened(survey, source_id, recipe, fold, b, extinction, true_parallax, parallax_error, predictor, magnitude,
        magnitude_per_teff_error, magnitude_error, teff_k_error, colour_error, law_error, is_colour_fitted)""":
        """('s', 1, 'G-W1', 0, 30.0, 0.1, 0.5, 0.05, 0.5, 8.5, 0.03, 0.04, 100.0, 0.05, 0.06, true),
           ('s', 2, 'G-W1', 0, 30.0, 0.1, 0.5, 0.05, 0.5, 8.5, 0.03, 0.04, 100.0, 0.05, 0.06, false),
           ('s', 3, 'G-W1', 1, 30.0, 0.1, 0.5, 0.05, 0.5, 8.5, 0.03, 0.04, 100.0, 0.05, 0.06, true),
           ('s', 4, 'G-W1', 1, 30.0, 0.1, 0.5, 0.05, 0.5, 8.5, 0.03, 0.04, 100.0, 0.05, 0.06, false)""",
        "red_clump.absolute_magnitudes(recipe, fold, intercept, slope, width, error, is_fitted)":
        "('G-W1', 0, -1.6, 0.2, 0.1, 0.07, true), ('G-W1', 1, -1.6, 0.2, 0.1, 0.07, false)"},
        # a modulus of 10 is 1 kpc, 0.5 kpc above the plane at b = 30 deg
        rows=[(n, -1.5, 1.0, e, e * LN10 / 5, r) for e in [sqrt(
            0.1**2 + (0.2 * math.exp(-0.5 / 0.3)) ** 2 + 0.04**2 + (0.03 - 0.2 * 0.1) ** 2 + 0.05**2 + 0.06**2 + 0.07**2
        )] for n, r in [(1, "G-W1, fitted here"), (2, "G-W1, magnitude fitted here"), (3, "G-W1, colour fitted here"),
                        (4, "G-W1, shipped")]]),
    Case("red_clump.anchor", "recipe, n, absolute_magnitude_median, anchor_mag, anchor_difference, anchored_zero_point", given={
        "red_clump.distances(recipe, absolute_magnitude, true_parallax, parallax_error)":
        """('G-W1', -1.5, 1.0, 0.04), ('G-W1', -1.6, 2.0, 0.08), ('G-W1', -1.4, 9.0, 0.9), ('G-W1', -1.55, -3.0, 0.01),
           ('G-W1', -1.45, 0.0, 0.01), ('J-Ks', -1.2, 0.0, 0.1), ('G-W1', -1.51, 4.0, 0.16)"""},
        rows=[("G-W1", 6, -1.505, -1.68, 0.175, -0.04 + 2.0 * (1 - 10 ** (-0.175 / 5))), ("J-Ks", 1, -1.2, None, None, None)]),
    Case("red_clump.fitted", "quantity, origin, n", given={
        "red_clump.distances(distance_recipe)": "('a'), ('b'), ('b')"}, rows=[("distances", "b", 2), ("distances", "a", 1)]),
    Case("red_clump.precision", "source_id, distance_gaia_kpc_error, error_ratio", given={
        "red_clump.distances(survey, source_id, distance_kpc, distance_kpc_error, parallax_error)": "('s', 1, 3.0, 0.2, 0.04)"},
        rows=[(1, 0.36, 1.8)]),
    # a star of W1 = -1.68 is 10 mag fainter at 1 kpc
    Case("red_clump.gain", "distance_low_kpc, round(w1_low_mag, 4), n_here, error_ratio_median, n_beyond, n_gain_beyond", given={
        "red_clump.precision(distance_kpc, error_ratio)": "(0.4, 0.5), (0.5, 2.0), (0.9, 1.0), (1.2, 3.0)"},
        rows=[(0.0, None, 1, 0.5, 4, 2), (0.5, 6.8149, 2, 1.5, 3, 2), (1.0, 8.32, 1, 3.0, 1, 1)]),
    Case("red_clump.labelled_reach", "label_table, distance_low_kpc, n_here, n_beyond", given={
        "red_clump.distances(survey, source_id, distance_kpc)": "('s', 1, 0.4), ('s', 2, 0.6), ('s', 3, 0.9), ('t', 1, 9.0), ('s', 4, 2.2), ('s', 5, 2.2), ('s', 6, null)",
        "red_clump.labels(survey, source_id, label_table, is_rc)": "('s', 1, 'a', true), ('s', 2, 'a', true), ('s', 3, 'a', true), ('s', 4, 'b', true), ('s', 5, 'a', false)"},
        rows=[("a", 0.0, 1, 3), ("a", 0.5, 2, 2), ("b", 2.0, 1, 1)]),
    Case("red_clump.galactic_cells", "plane, x_low_kpc, up_low_kpc, n, n_tier_1", given={
        "red_clump.catalogue(tier, x_kpc, y_kpc, z_kpc)": "(1, -8.3, 0.5, 2.9), (2, -8.25, 0.55, -3.0), (2, 1.0, 1.0, null)"},
        rows=[("X-Y", -8.4, 0.4, 1, 1), ("X-Z", -8.4, -3.0, 1, 0), ("X-Z", -8.4, 2.8, 1, 1)]),
    # nside 32: the first cells of the north polar cap, where the centre of the first is at l = 45, b = 88.5
    Case("red_clump.sky_cells", "tier, healpix_ring, n, stars_per_deg2, distance_median_kpc", given={
        "red_clump.catalogue(tier, l, b, distance_kpc)": "(1, 45.0, 88.5, 1.0), (2, 45.0, 88.6, 4.0), (2, 135.0, 88.5, 4.0), (null, 45.0, 88.5, 9.0)"},
        rows=[(1, 0, 1, 12288 / 41252.96125, 1.0), (2, 0, 2, 24576 / 41252.96125, 2.5), (2, 1, 1, 12288 / 41252.96125, 4.0)]),
    # parallax 0.5 mas: modulus 11.505; a Ks of 10 is -1.505
    Case("red_clump.colour_magnitude_cells", "j_ks_low_mag, absolute_ks_low_mag, n, n_selected", given={
        "red_clump.giants(j_m, ks_m, parallax, parallax_zero_point, parallax_error, tier)":
        "(10.65, 10.0, 0.46, -0.04, 0.09, 2), (10.65, 10.01, 0.46, -0.04, 0.09, null), (10.65, 10.0, 0.46, -0.04, 0.1, 2), (10.65, 10.0, -0.5, -0.04, 0.01, 2), (null, 10.0, 0.46, -0.04, 0.09, 2), (10.65, null, 0.46, -0.04, 0.09, 2)"},
        rows=[(0.64, -1.6, 1, 1), (0.64, -1.5, 1, 0)]),
    Case("red_clump.extinction_by_latitude", "b_low_deg, n, a_v_median, a_v_low, a_v_high, a_v_true_median", given={
        "red_clump.distances(survey, source_id, b, extinction, recipe)":
        "('s', 1, -0.1, 0.1, 'G-W1'), ('s', 2, -5.0, 0.2, 'G-W1'), ('s', 3, 4.0, 0.3, 'G-W1'), ('s', 4, 4.0, 9.0, 'J-Ks')",
        "red_clump.truth(survey, source_id, ebv)": "('s', 1, 0.5), ('s', 3, 1.0)"},
        rows=[(-5.0, 2, 0.15 * 16 / 0.789, 0.116 * 16 / 0.789, 0.184 * 16 / 0.789, 1.55),
              (0.0, 1, 0.3 * 16 / 0.789, 0.3 * 16 / 0.789, 0.3 * 16 / 0.789, 3.1)]),
    Case("red_clump.catalogue", "source_id, tier, distance_kpc, x_kpc, y_kpc, z_kpc, reason", given={
        "red_clump.giants": """select 's' as survey, i as source_id, 1.0 as ra, 2.0 as "dec", 90.0 as l, 30.0 as b, 1 as teff_k, 1 as teff_k_error,
            1 as logg, 1 as logg_error, 1 as delta_p_s, 1 as delta_p_s_error, 1 as delta_nu_uhz, 1 as delta_nu_uhz_error, 1 as p_rc,
            1 as p_rc_photometric, 'G' as bands, if(i < 3, 2, null) as tier, if(i = 3, 'not a giant', null) as refusal
            from range(1, 4) as t(i)""",
        "red_clump.distances(survey, source_id, distance_kpc, distance_kpc_error, distance_recipe)": "('s', 1, 2.0, 0.1, 'G-W1')"},
        rows=[(1, 2, 2.0, -8.3, sqrt(3), 1.0, None), (2, 2, None, None, None, None, "no distance without G and W1, or H, Ks and W2, or J and Ks"),
              (3, None, None, None, None, None, "not a giant")]),
]  # fmt: skip

BY_DISTANCE = {
    "red_clump.distances(survey, source_id, distance_kpc, distance_kpc_error, true_parallax, parallax_error, b)": """
        ('s', 1, 1.1, 0.11, 1.0, 0.04, 1.9), ('s', 2, 0.9, 0.09, 1.0, 0.05, -1.9), ('s', 3, 2.2, 0.44, 0.5, 0.05, 2.0),
        ('s', 4, 2.0, 0.2, 0.5, 0.1, 20.0), ('s', 5, 2.0, 0.2, 0.5, 0.2, -20.1), ('s', 6, 2.0, 0.2, 0.5, 0.5, 0.0),
        ('s', 7, 2.0, 0.2, -0.5, 0.5, 30.0), ('s', 8, 2.0, 0.2, 0.0, 0.5, 30.0),
        -- without a truth, without the other distance
        ('s', 19, 2.0, 0.2, 0.5, 0.05, 2.0), ('s', 20, 2.0, 0.2, 0.5, 0.05, 2.0)
    """,
    "red_clump.bayesian_distances(survey, source_id, distance_kpc, distance_kpc_error)":
    "('s', 1, 1.05, 0.1), ('s', 2, 1.0, 0.1), ('s', 3, 2, 0.2), ('s', 4, 2, 0.2), ('s', 5, 2, 0.2), ('s', 6, 2, 0.2), ('s', 7, 2, 0.2), ('s', 8, 2, 0.2), ('s', 19, 2, 0.2)",
    "red_clump.truth(survey, source_id, distance_kpc, phase)":
    "('s', 1, 1.0, 3), ('s', 2, 1.0, 3), ('s', 3, 2.0, 3), ('s', 4, 2.0, 3), ('s', 5, 2.0, 3), ('s', 6, 2.0, 1), ('s', 7, 2.0, 3), ('s', 8, 2, 4), ('s', 20, 2.0, 3)",
}  # fmt: skip
ACCURACY = "parameter, subset, n, bias, standard_deviation, robust_scatter, mean_absolute, typical_sigma, pull_scatter"


def judged(subset: str, *pairs: tuple[float, float, float], parameter: str = "distance") -> tuple:
    """Of (distance, error, truth) what the view should say of a subset."""
    import statistics

    off = [d / t - 1 for d, _, t in pairs]
    return (
        parameter, subset, len(pairs), statistics.median(off), statistics.pstdev(off), robust(off),
        statistics.fmean(map(abs, off)), statistics.fmean(e / d for d, e, _ in pairs),
        robust([(d - t) / e for d, e, t in pairs]),
    )  # fmt: skip


SAME = (2.0, 0.2, 2.0)
DISTANCE_CASES = [
    # 10, 20 and 40 % beyond truths of 2, 4 and 5 kpc
    Case("red_clump.distance_accuracy", "bias, robust_scatter, mean_absolute, pull_scatter", given={
        "red_clump.distances(survey, source_id, distance_kpc, distance_kpc_error, true_parallax, parallax_error, b)": "('s', 1, 2.2, 0.1, 1.0, 0.01, 9.0), ('s', 2, 4.8, 0.4, 1.0, 0.01, 9.0), ('s', 3, 7.0, 0.2, 1.0, 0.01, 9.0)",
        "red_clump.bayesian_distances(survey, source_id, distance_kpc, distance_kpc_error)": "('s', 1, 2.0, 1.0), ('s', 2, 4.0, 1.0), ('s', 3, 5.0, 1.0)",
        "red_clump.truth(survey, source_id, distance_kpc, phase)": "('s', 1, 2.0, 3), ('s', 2, 4.0, 3), ('s', 3, 5.0, 3)"},
        query="(select * from red_clump.distance_accuracy where parameter = 'distance')", rows=[(0.2, 1.482602218505602 * 0.1, 0.7 / 3, 0.0)]),
    Case("red_clump.distance_accuracy", ACCURACY, given=BY_DISTANCE, rows=[
        row for subset, simple, bayesian in [
            ("parallax 10 to 20 %", [(2.2, 0.44, 2.0)], [SAME]),
            ("parallax 20 to 40 %", [SAME], [SAME]),
            ("parallax 40 to 100 %", [SAME], [SAME]),
            ("parallax 5 to 10 %", [(0.9, 0.09, 1.0)], [(1.0, 0.1, 1.0)]),
            ("parallax better than 5 %", [(1.1, 0.11, 1.0)], [(1.05, 0.1, 1.0)]),
            ("parallax not above 0", [SAME, SAME], [SAME, SAME]),
            ("parallax worse than 100 %", [SAME], [SAME]),
            ("red clump, |b| < 2 deg", [(1.1, 0.11, 1.0), (0.9, 0.09, 1.0)], [(1.05, 0.1, 1.0), (1.0, 0.1, 1.0)]),
            ("red clump, |b| > 20 deg", [SAME, SAME], [SAME, SAME]),
        ] for row in [judged(subset, *simple), judged(subset, *bayesian, parameter="distance_bayesian")]]),
    Case("red_clump.distance_differences", "parameter, reference, difference, sigma", given={
        **BY_DISTANCE,
        "red_clump.distances(survey, source_id, distance_kpc, distance_kpc_error, true_parallax, parallax_error)":
        "('s', 1, 1.1, 0.11, 1.0, 0.05), ('s', 3, 2.2, 0.44, 0.5, 0.1), ('s', 4, 2.0, 0.2, 0.5, 0.101), ('s', 9, 3.0, 0.3, -0.5, 0.01), ('s', 99, 2.0, 0.2, 0.5, 0.01)",
        "red_clump.bayesian_distances(survey, source_id, distance_kpc, distance_kpc_error)":
        "('s', 1, 1.05, 0.1), ('s', 3, 2.12, 0.212), ('s', 4, 2, 0.2), ('s', 9, 2, 0.2)"},
        rows=[("distance", "parallax", 0.0, hypot(0.1, 0.02)), ("distance", "parallax", 0.1, hypot(0.1, 0.05)), ("distance", "truth", 0.0, 0.1), ("distance", "truth", 0.1, 0.1),
              ("distance", "truth", 0.1, 0.2), ("distance", "truth, parallax better than 20 %", 0.1, 0.1),
              ("distance", "truth, parallax better than 20 %", 0.1, 0.2), ("distance_bayesian", "truth", 0.0, 0.1),
              ("distance_bayesian", "truth", 0.05, 0.1 / 1.05), ("distance_bayesian", "truth", 0.06, 0.1),
              ("distance_bayesian", "truth, parallax better than 20 %", 0.05, 0.1 / 1.05),
              ("distance_bayesian", "truth, parallax better than 20 %", 0.06, 0.1)]),
    Case("red_clump.distance_cells", "parameter, reference, log_reference_low, log_distance_low, n", given={
        "red_clump.distances(survey, source_id, distance_kpc, true_parallax, parallax_error)":
        "('s', 1, 2.03, 0.5, 0.024), ('s', 2, 2.03, 0.5, 0.026), ('s', 3, null, 0.5, 0.5)",
        "red_clump.bayesian_distances(survey, source_id, distance_kpc)": "('s', 1, 10.1), ('s', 2, 10.1), ('s', 3, null)",
        "red_clump.truth(survey, source_id, distance_kpc)": "('s', 1, 1.01), ('s', 3, 1.0)"},
        rows=[("distance", "parallax", 0.3, 0.3, 1), ("distance", "truth", 0.0, 0.3, 1),
              ("distance_bayesian", "parallax", 0.3, 1.0, 1), ("distance_bayesian", "truth", 0.0, 1.0, 1)]),
]  # fmt: skip

GRID = {
    "red_clump.distances(survey, source_id, recipe, true_parallax, parallax_error, modulus_error, distance_kpc)":
    "('s', 1, 'G-W1', 1.0, 0.05, 0.2, 1.0), ('s', 2, 'G-W1', 1.0, 0.1, 0.2, 1.0), ('s', 3, 'G-W1', null, null, 0.2, 10.0)",
    "red_clump.candles(survey, source_id, p_rc, p_rc_photometric)": "('s', 1, 0.9999, 0.6), ('s', 2, null, null), ('s', 3, 0.7, 0.5)",
    "red_clump.shipped_recipes(recipe, contaminant_offset, contaminant_width)": "('G-W1', -0.4, 0.6)",
}  # fmt: skip


def normal(x: float, width: float) -> float:
    return math.exp(-0.5 * (x / width) ** 2) / width / sqrt(2 * pi)


def step_of(
    star: int, p_rc: float, photometric: float | None, centre: float, span: float, place: int, sigma: float | None
) -> tuple:
    """A row of the grid at `place` of -50 to 50 fiftieths of the span; the star's magnitude is for `centre`."""
    modulus = centre + span * place / 50
    kpc = 10 ** (modulus / 5 - 2)
    parallax = 1.0 if sigma is None else math.exp(max(-0.5 * ((1.0 - 1 / kpc) / sigma) ** 2, -600))
    return (
        star, p_rc, photometric, modulus, span / 50, kpc, normal(centre - modulus, 0.2),
        normal(centre - modulus + 0.4, 0.6), parallax,
    )  # fmt: skip


SHARP = 25 / LN10 * 0.05
GRID_CASES = [
    Case("red_clump.distance_grid", """source_id, p_rc, p_rc_photometric, modulus, step, distance_kpc, clump_density, contaminant_density,
         parallax_likelihood""", given=GRID, query="(from red_clump.distance_grid qualify row_number() over (partition by source_id order by modulus) in (1, 30, 51, 101))",
         rows=[step_of(1, 0.999, 0.6, 10.0, SHARP, k, 0.05) for k in (-50, -21, 0, 50)]
         + [step_of(2, 0.67, None, 10.0, 2.8, k, 0.1) for k in (-50, -21, 0, 50)]
         + [step_of(3, 0.7, 0.5, 15.0, 2.8, k, None) for k in (-50, -21, 0, 50)]),
    Case("red_clump.distance_grid", "count(*)", query="red_clump.distance_grid group by source_id", given=GRID, rows=[(101,)] * 3),
]  # fmt: skip

# Weights of red clump 1, 2, 1 and of contaminants 1, 1, 0 at three moduli a magnitude apart, equal parallaxes.
POSTERIOR = {
    "red_clump.distance_grid(survey, source_id, p_rc, p_rc_photometric, modulus, step, clump_density, contaminant_density, parallax_likelihood)":
    """('s', 1, 0.9, 0.5, 10.0, 1.0, 0.1, 0.1, 1.0), ('s', 1, 0.9, 0.5, 11.0, 1.0, 0.2, 0.1, 1.0), ('s', 1, 0.9, 0.5, 12.0, 1.0, 0.1, 0.0, 1.0),
       ('s', 2, 0.8, null, 10.0, 1.0, 0.1, 0.1, 0.5), ('s', 2, 0.8, null, 11.0, 1.0, 0.2, 0.1, 0.5), ('s', 2, 0.8, null, 12.0, 1.0, 0.1, 0.0, 0.5)"""
}  # fmt: skip


def posterior(star: int, prior: float, after: float) -> tuple:
    """Median and interval by hand: the red clump's 1/4, 1/2, 1/4, a contaminant's 1/2, 1/2, 0, spread evenly over each step."""
    weights = [after / 4 + (1 - after) / 2, after / 2 + (1 - after) / 2, after / 4]

    def quantile(q: float) -> float:
        so_far = 0.0
        for modulus, weight in zip((9.5, 10.5, 11.5), weights, strict=True):
            if so_far + weight >= q:
                return 10 ** ((modulus + (q - so_far) / weight) / 5 - 2)
            so_far += weight
        raise AssertionError

    low, middle, high = map(quantile, (0.16, 0.5, 0.84))
    return star, prior, after, middle, low, high, (high - low) / 2


BAYES = [
    Case("red_clump.bayesian_distances", """source_id, p_rc_prior, p_rc_posterior, distance_kpc, distance_low_kpc, distance_high_kpc,
         distance_kpc_error""", given=POSTERIOR,
         # evidences 0.4 and 0.2; a P(RC) of 0.8 that has read the same parallax had odds of 4 x 0.1 / 0.2 before
         rows=[posterior(1, 0.5, 2 / 3), posterior(2, 2 / 3, 0.8)]),
]  # fmt: skip

CASES = [*MAGNITUDES, *COLOURS, *CANDLE_CASES, *CATALOGUE_CASES, *DISTANCE_CASES, *GRID_CASES, *BAYES]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)
