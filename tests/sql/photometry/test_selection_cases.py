"""Which spectra, stars and magnitudes `sql/photometry` keeps, each view over a few rows."""

from __future__ import annotations

from math import hypot, log

import pytest
from candlesql.tests.sql.tables import Case

SPECTRA = Case("photometry.spectrum_cuts", "label_survey, survey, source_id, teff, logg, feh, teff_error, logg_error, feh_error, covariance_teff_logg, covariance_teff_feh, covariance_logg_feh, passes_snr, passes_flags", given={
    # each survey has a match whose spectrum is not in its table; GALAH's and LAMOST's star 3 has a second spectrum,
    # which the match does not name
    "match.galah(survey, source_id, sobject_id)": "('s', 1, 11), ('s', 2, 12), ('s', 3, 13), ('s', 9, 99)",
    "staging.galah(sobject_id, ra_dr2, dec_dr2, teff, logg, fe_h, e_teff, e_logg, e_fe_h, snr_c1_iraf, snr_c2_iraf, snr_c3_iraf, snr_c4_iraf, flag_sp)": """
        (11, 1.0, 1.0, 4500.0, 2.5, -0.5, 50.0, 0.1, 0.05, 21.0, 1.0, 1.0, 1.0, 0), (12, 2.0, 1.0, 4501.0, 2.6, -0.6, 51.0, 0.2, 0.06, 20.0, 20.0, 20.0, 20.0, 1),
        (13, 3.0, 3.0, 4502.0, 2.7, -0.7, 52.0, 0.3, 0.07, 1.0, 1.0, 1.0, 21.0, null), (14, 3.0, 3.0, 4504.0, 2.9, -0.9, 53.0, 0.4, 0.09, 1.0, 1.0, 1.0, 20.0, 0),
        (15, 3.0, 4.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0), (16, 4.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0)""",
    "match.apogee(survey, source_id, apogee_id)": "('s', 1, 'a'), ('s', 2, 'b'), ('s', 3, 'c'), ('s', 4, 'd'), ('s', 9, 'z')",
    "staging.apogee(apogee_id, teff, logg, m_h, fe_h, teff_err, logg_err, m_h_err, var_teff, var_logg, var_m_h, cov_teff_logg, cov_teff_m_h, cov_logg_m_h, aspcapflag)": """
        ('a', 4600.0, 2.4, 0.1, 0.2, 60.0, 0.11, 0.04, 8100.0, 0.01, null, 1.5, 2.5, 3.5, 128), ('b', 4601.0, 2.3, null, 0.3, 61.0, 0.12, null, null, 0.0225, 0.0049, null, null, null, 1),
        ('c', 4602.0, 2.2, 0.4, 0.5, 62.0, 0.13, 0.06, -1.0, null, null, 1.6, 2.6, 3.6, null), ('d', 4603.0, 2.1, 0.4, 0.5, 63.0, 0.14, 0.07, null, null, null, 1.7, 2.7, 3.7, 8388609)""",
    "match.lamost(survey, source_id, obsid)": "('s', 1, 1), ('s', 2, 2), ('s', 3, 3), ('s', 4, 4), ('s', 9, 9)",
    'staging.lamost(obsid, ra, "dec", teff, logg, feh, teff_err, logg_err, feh_err, snru, snrg, snrr, snri, snrz, qflag_chi2, flag_singlestar)': """
        (1, 1.0, 1.0, 4700.0, 2.5, 0.5, 70.0, 0.1, 0.05, 1.0, 1.0, 1.0, 1.0, 21.0, 'good', 'YES'), (2, 2.0, 1.0, 4701.0, 2.6, 0.6, 71.0, 0.2, 0.06, 20.0, 20.0, 20.0, 20.0, 20.0, 'bad', 'YES'),
        (3, 3.0, 3.0, 4702.0, 2.7, 0.7, 72.0, 0.3, 0.07, null, null, null, null, null, null, null), (5, 3.0, 3.0, 4705.0, 2.9, 0.9, 74.0, 0.5, 0.09, 1.0, 1.0, 1.0, 1.0, 1.0, 'good', 'YES'),
        (6, 3.0, 4.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 'good', 'YES'), (7, 4.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 'good', 'YES'), (4, 4.0, 4.0, 4703.0, 2.8, 0.8, 73.0, 0.4, 0.08, 21.0, 1.0, 1.0, 1.0, 1.0, 'good', 'NO')"""},
    rows=[
        ("apogee", "s", 1, 4600.0, 2.4, 0.1, 90.0, 0.11, 0.04, 1.5, 2.5, 3.5, True, False), ("apogee", "s", 2, 4601.0, 2.3, 0.3, 61.0, 0.15, 0.07, 0, 0, 0, True, True),
        ("apogee", "s", 3, 4602.0, 2.2, 0.4, 62.0, 0.13, 0.06, 1.6, 2.6, 3.6, True, True), ("apogee", "s", 4, 4603.0, 2.1, 0.4, 63.0, 0.14, 0.07, 1.7, 2.7, 3.7, True, False),
        ("galah", "s", 1, 4500.0, 2.5, -0.5, 50.0, 0.1, 0.05, 0, 0, 0, True, True), ("galah", "s", 2, 4501.0, 2.6, -0.6, 51.0, 0.2, 0.06, 0, 0, 0, False, False), ("galah", "s", 3, 4502.0, 2.7, -0.7, 52.0, 0.3, 0.07, 0, 0, 0, True, True),
        ("lamost", "s", 1, 4700.0, 2.5, 0.5, 70.0, 0.1, 0.05, 0, 0, 0, True, True), ("lamost", "s", 2, 4701.0, 2.6, 0.6, 71.0, 0.2, 0.06, 0, 0, 0, False, False),
        ("lamost", "s", 3, 4702.0, 2.7, 0.7, 72.0, 0.3, 0.07, 0, 0, 0, True, True), ("lamost", "s", 4, 4703.0, 2.8, 0.8, 73.0, 0.4, 0.08, 0, 0, 0, True, False)])  # fmt: skip

