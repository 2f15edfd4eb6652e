"""Views of `sql/parallax` from spectra to estimates, each over a few rows."""

from __future__ import annotations

import hashlib
from math import hypot, log, sqrt

import pytest
from candlesql.tests.sql.tables import Case

LN10 = log(10)
STAR = """select 'a' as apogee_id, 1::bigint as source_id, 10.0 as ra, 20.0 as "dec", 4500.0 as teff, 1.5 as logg, 0.1 as m_h, 0.05 as alpha_m, 20.0 as vhelio_avg, 'M' as member, 1.0 as parallax, 0.09 as parallax_error, 1.0 as pmra, 2.0 as pmdec,
    8 as visibility_periods_used, 11.0 as phot_g_mean_mag, 12.0 as phot_bp_mean_mag, 10.0 as phot_rp_mean_mag, 9.0 as j_m, 8.2 as h_m, 8.0 as ks_m, 7.9 as w1mpro, 8.0 as w2mpro, 0.01 as j_msigcom, 0.02 as h_msigcom, 0.03 as ks_msigcom,
    0.04 as w1mpro_error, 0.05 as w2mpro_error, 100.0 as phot_g_mean_flux_over_error, 50.0 as phot_bp_mean_flux_over_error, 25.0 as phot_rp_mean_flux_over_error, 210.0 as astrometric_chi2_al, 41 as astrometric_n_good_obs_al"""
FLAGS = "is_no_luminous_giant, lacks_spectrum, lacks_magnitude, fails_jk, fails_h_w2, lacks_parallax, fails_parallax_error, fails_visibility, fails_astrometric_chi"


def star(replaced: str, *flags: str, spectrum: bool = True) -> Case:
    """The flags that a changed star has."""
    names = FLAGS.split(", ")
    return Case("parallax.stars", FLAGS, [tuple(name in flags for name in names)], given={
        "staging.apogee_gaia": f"select * replace ({replaced}) from ({STAR})", "parallax.spectra(apogee_id)": "('a')" if spectrum else "('b')"})  # fmt: skip


STARS = [
    star("4500.0 as teff"), star("0.0 as logg", "is_no_luminous_giant"), star("0.01 as logg"), star("2.19 as logg"), star("2.2 as logg", "is_no_luminous_giant"), star("null::double as logg", "is_no_luminous_giant"),
    star("4500.0 as teff", "lacks_spectrum", spectrum=False), *(star(f"null::double as {band}", "lacks_magnitude") for band in ("phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag", "j_m", "h_m", "ks_m", "w1mpro", "w2mpro")),
    # 0.4 + 0.45 x 2 = 1.3
    star("9.29 as j_m"), star("9.31 as j_m", "fails_jk"), star("8.24 as w2mpro"), star("8.26 as w2mpro", "fails_h_w2"), star("null::double as parallax", "lacks_parallax"), star("null::double as parallax_error", "lacks_parallax"),
    star("0.099 as parallax_error"), star("0.1 as parallax_error", "fails_parallax_error"), star("7 as visibility_periods_used", "fails_visibility"), star("null::integer as visibility_periods_used", "fails_visibility"),
    star("211.0 as astrometric_chi2_al", "fails_astrometric_chi"), star("null::double as astrometric_chi2_al", "fails_astrometric_chi"),
    *(Case("parallax.stars", "sample, phot_g_mean_mag_error, phot_bp_mean_mag_error, phot_rp_mean_mag_error, h_w2, astrometric_chi", [("AB"[int.from_bytes(hashlib.md5(f"parallax:{name}".encode()).digest()[8:], "little") % 2], 0.025 / LN10, 0.05 / LN10, 0.1 / LN10, 0.2, 35.0)],
           given={"staging.apogee_gaia": f"select * replace ('{name}' as apogee_id) from ({STAR})", "parallax.spectra(apogee_id)": "('a')"}) for name in "abcdef"),
]  # fmt: skip

# b is in the list of half A, c in that of B, d in both; samples A, A, B, A, B
ESTIMATES = Case("parallax.estimates", "apogee_id, spec_parallax, spec_parallax_error, model_scatter, spec_parallax_total_error, adjusted_parallax, combined_parallax, combined_parallax_error, spec_distance_kpc, spec_distance_kpc_error",
    setup="""create or replace macro parallax_scatter() as {'parallax_by_a': 0.1, 'parallax_by_b': 0.2}; create or replace macro parallax.knows_its_halves() as true;
        create or replace macro main.is_listed(list, key) as list_contains([stats.key('apogee:b'), stats.key('apogee:d')], key) and list = 'parallax/a' or list_contains([stats.key('apogee:c'), stats.key('apogee:d')], key) and list = 'parallax/b'""", given={
    'parallax.parent(apogee_id, sample, ra, "dec", parallax, parallax_error)': "('a', 'A', 10.0, 20.0, 0.952, 0.3), ('b', 'B', 10.0, 20.0, 0.952, 0.3), ('c', 'A', 10.0, 20.0, 0.952, 0.3), ('d', 'A', 10.0, 20.0, 0.952, 0.3), ('e', 'B', 10.0, 20.0, 0.952, 0.3), ('f', 'B', 10.0, 20.0, 0.952, 0.3)",
    "parallax.scores": "select chr(97 + i::integer) as apogee_id, 0.5 as parallax_by_a, 0.02 as parallax_by_a_error, 0.4 as parallax_by_b, 0.03 as parallax_by_b_error, 9.0 as parallax_by_both, 9.0 as parallax_by_both_error from range(5) as t(i)"},
    rows=[(name, w, e, w * s, t, 1.0, (w / t**2 + 1 / 0.09) / (1 / t**2 + 1 / 0.09), 1 / sqrt(1 / t**2 + 1 / 0.09), 1 / w, t / w**2) if w else (name, None, None, None, None, 1.0, 1.0, 0.3, None, None)
          for name, w, e, s in [("a", 0.4, 0.03, 0.2), ("b", 0.4, 0.03, 0.2), ("c", 0.5, 0.02, 0.1), ("d", 0, 0, 0), ("e", 0.5, 0.02, 0.1)] for t in [hypot(e, w * s)]])  # fmt: skip
