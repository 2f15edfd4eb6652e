"""Views and macros of `sql/photometric`, `quality`, `match`, `mock` and `stats`, each over a few rows."""

from __future__ import annotations

import hashlib
from math import cos, log, log10, radians, sqrt

import duckdb
import numpy as np
import pytest
from candlesql.tests.sql.tables import Case

LN10 = log(10)


def value(expression: str, result: object) -> Case:
    return Case("", expression, result)


#: Band, survey, column, system, wavelength, AB - Vega, extinctions of Gordon+2023 and Schlafly+2016.
BANDS = [
    ("g", "gaia_dr2", "phot_g_mean_mag", "Vega", 0.6247, 0.122, 0.8478, None),
    ("bp", "gaia_dr2", "phot_bp_mean_mag", "Vega", 0.5049, 0.059, 1.0731, None),
    ("rp", "gaia_dr2", "phot_rp_mean_mag", "Vega", 0.7741, 0.376, 0.6368, None),
    ("ps1_g", "panstarrs1", "g_mean_psf_mag", "AB", 0.4849, -0.093, 1.1612, 1.3442),
    ("ps1_r", "panstarrs1", "r_mean_psf_mag", "AB", 0.6201, 0.144, 0.8629, 1.0),
    ("ps1_i", "panstarrs1", "i_mean_psf_mag", "AB", 0.7535, 0.370, 0.6507, 0.7531),
    ("ps1_z", "panstarrs1", "z_mean_psf_mag", "AB", 0.8674, 0.519, 0.5181, 0.5919),
    ("ps1_y", "panstarrs1", "y_mean_psf_mag", "AB", 0.9628, 0.553, 0.4287, 0.4826),
    ("j", "twomass", "j_m", "Vega", 1.2391, 0.912, 0.2757, 0.3029),
    ("h", "twomass", "h_m", "Vega", 1.6495, 1.391, 0.1701, 0.1793),
    ("ks", "twomass", "ks_m", "Vega", 2.1638, 1.863, 0.1071, 0.1157),
    ("w1", "allwise", "w1mpro", "Vega", 3.3682, 2.699, 0.0505, 0.0685),
    ("w2", "allwise", "w2mpro", "Vega", 4.6179, 3.339, 0.0318, 0.0505),
]
#: Lindegren et al. 2021 and Riello et al. 2021 give no transformation; docs/releases.md says where these polynomials are from.
DR2_TO_DR3 = {
    "g": (-0.01, 0.0013, -0.00227, 0.00198),
    "bp": (0.01302, -0.01481, -0.00125, 0.00116),
    "rp": (0.02076, -0.00899, 0.00012, -0.00001),
}
DR3_TO_DR2 = {
    "g": (-0.00992, 0.00092, -0.0019, 0.0019),
    "bp": (0.01307, -0.01506, -0.00104, 0.00112),
    "rp": (0.02083, -0.00897, 0.00003, 0.00002),
}


def at(coefficients: tuple[float, ...], colour: float) -> float:
    return sum(c * colour**k for k, c in enumerate(coefficients))