CUT_COLUMNS = "photometry.spectrum_cuts(label_survey, survey, source_id, teff, logg, feh, teff_error, logg_error, feh_error, covariance_teff_logg, covariance_teff_feh, covariance_logg_feh, passes_snr, passes_flags)"
NUMBERS = "24.0, 0.12, 0.04, 1, 2, 3"
LABELLED = [
    # errors of 24 K, 0.12 and 0.04 dex with floors of 10 K, 0.05 and 0.03 dex: 26, 0.13, 0.05
    Case("photometry.spectra", "label_survey, survey, source_id, teff_k, logg, feh, covariance_teff_logg, covariance_teff_feh, covariance_logg_feh, teff_k_error, logg_error, feh_error", given={CUT_COLUMNS: f"""
        ('galah', 's', 1, 4501, 2.6, -0.6, 25.0, 0.01, 0.01, 1, 2, 3, true, true), ('galah', 's', 1, 4500, 2.5, -0.5, {NUMBERS}, true, true), ('galah', 't', 1, 4502, 2.5, -0.5, {NUMBERS}, true, true),
        ('lamost', 's', 1, 4503, 2.5, -0.5, null, null, null, 0, 0, 0, true, true), ('galah', 's', 2, 4500, 2.5, -0.5, {NUMBERS}, false, true), ('galah', 's', 3, 4500, 2.5, -0.5, {NUMBERS}, true, false),
        ('galah', 's', 4, null, 2.5, -0.5, {NUMBERS}, true, true), ('galah', 's', 5, 4500, null, -0.5, {NUMBERS}, true, true), ('galah', 's', 6, 4500, 2.5, null, {NUMBERS}, true, true)"""},
        rows=[("galah", "s", 1, 4500, 2.5, -0.5, 1, 2, 3, 26.0, 0.13, 0.05), ("galah", "t", 1, 4502, 2.5, -0.5, 1, 2, 3, 26.0, 0.13, 0.05),
              ("lamost", "s", 1, 4503, 2.5, -0.5, 0, 0, 0, hypot(80, 10), hypot(0.1, 0.05), hypot(0.1, 0.03))]),
    Case("photometry.spectrum_funnel", "label_survey, n, n_low_signal, n_flagged, n_without_a_label, n_left", given={CUT_COLUMNS: ", ".join([
        *[f"('lamost', 's', 1, 4500, 2.5, -0.5, {NUMBERS}, {snr}, {flags})" for snr, flags in [("true", "true")] * 2 + [("false", "true"), ("false", "false"), ("false", "false"), ("true", "false")]],
        *[f"('galah', 's', 1, {labels}, {NUMBERS}, true, true)" for labels in ("4500, 2.5, -0.5", "null, 2.5, 0.1", "4500, null, 0.1", "4500, 2.5, null")],
        f"('galah', 's', 1, null, 2.5, 0.1, {NUMBERS}, false, true)", f"('galah', 's', 1, null, 2.5, 0.1, {NUMBERS}, true, false)"])},
        rows=[("galah", 6, 1, 1, 3, 1), ("lamost", 6, 3, 1, 0, 2)]),
    Case("photometry.labels", "survey, source_id, label_survey, teff_k, logg, feh, variance_teff, covariance_teff_logg, covariance_teff_feh, variance_logg, covariance_logg_feh, variance_feh", given={
        "photometry.label_offsets(label_survey, label, label_offset)": "('galah', 'teff_k', -1.0), ('galah', 'teff_k', -2.0), ('galah', 'logg', 0.2), ('galah', 'logg', 0.1), ('galah', 'feh', 0.01), ('galah', 'feh', 0.02), ('apogee', 'teff_k', 20.0)",
        "photometry.spectra(survey, source_id, label_survey, teff_k, logg, feh, covariance_teff_logg, covariance_teff_feh, covariance_logg_feh, teff_k_error, logg_error, feh_error)": """
            ('s', 1, 'lamost', 4000.0, 2.0, 0.0, 1, 1, 1, 9, 9, 9), ('s', 1, 'apogee', 4100.0, 2.0, 0.0, 1, 1, 1, 9, 9, 9), ('s', 1, 'galah', 4200.0, 2.0, 0.0, 1.5, 2.5, 3.5, 10.0, 0.2, 0.3),
            ('s', 2, 'lamost', 4300.0, 2.0, 0.0, 1, 1, 1, 9, 9, 9), ('s', 2, 'apogee', 4400.0, 2.0, 0.0, 4.5, 5.5, 6.5, 20.0, 0.4, 0.5), ('t', 1, 'lamost', 4500.0, 2.0, 0.0, 0, 0, 0, 30.0, 0.1, 0.6)""",
        "staging.wide_stars(wide_survey, source_id, teff, logg, feh)": "('w', 1, 4600.0, 2.1, 0.1), ('w', 2, null, 2.1, 0.1), ('w', 3, 4600.0, null, 0.1), ('w', 4, 4600.0, 2.1, null)",
        'staging.green2020("row", atm_source, teff, logg, feh, cov_teff_teff, cov_teff_logg, cov_teff_feh, cov_logg_logg, cov_logg_feh, cov_feh_feh)': "(7, 'apogee', 4700.0, 2.2, 0.2, 1, 2, 3, 4, 5, 6)"},
        rows=[("green2020", 7, "apogee", 4700.0, 2.2, 0.2, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0), ("s", 1, "galah", 4199.0, 2.2, 0.02, 100.0, 1.5, 2.5, 0.04, 3.5, 0.09), ("s", 2, "apogee", 4420.0, 2.0, 0.0, 400.0, 4.5, 5.5, 0.16, 6.5, 0.25),
              ("t", 1, "lamost", 4500.0, 2.0, 0.0, 900.0, 0.0, 0.0, 0.01, 0.0, 0.36), ("w", 1, "w", 4600.0, 2.1, 0.1, 6400.0, 0.0, 0.0, 0.01, 0.0, 0.01)]),
]  # fmt: skip