# a model whose lists are not at hand: no estimate, and what Gaia says for both
UNKNOWN = Case("parallax.estimates", "apogee_id, spec_parallax, spec_parallax_error, combined_parallax, combined_parallax_error", setup="create or replace macro parallax_scatter() as {'parallax_by_a': 0.1, 'parallax_by_b': 0.2}; create or replace macro parallax.knows_its_halves() as null;", given={
    'parallax.parent(apogee_id, sample, ra, "dec", parallax, parallax_error)': "('a', 'A', 10.0, 20.0, 0.952, 0.3)",
    "parallax.scores(apogee_id, parallax_by_a, parallax_by_a_error, parallax_by_b, parallax_by_b_error, parallax_by_both, parallax_by_both_error)": "('a', 0.5, 0.02, 0.4, 0.03, 9.0, 9.0)"},
    rows=[("a", None, None, 1.0, 0.3)])  # fmt: skip
UPLOAD = Case("parallax.upload", "apogee_id, designation, teff, member", given={"staging.apogee_all_star(apogee_id, teff, logg, m_h, alpha_m, vhelio_avg, member, extratarg)":
    """('2M01', 4500, 1.5, 0, 0, 1, '', 0), ('2M01', 4400, 1.5, 0, 0, 1, 'M67', null), ('AP02', 4500, 1.5, 0, 0, 1, '', 0), ('2M03', 4500, 0.0, 0, 0, 1, '', 0), ('2M04', 4500, 2.2, 0, 0, 1, '', 0), ('2M05', 4500, 1.5, 0, 0, 1, '', 16),
       ('2M06', 4500, 1.5, 0, 0, 1, '', 4)"""}, rows=[("2M01", "01", 4400, "M67"), ("2M06", "06", 4500, None)])  # fmt: skip
TRAINING = Case("parallax.training", "apogee_id, adjusted_parallax", given={"parallax.parent(apogee_id, sample, parallax, parallax_error, is_training)": "('a', 'A', 1.0, 0.1, true), ('b', 'A', 1.0, 0.1, false)"}, rows=[("a", 1.048)])  # fmt: skip
MOTIONS = Case("parallax.motions", "apogee_id, round(x_kpc, 3), round(y_kpc, 3), round(z_kpc, 3), round(vz_km_s, 3)", given={
    'parallax.estimates(apogee_id, m_h, alpha_m, ra, "dec", spec_distance_kpc, spec_distance_kpc_error, pmra, pmdec, vhelio_avg)': """('pole', 0, 0, 192.85948, 27.12825, 2.0, 0.1, 0.0, 0.0, 50.0), ('a', 0, 0, 1, 1, 2.0, 0.1, null, 0.0, 50.0),
    ('b', 0, 0, 1, 1, 2.0, 0.1, 0.0, null, 50.0), ('c', 0, 0, 1, 1, 2.0, 0.1, 0.0, 0.0, null)"""}, rows=[("pole", -8.3, 0.0, 2.0, 57.78)])  # fmt: skip
PARENT = ", ".join(f"1.5 as {name}" for name in ["phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag", "j_m", "h_m", "ks_m", "w1mpro", "w2mpro", "phot_g_mean_mag_error", "phot_bp_mean_mag_error", "phot_rp_mean_mag_error", "j_msigcom", "h_msigcom", "ks_msigcom", "w1mpro_error", "w2mpro_error"])  # fmt: skip
INPUTS = Case("parallax.inputs", "apogee_id, ln_flux[7405], ln_flux_error[1]", [("a", 7.0, 0.5)], given={
    "parallax.parent": f"select unnest(['a', 'b']) as apogee_id, 'A' as sample, true as is_training, {PARENT}",
    "parallax.spectra": "select unnest(['a', 'c']) as apogee_id, list_transform(range(7405), lambda k: (k - 7397)::double) as ln_flux, list_transform(range(7405), lambda k: k + 0.5::double) as ln_flux_error"})  # fmt: skip
#: Bins of 2 mag and 2 kpc.
WIDER = "; ".join(
    f"create or replace macro cuts.hogg_{bin}() as 2" for bin in ("map_cell", "magnitude_bin", "distance_bin")
)
BINS = [
    Case("parallax.map", "x_low_kpc, y_low_kpc, n", [(-8.0, 2.0, 1)], setup=WIDER, given={"parallax.motions(x_kpc, y_kpc, z_kpc, vx_km_s, vy_km_s, spec_distance_kpc, spec_distance_kpc_error, m_h)": "(-7.0, 3.0, 0.1, 1.0, 2.0, 2.0, 0.1, 0.1)"}),
    Case("parallax.precision", "feature, bin_low, bin_high", [("phot_g_mean_mag", 10.0, 12.0), ("spec_distance_kpc", 0.0, 2.0)], setup=WIDER, given={
        "parallax.estimates(spec_parallax, spec_parallax_total_error, parallax_error, phot_g_mean_mag, spec_distance_kpc)": "(1.0, 0.1, 0.2, 11.0, 1.5)"}),
]  # fmt: skip
CASES = [*STARS, ESTIMATES, UNKNOWN, UPLOAD, TRAINING, MOTIONS, INPUTS, *BINS]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)