PHOTOMETRIC = [
    Case("photometric.bands", "band, survey, magnitude_column, system, wavelength_um, ab_minus_vega, extinction_g23, extinction_s16", sorted(BANDS)),
    Case("photometric.colours", "blue, blue_wavelength_um, red", given={"photometric.bands(band, survey, wavelength_um)":
        "('g', 'gaia_dr2', 0.62), ('bp', 'gaia_dr2', 0.5), ('rp', 'gaia_dr2', 0.77), ('j', 'twomass', 1.2), ('w1', 'allwise', 3.4), ('ps1_g', 'panstarrs1', 0.48)"},
        rows=[("bp", 0.5, "g"), ("bp", 0.5, "rp"), ("g", 0.62, "rp"), ("j", 1.2, "w1"), ("ps1_g", 0.48, "j")]),
    *(value(f"photometric.ab_minus_vega('{band}')", offset) for band, *_, offset, _, _ in BANDS),
    value("photometric.ab_from_vega('g', 1)", 1.122), value("photometric.vega_from_ab('g', 1)", 0.878), value("photometric.system_of('ps1_g')", "AB"),
    value("photometric.in_model_system('g', 'AB', 1)", 0.878), value("photometric.in_model_system('g', 'Vega', 1)", 1.0), value("photometric.in_model_system('ps1_g', 'Vega', 1)", 0.907),
    value("photometric.in_model_system('ps1_g', 'AB', 1)", 1.0), value("photometric.in_model_system('g', 'ST', 1)", None), value("photometric.band_of_column('j_m')", "j"),
    value("photometric.column_in_model_system('j_m', 'AB', 1)", 0.088),
    value("photometric.distance_modulus(0.1)", 5.0), value("photometric.distance_modulus(0)", None), value("photometric.distance_kpc(15)", 10.0), value("photometric.parallax_modulus(2)", 10 - 5 * log10(2)),
    value("photometric.parallax_modulus(0)", None), value("photometric.parallax_modulus_error(2, 0.1)", 0.25 / LN10), value("photometric.parallax_modulus_error(0, 0.1)", None),
    value("photometric.parallax_modulus_error(-1, 0.1)", None), value("photometric.parallax_modulus(0.9)", 10 - 5 * log10(0.9)), value("photometric.parallax_modulus_error(0.9, 0.1)", 5 / LN10 / 9),
    value("photometric.distance_modulus(0.9)", 10 + 5 * log10(0.9)),
    value("photometric.absolute_magnitude(10, 7, 1)", 2), value("photometric.apparent_magnitude(10, 7, 1)", 18), value("photometric.floored_error(0.015)", 0.025),
    value("photometric.flux_ratio_error(50)", 0.05 / LN10), value("photometric.flux_ratio_error(0)", None), value("photometric.flux_ratio_error(0.5)", 5 / LN10),
    value("photometric.within_colours(0.1)", 0.2), value("photometric.within_colours(3)", 2.4), value("photometric.within_colours(1)", 1.0), value("photometric.within_colours(null)", None),
    value("photometric.cubic(1, 2, 3, 4, 2)", 49.0),
    *(value(f"photometric.gaia_dr2_to_dr3('{band}', 12, 1.5)", 12 + at(given, 1.5)) for band, given in DR2_TO_DR3.items()),
    *(value(f"photometric.gaia_dr3_to_dr2('{band}', 12, 1.5)", 12 - at(given, 1.5)) for band, given in DR3_TO_DR2.items()),
    *(value(f"1e3 * (photometric.gaia_dr2_to_dr3('{band}', 0, 2.4) - photometric.gaia_dr2_to_dr3('{band}', 0, 0.2))", 1e3 * (at(given, 2.4) - at(given, 0.2))) for band, given in DR2_TO_DR3.items()),
    *(value(f"1e3 * (photometric.gaia_dr3_to_dr2('{band}', 0, 2.4) - photometric.gaia_dr3_to_dr2('{band}', 0, 0.2))", -1e3 * (at(given, 2.4) - at(given, 0.2))) for band, given in DR3_TO_DR2.items()),
    value("photometric.in_gaia_passband('g', 'Gaia DR2', 'Gaia DR2', 12, 1.5)", 12.0), value("photometric.in_gaia_passband('g', 'Gaia DR2', 'Gaia DR3', 12, 1.5)", 12 + at(DR2_TO_DR3["g"], 1.5)),
    value("photometric.in_gaia_passband('g', 'Gaia DR3', 'Gaia DR2', 12, 1.5)", 12 - at(DR3_TO_DR2["g"], 1.5)), value("photometric.in_gaia_passband('g', null, 'Gaia DR2', 12, 1.5)", None),
]  # fmt: skip


def neighbours(column: str, kind: str) -> str:
    return f"select 1::bigint as source_id, {kind} as {column}, 0.1 as separation_arcsec, 2 as n_neighbours"


def archive(rows: int, kind: str = "'old'") -> str:
    return f"""select 7::bigint as source_id, {kind} as original_ext_source_id, 0.2 as angular_distance, 3::integer as number_of_neighbours
        from range({rows}) as t(i)"""


def matched(survey: str, column: str, table: str, is_number: bool = False) -> list[Case]:
    """The archive's neighbours where they were ingested, else our own matches; DR4 has our own alone."""
    kind, old = ("5::bigint", "9::bigint") if is_number else ("'new'", "'old'")
    new_key, old_key = (5, 9) if is_number else ("new", "old")
    own = {f"match.gaia_{dr}_{survey}": neighbours(column, kind) for dr in ("dr2", "dr3", "dr4")}

    def given(dr2: int, dr3: int) -> dict[str, str]:
        return {
            **own,
            f"staging.{table}_best_neighbour": archive(dr2, old),
            f"staging.gaia_dr3_{table}_best_neighbour": archive(dr3, old),
        }

    columns = f"survey, source_id, {column}, separation_arcsec, n_neighbours"
    ours, theirs = (1, new_key, 0.1, 2), (7, old_key, 0.2, 3)
    return [
        Case(f"match.{survey}", columns, given=given(a, b), rows=[
            ("gaia_dr2", *(theirs if a else ours)), ("gaia_dr3", *(theirs if b else ours)), ("gaia_dr4", *ours)])
        for a, b in [(0, 0), (1, 0), (0, 1)]
    ]  # fmt: skip