LABEL_COLUMNS = "photometry.labels(survey, source_id, label_survey, teff_k, logg, feh, variance_teff, covariance_teff_logg, covariance_teff_feh, variance_logg, covariance_logg_feh, variance_feh)"
TAUGHT = """insert into candlesql.models(model, system, trained_on, training_stars) values ('photometry', 'photometry', 'real', 'photometry');
    insert into candlesql.training_stars select 'photometry', sphere.position_key(10, 20) union all select 'photometry', stats.key('parallax 3.00000 +- 0.10000') union all select 'photometry', -1"""
STARS = [
    Case("photometry.label_cuts", "source_id, lacks_g, fails_visibility, fails_astrometry, is_extended, fails_label_errors, is_selected", given={
        # the errors of star 1 are at the limits of 200 K, 0.5 and 0.5 dex; only stars 1 to 5 are in every table
        LABEL_COLUMNS: ", ".join(f"('s', {i}, 'x', 1, 1, 1, {variances})" for i, variances in enumerate(["40000.0, 0, 0, 0.25, 0, 0.25", "40001.0, 0, 0, 0.25, 0, 0.25", "1.0, 0, 0, 0.26, 0, 0.25", "1.0, 0, 0, 0.25, 0, 0.26", "0.0, 0, 0, 0.25, 0, 0.25", "1.0, 0, 0, 0.1, 0, 0.1", "null, 0, 0, 0.1, 0, 0.1"], 1)),
        "photometry.inputs(survey, source_id, g_mag, g_mag_error)": "('s', 1, 12.0, 0.2), ('s', 2, 12.0, 0.201), ('s', 3, null, 0.1), ('s', 4, 12.0, null), ('s', 5, 12.0, 0.1), ('t', 6, 12.0, 0.1)",
        # chi-square per degree of freedom: 1.43 and 1.45 of faint stars; 1.44 exp(0.4) = 2.148 at 18.5 mag
        "staging.gaia(survey, source_id, visibility_periods_used, astrometric_chi2_al, astrometric_n_good_obs_al, phot_g_mean_mag)": "('s', 1, 9, 143.0, 105, 20.0), ('s', 2, 8, 145.0, 105, 20.0), ('s', 3, null, null, 105, 20.0), ('s', 4, 9, 214.0, 105, 18.5), ('s', 5, 9, 216.0, 105, 18.5), ('t', 6, 1, 999.0, 105, 18.5)",
        "match.twomass(survey, source_id, designation)": "('s', 1, 'a'), ('s', 2, 'b'), ('s', 3, 'c'), ('s', 4, 'none'), ('t', 5, 'c')", "staging.twomass(designation, ext_key)": "('a', null), ('b', 0), ('c', 1)"},
        rows=[(1, False, False, False, False, False, True), (2, True, True, True, False, True, False), (3, True, False, False, True, True, False), (4, True, False, False, False, True, False),
              (5, False, False, True, False, True, False), (6, True, False, False, False, False, False), (7, True, False, False, False, True, False)]),
    # L of [[4, 1, 0.6], [1, 0.5, 0.4], [0.6, 0.4, 0.5]] is [[2], [0.5, 0.5], [0.3, 0.5, 0.4]]; of a covariance that has none the last are 1e-4
    Case("photometry.stars", "survey, source_id, label_survey, l_teff, l_logg_teff, l_feh_teff, l_logg, l_feh_logg, l_feh, parallax, parallax_error, held_out, ebv_prior, ebv_prior_error, distance_modulus, distance_modulus_error", setup=TAUGHT, given={
        "photometry.inputs(survey, source_id, parallax, parallax_error, ebv_prior, ebv_prior_error)": "('s', 1, 2.0, 0.39, 0.3, 0.05), ('s', 2, 2.0, 0.4, null, null), ('s', 3, 3.0, 0.1, 0.3, 0.05), ('s', 4, 2.0, 0.1, 0.3, 0.05), ('s', 5, 2.0, null, 0.3, 0.05), ('s', 6, 2.0, 0.1, 0.3, 0.05)",
        LABEL_COLUMNS: "('s', 1, 'x', 1, 1, 1, 4.0, 1.0, 0.6, 0.5, 0.4, 0.5), ('s', 2, 'x', 1, 1, 1, 4.0, 2.0, 2.0, 1.0, 1.0, 1.0), ('s', 3, 'x', 1, 1, 1, 4.0, 1.0, 0.6, 0.5, 0.4, 0.5), ('s', 4, 'x', 1, 1, 1, 4.0, 1.0, 0.6, 0.5, 0.4, 0.5), ('s', 5, 'x', 1, 1, 1, 4.0, 1.0, 0.6, 0.5, 0.4, 0.5), ('t', 6, 'x', 1, 1, 1, 4.0, 1.0, 0.6, 0.5, 0.4, 0.5)",
        "photometry.label_cuts(survey, source_id, is_selected)": "('s', 1, true), ('s', 2, true), ('s', 3, true), ('s', 4, false), ('s', 5, true), ('s', 6, true)",
        'photometry.places(survey, source_id, ra, "dec", is_of_dr2, measured_name)': "('s', 1, 10.0, 20.0, false, 'parallax 2.00000 +- 0.39000'), ('s', 2, 10.1, 20.0, true, 'parallax 2.00000 +- 0.40000'), ('s', 3, 10.2, 20.0, false, 'parallax 3.00000 +- 0.10000')"},
        rows=[("s", 1, "x", 2.0, 0.5, 0.3, 0.5, 0.5, 0.4, 2.0, 0.39, False, 0.3, 0.05, 10 - 5 * log(2, 10), 5 / log(10) * 0.195), ("s", 2, "x", 2.0, 1.0, 1.0, 1e-4, 0.0, 1e-4, 2.0, 0.4, True, 0.2, 0.5, None, None),
              ("s", 3, "x", 2.0, 0.5, 0.3, 0.5, 0.5, 0.4, 3.0, 0.1, False, 0.3, 0.05, 10 - 5 * log(3, 10), 5 / log(10) / 30), ("s", 5, "x", 2.0, 0.5, 0.3, 0.5, 0.5, 0.4, 2.0, None, None, 0.3, 0.05, None, None)]),
    Case("photometry.places", "survey, source_id, ra, dec, is_of_dr2, measured_name", given={
        'staging.gaia(survey, source_id, ra, "dec", parallax, parallax_error)': "('gaia_dr2', 1, 10.0, 20.0, 1.5, 0.25), ('gaia_dr3', 1, 10.0, 20.0, 1.5, 0.25)", 'staging.wide_stars(wide_survey, source_id, ra, "dec", parallax, parallax_error)': "('w', 1, 11.0, 21.0, 2.5, 0.125), ('w', 2, 11.0, 21.0, null, null)",
        'staging.green2020("row", parallax, parallax_error)': "(7, 3.5, 0.5)"},
        rows=[("gaia_dr2", 1, 10.0, 20.0, True, "parallax 1.50000 +- 0.25000"), ("gaia_dr3", 1, 10.0, 20.0, False, "parallax 1.50000 +- 0.25000"), ("green2020", 7, None, None, True, "parallax 3.50000 +- 0.50000"),
              ("w", 1, 11.0, 21.0, False, "parallax 2.50000 +- 0.12500"), ("w", 2, 11.0, 21.0, False, None)]),
]  # fmt: skip

