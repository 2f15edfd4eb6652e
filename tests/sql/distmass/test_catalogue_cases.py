"""Views of `sql/distmass` that infer, judge and lay out stars, each over a few rows."""

from __future__ import annotations

import hashlib
from math import hypot

import pytest
from candlesql.tests.sql.tables import Case

#: Networks that say what they were given: an age falls with mass, a state adds a tenth of itself.
AGE = "create or replace macro distmass_log_age_net(m, z, a) as {'log_age': 10 - m + z + 10 * a}"
LABEL_AGE = f"{AGE}; create or replace macro distmass.log10_age(m, z, a) as 10 - m + z + 10 * coalesce(a, 0)"
NETWORKS = """
    create or replace macro distmass_state_net(t, g, z, c, n, s) as {'absolute_k_mag': -1 + s, 'absolute_k_mag_error': 0.3 + s};
    create or replace macro distmass_paper_net(t, g, z, c, n) as
    {'absolute_k_mag': g, 'distance_error_ratio': z, 'mass_apokasc2_msun': c, 'mass_apokasc3_msun': n};
    create or replace macro distmass_net(t, g, z, c, n) as {'log_density': t, 'log_density_apokasc2': g, 'log_density_apokasc3': z,
    'absolute_k_mag': c, 'mass_apokasc2_msun': c, 'mass_apokasc3_msun': n}
"""
JUDGED = {
    "distmass.predictions(spectrum_id, logg, mass_apokasc2_msun, mass_apokasc2_msun_error, mass_apokasc3_msun, mass_apokasc3_msun_error, paper_mass_apokasc2_msun, paper_mass_apokasc3_msun)":
    "(1, 2.5, 1.5, 0.2, 1.8, 0.3, 2.4, 3.0), (2, 2.5, 1.5, 0.2, null, 0.3, null, null), (3, 2.5, 1.5, 0.2, 1.8, 0.3, 2.4, 3.0)",
    "distmass.training(spectrum_id, mass_apokasc2_label, mass_apokasc3_label, m_h, logg, is_test, is_simulated)": "(1, 2.0, 2.4, 0.1, 2.6, true, false), (2, null, 2.0, 0.1, 2.6, false, true), (4, 2.0, 2.0, 0.1, 2.6, true, false)",
    "distmass.comparison(spectrum_id, method, logg, difference, inferred_error, gaia_error, is_test, is_simulated)": "(1, 'ensemble', 2.5, 0.1, 0.03, 0.04, true, false), (1, 'paper', 2.5, 0.2, null, 0.04, true, false), (9, 'nmsu', 2.5, -0.1, 0.06, 0.08, true, false)",
    "distmass.distances(spectrum_id, paper_distance_error_ratio)": "(1, 0.07)",
    "distmass.ages(spectrum_id, log_age_apokasc2, log_age_apokasc2_low, log_age_apokasc2_high, paper_log_age_apokasc2)": "(1, 9.0, 8.9, 9.3, 8.5), (3, 9.0, 8.9, 9.3, 8.5), (2, 9.0, 8.9, 9.3, 8.5)",
    "distmass.inputs(spectrum_id, alpha_m)": "(1, 0.02), (2, 0.02), (3, 0.02)",
}  # fmt: skip


def fold(star: str) -> int:
    """The lower half of the MD5 of a star's name, as stats.fold takes it."""
    return int.from_bytes(hashlib.md5(f"distmass:{star}".encode()).digest()[8:], "little") % 25