MATCH = [
    *matched("allwise", "designation", "allwise"), *matched("twomass", "designation", "tmass"), *matched("panstarrs1", "obj_id", "panstarrs1", is_number=True),
    *(Case(f"match.{survey}", f"survey, source_id, {column}", given={f"match.gaia_{dr}_{survey}": neighbours(column, f"'{dr}'") for dr in ("dr2", "dr3", "dr4")},
           rows=[(f"gaia_{dr}", 1, dr) for dr in ("dr2", "dr3", "dr4")])
      for survey, column in [("apogee", "apogee_id"), ("galah", "sobject_id"), ("lamost", "obsid"), ("seismology", "star_id")]),
    Case("match.comparison", "survey, n_same, n_different, n_only_own, n_only_archive", given={
        "match.gaia_dr2_twomass(source_id, designation)": "(1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')", "staging.tmass_best_neighbour(source_id, original_ext_source_id)": "(1, 'a'), (2, 'x'), (5, 'e')",
        "match.gaia_dr2_allwise(source_id, designation)": "(1, 'a')", "staging.allwise_best_neighbour(source_id, original_ext_source_id)": "(2, 'b'), (3, 'c')",
        "match.gaia_dr2_panstarrs1(source_id, obj_id)": "(1, 11)", "staging.panstarrs1_best_neighbour(source_id, original_ext_source_id)": "(1, 11)"},
        rows=[("allwise", 0, 0, 1, 2), ("panstarrs1", 1, 0, 0, 0), ("twomass", 1, 1, 2, 1)]),
    Case("match.statistics", '"left", "right", high_arcsec, n_pairs, n_random, n_rows_left, counterpart_completeness, random_fraction, matched_fraction', given={
        'candlesql.match_statistics("left", "right", low_arcsec, high_arcsec, n_pairs, n_random, n_left)':
        "('a', 'b', 0.5, 1.0, 30, 10, 200), ('a', 'b', 0.0, 0.5, 82, 2, 200), ('a', 'c', 0.0, 0.5, 10, 0, 100)"},
        rows=[("a", "b", 0.5, 82, 2, 200, 0.8, 2 / 82, 0.5), ("a", "b", 1.0, 30, 10, 200, 1.0, 12 / 112, 0.5), ("a", "c", 0.5, 10, 0, 100, 1.0, 0.0, 0.1)]),
]  # fmt: skip

G3, BP3, RP3 = (np.float32(m + at(DR2_TO_DR3[b], 1.2)) for b, m in [("g", 13.0), ("bp", 13.5), ("rp", 12.3)])
MOCK = [
    # beside the star, what Gaia measured beyond the truth (0.7 + 0.04 - 0.5) is a fifth less, and C* is kept
    Case("mock.gaia_dr3", """source_id, pmra, phot_g_mean_mag, phot_bp_mean_mag, phot_rp_mean_mag, ra, dec, ra_error, dec_error, parallax_error, pmra_error, pmdec_error,
         astrometric_params_solved, parallax - quality.zero_point_5_parameters(quality.zero_point_place(phot_g_mean_mag), nu_eff_used_in_astrometry, quality.sine_of_ecliptic_latitude(359.9999999, 60.0)),
         phot_bp_rp_excess_factor + quality.corrected_excess_factor(0, phot_bp_mean_mag - phot_rp_mean_mag),
         nu_eff_used_in_astrometry - quality.wavenumber_of_colour(phot_bp_mean_mag - phot_rp_mean_mag)::real""",
         query="mock.gaia_dr3('dr2_stars', 'true_stars')", given={
        "dr2_stars": """select 1::bigint as source_id, 359.9999999 as ra, 60.0 as "dec", 7200.0 as pmra, -3600.0 as pmdec, 13.0 as phot_g_mean_mag, 13.5 as phot_bp_mean_mag, 12.3 as phot_rp_mean_mag,
            1.0 as phot_g_mean_flux_over_error, 2.0 as phot_bp_mean_flux_over_error, 3.0 as phot_rp_mean_flux_over_error, 1.0 as ruwe, 10.0 as l, 20.0 as b, 0.5 as ra_error, 0.6 as dec_error, 0.7 as parallax,
            0.1 as parallax_error, 0.2 as pmra_error, 0.3 as pmdec_error, 1.5 as phot_bp_rp_excess_factor""",
        "true_stars": "select 1::bigint as source_id, 2.0 as distance_kpc union all select 2, 1.0"},
         rows=[(1, 7200.0, float(G3), float(BP3), float(RP3), (359.9999999 + 0.001 / cos(radians(60))) % 360, 60 - 0.0005, 0.4, 0.48, 0.08, 0.1, 0.15, 31,
                0.5 + 0.8 * 0.24, 1.5 - 1.136 - 0.035 * 1.44, 0.0)]),
]  # fmt: skip