#: Flux over its error of 6 and 5: errors of 0.18 and 0.22 mag; 0.2 mag is the limit of errors that a table gives.
BANDS = [
    Case("photometry.band_funnel", "survey, band, n, n_flagged, n_uncertain, n_left", given={
        "staging.gaia(survey, phot_g_mean_mag, phot_bp_mean_mag, phot_rp_mean_mag, phot_g_mean_flux_over_error, phot_bp_mean_flux_over_error, phot_rp_mean_flux_over_error, phot_g_n_obs, phot_bp_n_obs, phot_rp_n_obs)":
        "('s', 1, 1, 1, 6.0, 6.0, 6.0, 3, 3, 3), ('s', 1, 1, null, 5.0, 6.0, 5.0, 2, 2, 3), ('s', 1, null, 1, 5.0, 5.0, 5.0, 3, 3, 3), ('s', 1, 1, 1, 6.0, 5.0, 6.0, null, null, 2)",
        "staging.twomass(j_m, h_m, ks_m, j_msigcom, h_msigcom, ks_msigcom, ph_qual, rd_flg, cc_flg, use_src, gal_contam)":
        "(1, 1, 1, 0.2, 0.2, 0.2, 'ABA', '222', '000', 1, 0), (1, 1, 1, 0.21, 0.21, 0.2, 'AAB', '222', '000', 1, 0), (1, 1, 1, 0.1, 0.1, 0.21, 'AAA', '222', 'c00', 1, 0), (1, 1, 1, 0.1, 0.1, 0.1, 'BAA', '222', '000', 1, 0)",
        'staging.unwise(mag_w1_vg, mag_w2_vg, flux_w1, flux_w2, dflux_w1, dflux_w2, flags_unwise_w1, flags_unwise_w2, rchi2_w1, rchi2_w2, "primary")':
        "(1, 1, 6.0, 12.0, 1.0, 2.0, 0, 0, 5.0, 5.0, 1), (1, 1, 10.0, 5.0, 2.0, 1.0, 0, 1, 1.0, 1.0, 1), (1, null, 5.0, 5.0, 1.0, 1.0, 0, 0, 5.1, 1.0, 1), (1, 1, 6.0, 10.0, 1.0, 2.0, 0, 0, 1.0, 1.0, 1)",
        "staging.panstarrs1(g_mean_psf_mag, r_mean_psf_mag, i_mean_psf_mag, z_mean_psf_mag, y_mean_psf_mag, g_mean_psf_mag_error, r_mean_psf_mag_error, i_mean_psf_mag_error, z_mean_psf_mag_error, y_mean_psf_mag_error, quality_flag)":
        "(1, 1, 1, 1, 1, 0.2, 0.21, 0.2, 0.21, 0.2, 4), (null, 1, 1, null, 1, 0.21, 0.21, 0.21, 0.2, 0.2, 8), (1, 1, 1, 1, null, 0.2, 0.2, 0.21, 0.2, 0.2, 12)"},
        rows=[("panstarrs1", "ps1_g", 2, 0, 0, 2), ("panstarrs1", "ps1_i", 3, 1, 1, 1), ("panstarrs1", "ps1_r", 3, 1, 1, 1), ("panstarrs1", "ps1_y", 2, 1, 0, 1), ("panstarrs1", "ps1_z", 2, 0, 1, 1),
              ("s", "bp", 3, 1, 1, 1), ("s", "g", 4, 1, 1, 2), ("s", "rp", 3, 1, 1, 1), ("twomass", "h", 4, 1, 1, 2), ("twomass", "j", 4, 2, 1, 1), ("twomass", "ks", 4, 1, 1, 2), ("unwise", "w1", 4, 1, 1, 2), ("unwise", "w2", 3, 1, 1, 1)]),
    *(Case("", f"photometry.flag_at('{flags}', {place})", letter) for flags, place, letter in [("A", 3, "A"), ("ABC", 1, "A"), ("ABC", 3, "C")]),
    *(Case("", f"photometry.{call}", good) for call, good in [
        ("is_often_observed(3)", True), ("is_often_observed(2)", False), ("is_often_observed(null)", True), ("is_often_visible(8)", False), ("is_often_visible(9)", True), ("is_often_visible(null)", True),
        ("has_good_astrometry(143, 105, 30.0)", True), ("has_good_astrometry(145, 105, 30.0)", False), ("has_good_astrometry(214, 105, 18.5)", True), ("has_good_astrometry(216, 105, 18.5)", False), ("has_good_astrometry(null, 105, 18.5)", True),
        ("is_good_panstarrs1(4)", True), ("is_good_panstarrs1(3)", False), ("is_good_panstarrs1(null)", True),
        ("is_good_unwise(0, 5, 1)", True), ("is_good_unwise(1, 5, 1)", False), ("is_good_unwise(0, 5.1, 1)", False), ("is_good_unwise(0, 5, 0)", False), ("is_good_unwise(null, null, null)", True),
        ("has_signal([1, 20])", False), ("has_signal([21, 1])", True), ("has_signal([null]::int[])", True)]),
]  # fmt: skip