#: Columns of the tables of spectra that have no part here.
NOTHING = ", ".join(f'null::double as "{name}"' for name in ["ra", "dec", "teff", "teff_err", "logg", "logg_err", "m_h", "m_h_err", "alpha_m", "c_fe", "c_fe_err", "n_fe", "n_fe_err", "j", "h", "k", "k_err", "irac_4_5", "wise_4_5", "sfd_ebv"])  # fmt: skip
MASSES = ("mass_apokasc2", "mass_apokasc3", "mass_subgiant", "mass_isochrone")
OF_MASSES = ", ".join(f"null::double as {mass}, null::double as {mass}_err" for mass in MASSES)
OTHERS = f"select 7 as star_id, 'b' as apogee_id, null::varchar as member, {NOTHING}, {OF_MASSES}, null::varchar as evolutionary_state, 1.5 as parallax, 0.1 as parallax_error, 1 as _healpix_29, 2016 as epoch_yr"
LABELLED = ", ".join(f"{1 + k}.5 as {mass}, 0.{1 + k} as {mass}_err" for k, mass in enumerate(MASSES))
#: Bit 23 is STAR_BAD.
APOGEE = ", ".join(
    f"select '{name}' as apstar_id, '{name}' as apogee_id, {NOTHING}, '{member}' as member, 0.983 as gaiaedr3_parallax, 0.1 as gaiaedr3_parallax_error, 2500 as gaiaedr3_r_med_geo, 3000 as gaiaedr3_r_hi_geo, 2200 as gaiaedr3_r_lo_geo, {flag}::bigint as aspcapflag"
    for name, member, flag in [("a", "", 8388609), ("z", "M67", 1)]
).replace("aspcapflag, select", "aspcapflag union all select")
NUMBERED = ["teff_k", "logg", "m_h", "c_fe", "n_fe", "gaia_distance_kpc", "extinction", "k", "absolute_k_mag", "distance_kpc", "distance_kpc_error", "weighted_distance_kpc", "mass_apokasc2_msun", "mass_apokasc3_msun", "paper_absolute_k_mag"]  # fmt: skip
ALL_STAR = [
    Case("distmass.spectra", "spectrum_id, survey, true_parallax, catalog_distance_kpc, catalog_distance_kpc_error, member, is_star_bad, mass_apokasc2_label, mass_isochrone_label_error, evolutionary_state", given={
        "staging.apogee_dr17": APOGEE, "staging.kepler_apogee": f"{OTHERS}, 0.2 as parallax_zero_point", "staging.cn_labels": f"{OTHERS}, null::double as parallax_zero_point", "staging.mass_labels": f"select 'a' as apogee_id, 'RC' as evolutionary_state, {LABELLED}"},
        rows=[("apogee_dr17:a", "apogee_dr17", 1.0, 2.5, 0.4, None, True, 1.5, 0.4, "RC"), ("apogee_dr17:z", "apogee_dr17", 1.0, 2.5, 0.4, "M67", False, None, None, None),
              ("cn_labels:7", "cn_labels", 1.5, None, None, None, None, None, None, None), ("kepler_apogee:7", "kepler_apogee", 1.3, None, None, None, None, None, None, None)]),
    # 2: of APOKASC-3 alone, with every label, outside the distances; 3: in no other table, of neither mass, of no place
    Case("distmass.catalogue", '"SPECTRUM_ID", "BITMASK", "ABS_MAG_ERR", "MASS_ERR", "AGE_ERR", "NMSU_DIST", "NMSU_DIST_LOW", "NMSU_DIST_HIGH", "MASS_APOKASC2_ERR", "MASS_APOKASC3_ERR", "AGE_APOKASC2", "DISTANCE_PAPER_ERR", "MASS_APOKASC2_PAPER_ERR"', given={
        "distmass.distances": f"select i as spectrum_id, 's' as survey, 'x' as star_id, 'a' as apogee_id, 'p' as apstar_id, 'SFD' as extinction_method, {', '.join(f'{k}.5 as {name}' for k, name in enumerate(NUMBERED))}, 2.0 as paper_distance_kpc, 1.5 as paper_mass_apokasc2_msun, "
        "1.6 as paper_mass_apokasc3_msun, 0.1 as absolute_k_mag_error, 0.2 as mass_apokasc2_msun_error, 0.3 as mass_apokasc3_msun_error, 0.1 as paper_distance_error_ratio, case i when 1 then true when 2 then false end as is_trained_on, i <> 2 as is_inside, i = 1 as is_inside_apokasc2, i < 3 as is_inside_apokasc3 from range(1, 4) as t(i)",
        "distmass.ages(spectrum_id, log_age_apokasc2, log_age_apokasc2_low, log_age_apokasc2_high, log_age_mass_loss, log_age_apokasc3, log_age_apokasc3_low, log_age_apokasc3_high, paper_log_age_apokasc2)": "(1, 9.0, 8.8, 9.4, 0, 0, 0, 0, 0), (2, 9.0, 8.8, 9.0, 0, 0, 0, 0, 0)",
        "distmass.training(spectrum_id, mass_apokasc2_label, mass_apokasc3_label, mass_isochrone_label, mass_subgiant_label)": "(1, 1.5, null, null, null), (2, null, 1.5, 1.5, 1.5)", "distmass.nmsu(spectrum_id, distance_kpc, distance_kpc_low, distance_kpc_high)": "(1, 1.0, 0.9, 1.2)"},
        rows=[(1, 1 + 8, 0.1, 0.2, 0.3, 1.0, 0.9, 1.2, 0.2, 0.3, 9.0, 0.2, 0.15), (2, 4 + 8 + 16 + 32, None, None, 0.2, None, None, None, None, 0.3, 9.0, 0.2, 0.15), (3, 2 + 64, 0.1, None, None, None, None, None, None, None, None, 0.2, 0.15)]),
    # by its spectrum alone, by its star's name, by none
    *(Case("", f"distmass.was_seen('{spectrum}', {star}, null, null)", seen, setup="""insert into candlesql.models(model, system, trained_on, training_stars) values ('distmass', 'distmass', 'real', 'distmass');
        insert into candlesql.training_stars select 'distmass', unnest([stats.key('seen'), stats.key('apogee:known')])""")
      for spectrum, star, seen in [("seen", "null", True), ("seen", "'other'", True), ("new", "'known'", True), ("new", "'other'", None), ("new", "null", None)]),
]  # fmt: skip
CASES = [
    # the label's age: 10 - 2 + 0.1 + 0.2 = 8.3
    Case("distmass.judged", "quantity, method, spectrum_id, logg, difference, sigma, is_test, is_simulated", given=JUDGED, setup=LABEL_AGE, rows=[
        ("distance", "ensemble", 1, 2.5, 0.1, 0.05, True, False), ("distance", "nmsu", 9, 2.5, -0.1, 0.1, True, False), ("distance", "paper", 1, 2.5, 0.2, 0.07, True, False),
        ("log_age", "ensemble", 1, 2.6, 0.7, 0.2, True, False), ("log_age", "paper", 1, 2.6, 0.2, None, True, False),
        ("mass_apokasc2", "ensemble", 1, 2.5, -0.25, 0.1, True, False), ("mass_apokasc2", "paper", 1, 2.5, 0.2, 0.12, True, False),
        ("mass_apokasc3", "ensemble", 1, 2.5, -0.25, 0.125, True, False), ("mass_apokasc3", "paper", 1, 2.5, 0.25, 0.125, True, False)]),
    Case("distmass.age_check", "epic, m_h, alpha_m, log_age_published, log_age_apo_k2", setup=LABEL_AGE, given={'staging.apo_k2_ages("EPIC", mass, fe_h, alpha_m, logg, age_gyr)': "(7, 2.0, 0.1, 0.02, 2.5, 10.0)"}, rows=[(7, 0.1, 0.02, 10.0, 8.3)]),
    *(Case("distmass.log10_age", f"distmass.log10_age({given})", [(age,)], query="(select 1)", setup=AGE) for given, age in [
        ("0.8, 0.5, null", 9.7), ("8, -0.5, 0.1", 2.5), ("0.79, 0, 0", None), ("8.1, 0, 0", None), ("1, 0.51, 0", None), ("1, -0.51, 0", None)]),
    *(Case("distmass.log10_age_beside", f"distmass.log10_age_beside({given})", [(age,)], query="(select 1)", setup=f"{AGE}; create or replace macro distmass.log10_age(m, z, a) as 10 - m + z + a") for given, age in [
        ("1.0, 0.5, 0.1, 0.2", 8.8), ("1.0, -0.5, 0.1, 0.2", 9.5), ("0.79, 0.5, 0, 0", None), ("1.0, null, 0, 0", None), ("0.8, 0.1, 0, 0", 9.1)]),
    Case("distmass.age", "distmass.age(1.0, 0.1, 0.2)", [(10.0 ** 0.3,)], query="(select 1)", setup=f"{AGE}; create or replace macro distmass.log10_age(m, z, a) as 10 - m + z + a"),
    Case("distmass.ages", "spectrum_id, log_age_apokasc2, log_age_apokasc2_low, log_age_apokasc2_high, log_age_mass_loss, log_age_apokasc3, log_age_apokasc3_low, log_age_apokasc3_high, paper_log_age_apokasc2",
         setup="create or replace macro distmass.log10_age(m, z, a) as 10 - m + z + a; create or replace macro distmass.log10_age_beside(m, d, z, a) as 20 - m - d + z + a", given={
        "distmass.predictions(spectrum_id, logg, m_h, alpha_m, mass_apokasc2_msun, mass_apokasc2_msun_error, mass_apokasc3_msun, mass_apokasc3_msun_error, paper_mass_apokasc2_msun)":
        "(1, 3.49, 0.1, 0.0, 1.0, 0.2, 2.0, 0.3, 3.0), (2, 3.5, 0.1, 0.0, 1.0, 0.2, 2.0, 0.3, 3.0)"},
        rows=[(1, 9.1, 18.9, 19.3, 10 - 0.03, 8.1, 17.8, 18.4, 7.1)]),
    *(Case(f"distmass.{name}", f"distmass.{name}({given})", [(found,)], query="(select 1)", setup=NETWORKS) for name, given, found in [
        ("in_training_space", "-1, 0, -1, 1, 1", True), ("in_training_space", "1, -0.1, 1, 1, 1", False), ("in_distance_space", "0, -1, -1, 1, 1", True), ("in_distance_space", "-0.1, 1, 1, 1, 1", False),
        ("absolute_k", "0, -1, -1, 7, 8", 7), ("absolute_k", "-0.1, 1, 1, 7, 8", None), ("mass_apokasc2", "-1, 0, -1, 7, 8", 7), ("mass_apokasc2", "1, -0.1, 1, 7, 8", None),
        ("mass_apokasc3", "-1, -1, 0, 7, 8", 8), ("mass_apokasc3", "1, 1, -0.1, 7, 8", None)]),
    # of variances: the network's, and 100 - 64 times the slope squared of Teff
    Case("distmass.predictions", """spectrum_id, is_inside, is_inside_apokasc2, is_inside_apokasc3, absolute_k_mag, absolute_k_mag_error, mass_apokasc2_msun, mass_apokasc2_msun_error, mass_apokasc3_msun,
         mass_apokasc3_msun_error, paper_absolute_k_mag, paper_distance_error_ratio, paper_mass_apokasc2_msun, paper_mass_apokasc3_msun""", setup=NETWORKS, given={
        "distmass.inputs": """select i as spectrum_id, 4800 as teff_k, 2.5 as logg, 0.1 as m_h, 0.2 as c_fe, 0.3 as n_fe, ['RC', 'RGB', null][i] as evolutionary_state, 10.0 as teff_k_error, 0.022 as logg_error, 0.006 as m_h_error,
            0.015 as c_fe_error, 0.02 as n_fe_error from range(1, 5) as t(i)""",
        "distmass.scores": "select i as spectrum_id, [0.0, -0.1, 1.0][i] as log_density, [0.0, 1.0, -0.1][i] as log_density_apokasc2, [-0.1, 1.0, 0.0][i] as log_density_apokasc3, -1.7 as absolute_k_mag, 0.4 as absolute_k_mag_error, "
        "1.2 as mass_apokasc2_msun, 0.3 as mass_apokasc2_msun_error, 1.4 as mass_apokasc3_msun, 1.6 as mass_apokasc3_msun_error, "
        + ", ".join(f"{slope} as d_{output}_d_{by}" for output, teff in [("absolute_k_mag", 0.05), ("mass_apokasc2_msun", 2 / 30), ("mass_apokasc3_msun", 0.2)] for by, slope in [("teff_k", teff), ("logg", 9), ("m_h", 9), ("c_fe", 9), ("n_fe", 9)])
        + " from range(1, 4) as t(i)"},
        rows=[(1, True, True, False, 0.0, hypot(1.3, 0.3), 1.2, 0.5, None, 2.0, 2.5, 0.1, 0.2, None), (2, False, True, True, None, hypot(0.3, 0.3), 1.2, 0.5, 1.4, 2.0, None, None, 0.2, 0.3),
              (3, True, False, True, -1.7, 0.5, None, 0.5, 1.4, 2.0, 2.5, 0.1, None, 0.3)]),
    Case("distmass.stars", "spectrum_id, gaia_distance_kpc, gaia_distance_kpc_error, is_bad, lacks_parameters, lacks_abundances, lacks_magnitude, is_simulated, extinction_method, bucket", query="(from distmass.stars where catalog_distance_kpc is not null)",
         setup="create or replace macro distmass.was_seen(a, b, c, d) as false", given={
        "distmass.spectra": """select i as spectrum_id, 'x' as apogee_id, case i when 2 then 'mock_1' when 3 then null else 'x' end as star_id, 10.0 as ra, 20.0 as "dec", 10.0 as h, null::double as irac_4_5, 9.5 as wise_4_5, null::double as sfd_ebv, 0.5 as true_parallax, 0.05 as parallax_error,
            3.0 as catalog_distance_kpc, 0.4 as catalog_distance_kpc_error, if(i = 1, null, i = 3) as is_star_bad, if(i = 4, null, 4800) as teff_k, if(i = 5, null, 2.5) as logg, if(i = 6, null, 0.1) as m_h, if(i = 7, null, 0.1) as c_fe,
            if(i = 8, null, 0.1) as n_fe, if(i = 9, null, 9.0) as k from range(1, 10) as t(i)"""},
        rows=[(i, 3.0, 0.4, i == 3, i in (4, 5, 6), i in (7, 8), i == 9, i == 2, "RJCE_WISE", {2: fold("mock_1"), 3: None}.get(i, fold("x"))) for i in range(1, 10)]),
    *ALL_STAR,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)