MATRIX = [[4.0, 2.0, 1.0, 7.0], [2.0, 5.0, 3.0, 8.0], [1.0, 3.0, 6.0, 9.0], [7.0, 8.0, 9.0, 30.0]]
FLAT = [x for row in MATRIX for x in row]


def eliminated(k: int) -> list[float]:
    """Gauss-Jordan by NumPy: the row divided by its pivot, its multiple taken from each other row."""
    a = np.array(MATRIX)
    a[k] /= a[k, k]
    for i in range(4):
        if i != k:
            a[i] -= a[i, k] * a[k]
    return a.flatten().tolist()


STATS = [
    *(value(f"stats.eliminate({FLAT}::double[], {k}, 4)", eliminated(k)) for k in range(4)),
    value("stats.normal_matrix([[1, 2, 3], [4, 5, 6]]::double[][], 3)", [17.0, 22.0, 27.0, 22.0, 29.0, 36.0, 27.0, 36.0, 45.0]),
    value("stats.wilson_low(0, 4)", 0.0), value("stats.wilson_high(4, 4)", 1.0), value("stats.wilson_low(2, 4)", (2.5 - sqrt(1.25)) / 5), value("stats.wilson_high(2, 4)", (2.5 + sqrt(1.25)) / 5),
    value("stats.normal_density(1, 2, 3)", 0.12579441), value("(select stats.robust_scatter(x) from (values (0), (1), (5)) t(x))", 1.482602218505602),
    # md5 of 'a:1' and of 'name', the last eight bytes
    value("stats.fold(1, 'a', 1000)", int.from_bytes(hashlib.md5(b"a:1").digest()[8:], "little") % 1000),
    value("stats.key('name')", int.from_bytes(hashlib.md5(b"name").digest()[8:], "little") >> 16),
]  # fmt: skip

QUALITY = [
    Case("quality.allwise", "designation, passes_allwise, passes_w1, passes_w2", given={"staging.allwise(designation, ph_qual)":
        "('a', 'AAUU'), ('b', 'ABUU'), ('c', 'BAUU'), ('d', null)"}, rows=[("a", True, True, True), ("b", False, True, False), ("c", False, False, True), ("d", False, False, False)]),
    Case("quality.twomass", "designation, passes_twomass, passes_j, passes_h, passes_ks", given={"staging.twomass(designation, ph_qual)":
        "('a', 'AAA'), ('b', 'BAA'), ('c', 'ABA'), ('d', 'AAB'), ('e', null)"},
        rows=[("a", True, True, True, True), ("b", False, False, True, True), ("c", False, True, False, True), ("d", False, True, True, False), ("e", False, False, False, False)]),
]  # fmt: skip


def excess(colour: float) -> float:
    """Riello et al. 2021, table 2."""
    if colour < 0.5:
        return 1.154360 + 0.033772 * colour + 0.032277 * colour**2
    if colour < 4:
        return 1.162004 + 0.011464 * colour + 0.049255 * colour**2 - 0.005879 * colour**3
    return 1.057572 + 0.140537 * colour