#: What DR3 gives a star of BP - RP = 1.2 mag less what DR2 does, by the coefficients of gaia_releases.sql.
DR3_LESS_DR2 = [
    a + 1.2 * b + 1.44 * c + 1.728 * d
    for a, b, c, d in [(-0.00992, 0.00092, -0.0019, 0.0019), (0.01307, -0.01506, -0.00104, 0.00112), (0.02083, -0.00897, 0.00003, 0.00002)]
]  # fmt: skip
NAMES = ["g", "bp", "rp", "ps1_g", "ps1_r", "ps1_i", "ps1_z", "ps1_y", "j", "h", "ks", "w1", "w2"]
WIDE = "phot_g_mean_mag, phot_bp_mean_mag, phot_rp_mean_mag, g_mean_psf_mag, r_mean_psf_mag, i_mean_psf_mag, z_mean_psf_mag, y_mean_psf_mag, j_m, h_m, ks_m, w1mpro, w2mpro"
GREEN = ", ".join(f"{b}_mag, {b}_mag_error" for b in NAMES).replace("w1_", "w1_ab_").replace("w2_", "w2_ab_")


def errors(*given: float) -> list[float]:
    return [hypot(error, 0.02) for error in [*given, *[0] * (13 - len(given))]]


INPUTS = Case("photometry.inputs", f"survey, source_id, [{', '.join(f'{b}_mag::double' for b in NAMES)}], [{', '.join(f'{b}_mag_error::double' for b in NAMES)}], round(parallax, 6), parallax_error, ebv_prior, ebv_prior_error", given={
    "quality.gaia(survey, source_id, gaia_passband, phot_g_n_obs, phot_bp_n_obs, phot_rp_n_obs, phot_g_mean_mag, phot_bp_mean_mag, phot_rp_mean_mag, parallax, parallax_error, phot_g_mean_mag_error, phot_bp_mean_mag_error, phot_rp_mean_mag_error, parallax_zero_point)": """
        ('s', 1, 'Gaia DR2', 3, 3, 3, 12.0, 12.5, 11.5, 2.0, 0.1, 0.01, 0.02, 0.03, -0.03), ('s', 2, 'Gaia DR2', 2, 2, 2, 12.0, 12.5, 11.5, 2.0, 0.2, null, null, null, 0.0),
        ('s', 4, 'Gaia DR2', 3, 3, 3, 12.0, 12.5, 11.5, null, null, null, null, null, 0.0), ('t', 1, 'Gaia DR3', 3, 3, 3, 12.0, 12.6, 11.4, 2.0, 0.3, null, null, null, -0.05)""",
    # star 2 has a match with each survey whose tables lack it; the flags of star 4 are those that star 1 has not
    "match.panstarrs1(survey, source_id, obj_id)": "('s', 1, 11), ('s', 2, 19), ('s', 4, 14)",
    "staging.panstarrs1(obj_id, quality_flag, g_mean_psf_mag, r_mean_psf_mag, i_mean_psf_mag, z_mean_psf_mag, y_mean_psf_mag, g_mean_psf_mag_error, r_mean_psf_mag_error, i_mean_psf_mag_error, z_mean_psf_mag_error, y_mean_psf_mag_error)":
    "(11, 4, 13.1, 13.2, 13.3, 13.4, 13.5, 0.04, 0.05, 0.06, 0.07, 0.08), (14, 8, 13.1, 13.2, 13.3, 13.4, 13.5, 0.0, 0.0, 0.0, 0.0, 0.0)",
    "match.twomass(survey, source_id, designation)": "('s', 1, 'a'), ('s', 2, 'z'), ('s', 4, 'b')",
    "staging.twomass(designation, ph_qual, rd_flg, cc_flg, use_src, gal_contam, j_m, h_m, ks_m, j_msigcom, h_msigcom, ks_msigcom)": "('a', 'ABA', '222', '000', 1, 0, 10.1, 10.2, 10.3, 0.09, 0.1, 0.11), ('b', 'BAB', '222', '000', 1, 0, 10.1, 10.2, 10.3, 0.0, 0.0, 0.0)",
    "match.allwise(survey, source_id, designation)": "('s', 1, 'a'), ('s', 2, 'z'), ('s', 4, 'b')", "staging.allwise(designation, w1mpro, w1mpro_error, w2mpro, w2mpro_error)": "('a', 1.0, 1.0, 1.0, 1.0), ('b', 9.3, 0.3, 9.4, 0.4)",
    "match.unwise(survey, source_id, unwise_objid)": "('s', 1, 'a'), ('s', 2, 'z')",
    'staging.unwise(unwise_objid, flags_unwise_w1, flags_unwise_w2, rchi2_w1, rchi2_w2, "primary", flux_w1, flux_w2, dflux_w1, dflux_w2, mag_w1_vg, mag_w2_vg)': "('a', 0, 1, 1.0, 1.0, 1, 50.0, 80.0, 2.0, 4.0, 9.1, 9.2)",
    f"staging.wide_stars(wide_survey, source_id, gaia_passband, {WIDE}, parallax, parallax_error, parallax_zero_point)": f"('w', 1, 'Gaia DR2', {', '.join(str(1.0 + k) for k in range(13))}, 1.0, 0.1, null), ('w', 5, 'Gaia DR2', {', '.join(['null::double'] * 13)}, 1.0, 0.1, 0.1)",
    # of star 4 in any survey
    "staging.reddening(survey, source_id, ebv_prior, ebv_prior_error)": "('s', 1, 0.3, 0.05), ('t', 2, 0.9, 0.09), (null, 4, 0.4, 0.06)",
    f'staging.green2020("row", {GREEN}, parallax, parallax_error, reddening, reddening_error)': f"(7, {', '.join(f'{1.0 + k}, {k / 100}' for k in range(13))}, 3.0, 0.4, 0.5, 0.07)"},
    rows=[
        # W1 and W2 in AB are 2.699 and 3.339 mag fainter
        ("green2020", 7, [*(1.0 + k for k in range(11)), 12 - 2.699, 13 - 3.339], [k / 100 for k in range(13)], 3.0, 0.4, 0.5, 0.07),
        ("s", 1, [12.0, 12.5, 11.5, 13.1, 13.2, 13.3, 13.4, 13.5, 10.1, None, 10.3, 9.1, None], errors(*(k / 100 for k in range(1, 12)), 2.5 / log(10) / 25, 2.5 / log(10) / 20), 1.99, 0.1, 0.3, 0.05),
        ("s", 2, [None] * 13, errors(), 1.96, 0.2, None, None), ("s", 4, [12.0, 12.5, 11.5, *[None] * 6, 10.2, None, 9.3, 9.4], errors(*[0] * 11, 0.3, 0.4), None, None, 0.4, 0.06),
        ("t", 1, [*(m - d for m, d in zip((12.0, 12.6, 11.4), DR3_LESS_DR2, strict=True)), *[None] * 10], errors(), 2.01, 0.3, None, None),
        ("w", 1, [1.0 + k for k in range(13)], errors(), 0.96, 0.1, None, None), ("w", 5, [None] * 13, errors(), 0.86, 0.1, None, None)])  # fmt: skip

CASES = [SPECTRA, *LABELLED, *STARS, *BANDS, INPUTS]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)