QUALITY += [
    value("quality.magnitude_error(50, 0.003)", sqrt((0.05 / LN10) ** 2 + 0.003**2)), value("quality.magnitude_error(0, 0.003)", None), value("quality.magnitude_error(0.5, 0)", 5 / LN10),
    value("quality.g_error_ratio(0.0048, 15, 0.0018)", 0.0002),
    # 1 + 0.015 x 4 and 1.3 + 0.06 x 4
    value("quality.passes_excess_factor(1.061, 2)", True), value("quality.passes_excess_factor(1.059, 2)", False), value("quality.passes_excess_factor(1.539, 2)", True),
    value("quality.passes_excess_factor(1.541, 2)", False), value("quality.passes_letters('AAB', 'AA')", True), value("quality.passes_letters('ABA', 'AA')", False),
    *(value(f"quality.corrected_excess_factor(2, {colour})", 2 - excess(colour)) for colour in (-0.3, 0.45, 0.5, 3.9, 4, 5)),
    value("quality.corrected_excess_factor_scatter(16)", 0.0059898 + 8.817481e-12 * 16**7.618399),
    value("quality.passes_letter('ABA', 'AAA', 2)", False), value("quality.passes_letter('ABA', 'AAA', 3)", True), value("quality.passes_letter('AB', 'AAA', 3)", False),
    # of DR2 the errors hold the zero point's of DR2, its own cuts and the constant; of DR3 C* and, without a colour, another constant
    # at BP - RP = 2 mag between 1.1 + 0.025 x 4 and 1.2 + 0.045 x 4
    *(Case("", f"quality.surely_passes_excess_factor({factor}, 2)", sure) for factor, sure in [(1.19, False), (1.21, True), (1.37, True), (1.39, False)]),
    Case("quality.gaia_dr2", "source_id", [(1,)], given={"quality.gaia(survey, source_id)": "('gaia_dr2', 1), ('gaia_dr3', 2)"}),
    Case("quality.gaia", """survey, source_id, bp_rp, phot_g_mean_mag_error, phot_bp_mean_mag_error, phot_rp_mean_mag_error, g_error_ratio, passes_corrected_excess_factor, round(parallax_zero_point, 6),
         zero_point_recipe, passes_excess_factor, passes_ruwe, passes_saturation""", given={
        "staging.gaia": """select 'gaia_dr2' as survey, 1::bigint as source_id, 10.0 as ra, 20.0 as "dec", 12.0 as phot_g_mean_mag, 13.0 as phot_bp_mean_mag, 11.0 as phot_rp_mean_mag,
            1000.0 as phot_g_mean_flux_over_error, 100.0 as phot_bp_mean_flux_over_error, 50.0 as phot_rp_mean_flux_over_error, 1.2 as phot_bp_rp_excess_factor, 1.39 as ruwe,
            null::double as pseudocolour, null::integer as astrometric_params_solved, null::double as nu_eff_used_in_astrometry
            union all select 'gaia_dr2', 2, 10, 20, 6.0, null, 11, 1000, 100, 50, 1.2, 1.4, null, null, null
            union all select 'gaia_dr3', 3, 10, 20, null, null, null, null, null, null, null, null, null, null, null""",
        "quality.gaia_releases(survey, zero_point_recipe, g_zero_point_error, bp_zero_point_error, rp_zero_point_error)":
        "('gaia_dr2', 'constant', 0.0018, 0.0014, 0.0019), ('gaia_dr3', 'Lindegren', 0.1, 0.1, 0.1)"},
        rows=[("gaia_dr2", 1, 2.0, sqrt((0.0025 / LN10) ** 2 + 0.0018**2), sqrt((0.025 / LN10) ** 2 + 0.0014**2), sqrt((0.05 / LN10) ** 2 + 0.0019**2),
               (sqrt((0.0025 / LN10) ** 2 + 0.0018**2) - 0.0018) / 12, None, -0.04, "constant of Lucey+2020", True, True, True),
              ("gaia_dr2", 2, None, sqrt((0.0025 / LN10) ** 2 + 0.0018**2), sqrt((0.025 / LN10) ** 2 + 0.0014**2), sqrt((0.05 / LN10) ** 2 + 0.0019**2),
               (sqrt((0.0025 / LN10) ** 2 + 0.0018**2) - 0.0018) / 6, None, -0.04, "constant of Lucey+2020", False, False, True),
              ("gaia_dr3", 3, None, None, None, None, None, None, -0.017, "constant of Lindegren+2021, for want of a colour", False, False, False)]),
]  # fmt: skip

CASES = [*PHOTOMETRIC, *MATCH, *MOCK, *STATS, *QUALITY]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)


@pytest.mark.parametrize(
    ("given", "wanted"), [("Gaia DR1", "Gaia DR3"), ("Gaia DR2", "Gaia DR1"), ("Gaia DR3", "Gaia DR1")]
)
def test_passbands_without_a_transformation_are_an_error(value, given, wanted):
    with pytest.raises(duckdb.InvalidInputException, match=f"from the passbands of {given} to {wanted}"):
        value(f"photometric.in_gaia_passband('g', '{given}', '{wanted}', 12, 1.5)")
