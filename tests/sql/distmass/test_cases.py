"""Views and macros of `sql/distmass`, each over a few rows."""

from __future__ import annotations

import statistics
from math import exp, hypot, log, log10, pi, sqrt

import numpy as np
import pytest
from candlesql.tests.sql.tables import Case, robust
from scipy.optimize import minimize_scalar

LN10 = log(10)


def value(expression: str, result: object) -> Case:
    return Case("", expression, result)


def log_density(r: float, w: float, s: float, length: float) -> float:
    """Bailer-Jones et al. 2018, equation 2."""
    return 2 * log(r) - r / length - 0.5 * ((w - 1 / r) / s) ** 2


def mode(w: float, s: float, length: float, near: float) -> float:
    return float(
        minimize_scalar(
            lambda r: -log_density(r, w, s, length),
            bounds=(near / 2, near * 2),
            method="bounded",
            options={"xatol": 1e-9},
        ).x
    )


def curvature_error(w: float, s: float, length: float, near: float) -> float:
    """One over the root of the second difference."""
    r, h = mode(w, s, length, near), 1e-4 * near
    second = (
        log_density(r + h, w, s, length) - 2 * log_density(r, w, s, length) + log_density(r - h, w, s, length)
    ) / h**2
    return 1 / sqrt(-second)


def root(p: float, q: float, place: int) -> float:
    real = sorted(z.real for z in np.roots([1, 0, -3 * p, -2 * q]) if abs(z.imag) < 1e-9)
    return float(real[place])


MACROS = [
    value("distmass.split(4)", "test"), value("distmass.split(5)", "validation"), value("distmass.split(8)", "validation"), value("distmass.split(9)", "train"),
    value("distmass.names('a', 'b')", ["a", "apogee:b"]), value("distmass.has_place('2M19205338+3748282')", True), value("distmass.has_place('AP19205338+3748282')", False), value("distmass.has_place(null)", False),
    value("distmass.ra_of_name('2M19205338+3748282')", 15 * (19 + 20 / 60 + 53.38 / 3600)), value("distmass.dec_of_name('2M19205338+3748282')", 37 + 48 / 60 + 28.2 / 3600),
    value("distmass.dec_of_name('2M19205338-3748282')", -(37 + 48 / 60 + 28.2 / 3600)),
    value("distmass.ra_or_that_of_name(5, '2M19205338+3748282')", 5.0), value("distmass.ra_or_that_of_name(null, 'x')", None), value("distmass.ra_or_that_of_name(null, '2M12000000+3748282')", 180.0),
    value("distmass.dec_or_that_of_name(5, '2M19205338+3748282')", 5.0), value("distmass.dec_or_that_of_name(null, 'x')", None), value("distmass.dec_or_that_of_name(null, '2M12000000+3730000')", 37.5),
    value("distmass.is_precise(2, 0.2)", True), value("distmass.is_precise(2, 0.21)", False), value("distmass.is_precise(2, null)", True),
    value("distmass.added_variance(2, 0.5, 0.3)", 0.64), value("distmass.added_variance(2, 0.3, 0.5)", 0.0), value("distmass.added_variance(2, null, 0.5)", 0.0), value("distmass.added_variance(null, 1, 0.5)", 0.0),
    value("distmass.weighted_mean(1, 1, 4, 2)", 1.6), value("distmass.weighted_mean(1, 1, null, 2)", 1), value("distmass.weighted_mean(null, 1, 4, 2)", 4),
    value("distmass.spoo_log_age(-0.2)", 10.14 - 0.446),
    value("distmass.propagated_variance(0.01, 1, 2, 3, 4, 10, 0.1, 0.1, 0.1, 0.1)",
          1e-4 * (100 - 64) + (0.01 - 0.022**2) + 4 * (0.01 - 0.006**2) + 9 * (0.01 - 0.015**2) + 16 * (0.01 - 0.02**2)),
    value("distmass.rjce_irac(10, 9.5)", 0.918 * 0.42), value("distmass.rjce_wise(10, 9.5)", 0.918 * 0.45), value("distmass.extinction_sfd(2)", 0.604),
    *(value(f"distmass.extinction_method({given})", method) for given, method in [
        ("16, 1, 1, 1, 0.1", "SFD"), ("-16.1, 1, 1, 1, 0.1", "SFD"), ("15.9, 1, 1, 1, 0.1", "RJCE_IRAC"), ("15.9, 1, null, 1, 0.1", "RJCE_WISE"), ("15.9, null, 1, 1, 0.1", "SFD"), ("15.9, 1, null, null, 0.1", "SFD"),
        ("20, 1, 1, 1, null", "RJCE_IRAC"), ("20, 1, null, 1, null", "RJCE_WISE"), ("20, null, 1, 1, null", "none"), ("20, 1, null, null, null", "none"), ("null, 1, null, null, 0.1", "SFD")]),
    value("distmass.extinction('SFD', 10, 9.5, 9.4, 2)", 0.604), value("distmass.extinction('RJCE_IRAC', 10, 9.5, 9.4, 2)", 0.918 * 0.42), value("distmass.extinction('RJCE_WISE', 10, 9.5, 9.4, 2)", 0.918 * 0.55),
    value("distmass.extinction('none', 10, 9.5, 9.4, 2)", 0), value("distmass.extinction('RJCE_IRAC', 9, 9.5, 9.4, 2)", 0), value("distmass.extinction('RJCE_WISE', 9, 9.5, 9.4, 2)", 0), value("distmass.extinction('SFD', 9, 9.5, 9.4, -1)", 0),
    value("distmass.distance_kpc(10, 0.5, -0.5)", 1.0), value("distmass.distance_kpc(15.5, 0.2, 0.3)", 10.0), value("distmass.magnitude_at(15, 0.3, 10)", -0.3),
    value("distmass.prior_p(0.5, 0.1, 1.35)", 4 * 1.35**2 / 9 - 0.5 * 1.35 / 0.03), value("distmass.prior_q(0.5, 0.1, 1.35)", 8 * 1.35**3 / 27 - 0.5 * 1.35**2 / 0.03 + 1.35 / 0.02),
    value("distmass.cubic_root(3, 10, true)", root(3, 10, 0)), value("distmass.cubic_root(3, 2, false)", root(3, 2, -1)), value("distmass.cubic_root(3, 2, true)", root(3, 2, 0)), value("distmass.cubic_root(3, -2, true)", root(3, -2, 0)),
    *(value(f"distmass.weak_prior_distance({w}, {s}, 1.35)", mode(w, s, 1.35, near)) for w, s, near in [(1.0, 0.05, 1.0), (0.1, 0.3, 2.2), (-0.2, 0.3, 2.6), (0.25, 0.02, 4.0)]),
    *(value(f"round(distmass.weak_prior_error(distmass.weak_prior_distance({w}, {s}, 1.35), {w}, {s}), 4)", round(curvature_error(w, s, 1.35, near), 4)) for w, s, near in [(1.0, 0.05, 1.0), (0.25, 0.02, 4.0)]),
    # three roots, of which the nearest is the mode: of a parallax above and of one below 1 mas
    value("distmass.weak_prior_distance(20, 5, 1.35)", mode(20, 5, 1.35, 0.06)), value("distmass.weak_prior_distance(0.2, 0.05, 135)", mode(0.2, 0.05, 135, 6)), value("distmass.log_prior_density(2, 1, 0.2, 1.35)", log_density(2, 1, 0.2, 1.35)),
    value("distmass.weak_prior_error(2, 100, 0.01)", 1 / sqrt(1e-9)), value("distmass.log_prior_density(2, 0.4, 0.1, 1.35)", log_density(2, 0.4, 0.1, 1.35)),
]  # fmt: skip

CN = "distmass.carbon_nitrogen(m_h, c_n, stage, mass_apokasc2_label, galactocentric_radius_kpc, logg)"
CARBON = [
    Case("distmass.carbon_nitrogen", """spectrum_id, mass_apokasc2_label, mass_apokasc3_label, log_age_apokasc2, cluster, logg_low, c_n, log_age_spoo, galactocentric_radius_kpc, stage""", given={
        "distmass.distances": """select i as spectrum_id, 's' as survey, [4800.0, 4750.0, 5500.0, 4749.0, 5501.0, 4800.0, 4800.0][i] as teff_k, [2.5, 3.5, 4.0, 3.6, 3.6, 3.01, 4.1][i] as logg, 0.1 as m_h, 1.2 as mass_apokasc2_msun,
            1.3 as mass_apokasc3_msun, 1.4 as paper_mass_apokasc2_msun, 2.0 as gaia_distance_kpc, 0.1 as c_fe, 0.3 as n_fe, 90.0 as l, 0.0 as b, 6.0 as weighted_distance_kpc from range(1, 8) as t(i)""",
        "distmass.training(spectrum_id, mass_apokasc2_label, mass_apokasc3_label)": "(1, 1.21, 1.31)", "distmass.ages(spectrum_id, log_age_apokasc2)": "(2, 9.6)", "distmass.members(spectrum_id, cluster)": "(3, 'M67')"},
        rows=[(n, a, b, age, cluster, low, -0.2, 10.14 - 0.446, hypot(8.3, 6), stage) for n, a, b, age, cluster, low, stage in [
            (1, 1.21, 1.31, None, None, 2.5, "giant"), (2, None, None, 9.6, None, 3.5, "subgiant"), (3, None, None, None, "M67", 4.0, "subgiant"), (4, None, None, None, None, 3.5, None),
            (5, None, None, None, None, 3.5, None), (6, None, None, None, None, 3.0, None), (7, None, None, None, None, 4.0, None)]]),
    # lines through two or three points each
    Case("distmass.carbon_nitrogen_trends", "trend, n, slope, intercept, x_low, x_high, c_n_scatter, round(correlation, 6)", given={CN: """
        (0.0, 0.0, 'subgiant', null, 8.0, 3.6), (0.105, 0.1, 'subgiant', null, 9.0, 3.6), (0.29, 0.3, 'subgiant', null, 10.0, 3.6), (null, 0.3, 'subgiant', null, null, 3.6), (0.0, null, 'subgiant', null, 8.0, 3.6),
        (0.0, 0.1, 'giant', 1.5, 8.0, 2.6), (0.1, 0.3, 'giant', 1.75, 8.0, 2.9), (0.1, 9.9, null, 1.6, 8.0, 2.6), (0.1, 9.9, 'giant', 1.76, 8.0, 2.9), (0.1, 9.9, 'giant', 1.49, 8.0, 2.9),
        (0.0, 0.5, null, 1.1, 8.0, 1.0), (0.0, 0.4, 'giant', 1.3, 8.0, 2.0), (0.0, 9.4, 'giant', 1.31, 8.0, 2.0), (0.0, 9.4, 'giant', 1.09, 8.0, 2.0)"""},
        rows=[("giants of 1.1-1.3 Msun by log g", 2, -0.1, 0.6, 1.0, 2.0, statistics.stdev([0.5, 0.4]), -1.0),
              ("giants of 1.5-1.75 Msun by [Fe/H]", 2, 2.0, 0.1, 0.0, 0.1, statistics.stdev([0.1, 0.3]), 1.0),
              ("subgiants by [Fe/H]", 3, *map(float, np.polyfit([0, 0.105, 0.29], [0, 0.1, 0.3], 1)), 0.0, 0.29, statistics.stdev([0, 0.1, 0.3]), round(float(np.corrcoef([0, 0.105, 0.29], [0, 0.1, 0.3])[0, 1]), 6)),
              ("subgiants by radius, [Fe/H] 0.0", 1, None, None, 8.0, 8.0, None, None),
              ("subgiants by radius, [Fe/H] 0.2", 2, 0.2, -1.7, 9.0, 10.0, statistics.stdev([0.1, 0.3]), 1.0)]),
    Case("distmass.label_sets", "pair, logg_low, n, bias, robust_scatter", given={
        "distmass.carbon_nitrogen(logg_low, mass_apokasc2_label, mass_apokasc3_label, mass_apokasc2_msun, mass_apokasc3_msun, paper_mass_apokasc2_msun)":
        "(2.0, 2.0, 2.4, 2.0, 1.5, 1.0), (2.0, 2.0, 2.0, 1.0, 1.5, 2.0), (2.0, 2.0, 2.4, 3.0, 1.5, 1.0), (2.5, 1.0, null, null, 1.5, 1.0)"},
        rows=[("ensemble over paper, APOKASC-2", 2.0, 3, 1.0, robust([1, -0.5, 2])), ("labels, APOKASC-3 over APOKASC-2", 2.0, 3, 0.2, robust([0.2, 0, 0.2])),
              ("predictions, APOKASC-3 over APOKASC-2", 2.0, 3, -0.25, robust([-0.25, 0.5, -0.5]))]),
    Case("distmass.mass_distributions", "masses, distance_bin, side, mass_low, n, mean_mass", given={
        "distmass.carbon_nitrogen(logg, gaia_distance_kpc, mass_apokasc2_label, mass_apokasc3_label, mass_apokasc2_msun, mass_apokasc3_msun, paper_mass_apokasc2_msun)":
        "(2.49, 1.99, 1.25, null, null, null, null), (2.4, 1.9, 1.28, null, null, null, null), (2.4, 1.9, 1.95, null, null, null, null), (2.5, 2.0, 1.25, null, null, 1.01, null), (2.5, null, 1.25, null, null, null, null)"},
        rows=[("mass_apokasc2_label", "farther", "high log g", 1.2, 1, 1.25), ("mass_apokasc2_label", "nearer than 2 kpc", "low log g", 1.2, 2, 4.48 / 3), ("mass_apokasc2_label", "nearer than 2 kpc", "low log g", 1.9, 1, 4.48 / 3),
              ("mass_apokasc3_msun", "farther", "high log g", 1.0, 1, 1.01)]),
]  # fmt: skip

JUDGED = "distmass.judged(quantity, method, difference, sigma, is_test, is_simulated)"
COMPARISONS = [
    Case("distmass.comparison", "method, spectrum_id, inferred_error, is_test, difference, gaia_error", given={
        "distmass.distances(spectrum_id, logg, distance_kpc, distance_kpc_error, paper_distance_kpc, gaia_distance_kpc, gaia_distance_kpc_error)": "(1, 2.5, 2.2, 0.22, 1.8, 2.0, 0.1), (2, 2.5, null, null, 1.8, 2.0, 0.1), (3, 2.5, 2.2, 0.2, 2.0, 2.0, 0.1)",
        "distmass.nmsu(spectrum_id, distance_kpc, distance_kpc_low, distance_kpc_high)": "(1, 2.5, 2.0, 3.0)", "distmass.training(spectrum_id, absolute_k_label, is_test, is_simulated)": "(1, -1.5, true, false), (2, -1.5, true, false), (3, null, true, false)"},
        rows=[("ensemble", 1, 0.1, True, 0.1, 0.05), ("nmsu", 1, 0.2, True, 0.25, 0.05), ("paper", 1, None, True, -0.1, 0.05), ("paper", 2, None, True, -0.1, 0.05)]),
    Case("distmass.distance_errors", "method, is_test, logg_low, n, scatter, deviation_25, deviation_75, gaia_error", given={"distmass.comparison(method, is_test, logg, difference, gaia_error)":
        "('a', true, 2.4, 0.1, 0.01), ('a', true, 2.1, -0.3, 0.03), ('a', true, 2.5, 0.2, 0.02)"},
        rows=[("a", True, 2.0, 2, robust([0.1, -0.3]), 0.15, 0.25, 0.02), ("a", True, 2.5, 1, 0.0, 0.2, 0.2, 0.02)]),
    Case("distmass.pulls", "quantity, method, pull_low, n, share, normal_share", given={JUDGED:
        "('m', 'a', 0.7, 1.0, true, false), ('m', 'a', 1.8, 2.0, true, false), ('m', 'a', -0.1, 1.0, true, false), ('m', 'a', 0.6, 1.0, false, false), ('m', 'a', 0.6, 0.0, true, false), ('m', 'a', 10.0, 1.0, true, false), ('m', 'b', -9.9, 1.0, true, true), ('m', 'b', -2.2, 0.2, true, true)"},
        rows=[("m", "a", -0.5, 1, 1 / 3, 0.5 * exp(-0.5 * 0.25**2) / sqrt(2 * pi)), ("m", "a", 0.5, 2, 2 / 3, 0.5 * exp(-0.5 * 0.75**2) / sqrt(2 * pi)), ("m", "b", -10.0, 1, 1.0, 0.5 * exp(-0.5 * 9.75**2) / sqrt(2 * pi))]),
    Case("distmass.validation", "quantity, method, stars, n, bias, robust_scatter, standard_deviation, pull_scatter, within_one_error, within_two_errors", given={JUDGED:
        "('m', 'a', 0.1, 0.2, true, false), ('m', 'a', -0.5, 0.2, true, false), ('m', 'a', 0.6, 0.2, true, false), ('m', 'a', 0.1, 0.2, false, false), ('m', 'a', 0.1, 0.2, null, null), ('m', 'a', 0.1, 0.2, true, true)"},
        rows=[("m", "a", "not known", 1, 0.1, 0.0, 0.0, 0.0, 1.0, 1.0), ("m", "a", "simulated", 1, 0.1, 0.0, 0.0, 0.0, 1.0, 1.0),
              ("m", "a", "test", 3, 0.1, robust([0.1, -0.5, 0.6]), statistics.pstdev([0.1, -0.5, 0.6]), robust([0.5, -2.5, 3]), 1 / 3, 1 / 3), ("m", "a", "trained on", 1, 0.1, 0.0, 0.0, 0.0, 1.0, 1.0)]),
    # deviations from the median: 0.1 and -0.3 give 0.2; pulls 0.5 and -1.5 give 1
    Case("distmass.validation_bins", "quantity, method, stars, logg_low, n, bias, robust_scatter, pull_scatter, within_one_error, within_two_errors", given={
        "distmass.judged(quantity, method, logg, difference, sigma, is_test, is_simulated)": """('m', 'a', 2.0, 0.1, 0.2, true, false), ('m', 'a', 2.49, -0.3, 0.2, true, false), ('m', 'a', 1.99, 0.7, 0.2, true, false),
            ('m', 'a', 2.1, 0.1, 0.2, false, false), ('m', 'a', 2.1, 0.1, 0.2, null, false), ('m', 'a', 2.1, 0.1, 0.2, true, true), ('d', 'a', 2.1, 0.5, 0.2, true, false), ('m', 'b', 2.1, -0.1, 0.2, true, false)"""},
        rows=[("d", "a", "test", 2.0, 1, 0.5, 0.0, 0.0, 0.0, 0.0), ("m", "a", "not known", 2.0, 1, 0.1, 0.0, 0.0, 1.0, 1.0), ("m", "a", "simulated", 2.0, 1, 0.1, 0.0, 0.0, 1.0, 1.0),
              ("m", "a", "test", 1.5, 1, 0.7, 0.0, 0.0, 0.0, 0.0), ("m", "a", "test", 2.0, 2, -0.1, 0.2 * 1.4826022, 1.4826022, 0.5, 1.0), ("m", "a", "trained on", 2.0, 1, 0.1, 0.0, 0.0, 1.0, 1.0), ("m", "b", "test", 2.0, 1, -0.1, 0.0, 0.0, 1.0, 1.0)]),
    Case("distmass.distances", "spectrum_id, magnitude_error, distance_kpc, paper_distance_kpc, distance_kpc_error, weighted_distance_kpc", given={
        "distmass.predictions(spectrum_id, k, k_err, extinction, extinction_method, absolute_k_mag, absolute_k_mag_error, paper_absolute_k_mag, gaia_distance_kpc, gaia_distance_kpc_error)":
        "(1, 10.0, 0.03, 0.4, 'SFD', -0.4, 0.12, 4.6, 2.0, 0.1), (2, 10.0, null, 0.0, 'none', 0.0, 0.12, 5.0, null, null)"},
        rows=[(1, 0.05, 1.0, 0.1, 0.13 * LN10 / 5, (1 / (0.13 * LN10 / 5) ** 2 + 2 / 0.01) / (1 / (0.13 * LN10 / 5) ** 2 + 100)), (2, 0.05, 1.0, 0.1, 0.13 * LN10 / 5, 1.0)]),
    Case("distmass.age_comparison", "reference, spectrum_id, logg, m_h, log_age_published, log_age_difference", given={
        "staging.astronn_ages(apogee_id, age)": "('a', 1.0), ('a', 1000.0), ('a', 10.0), ('b', 0.0), ('c', 1.0)", "staging.apo_k2_ages(apogee_id, age_gyr)": "('a', 1.0), ('a', 10.0), ('a', 1000.0), ('b', -1.0), (null, 3.0)",
        "distmass.inputs(spectrum_id, apogee_id, logg, m_h)": "(1, 'a', 2.5, 0.1), (2, 'b', 2.6, 0.2), (3, 'c', 2.7, 0.3)",
        "distmass.ages(spectrum_id, log_age_apokasc2, log_age_apokasc2_low, log_age_apokasc2_high, paper_log_age_apokasc2)": "(1, 9.5, 9.4, 9.6, 9.5), (2, 9.5, 9.4, 9.6, 9.5), (3, null, null, null, null)"},
        rows=[("APO-K2", 1, 2.5, 0.1, 10.0, -0.5), ("astroNN", 1, 2.5, 0.1, 10.0, -0.5)]),
    Case("distmass.funnel", "survey, cut, n_alone, n_in_order, n_left", given={"distmass.stars(survey, is_bad, lacks_parameters, lacks_abundances, lacks_magnitude)":
        "('s', true, true, false, true), ('s', false, true, true, false), ('s', false, false, true, false), ('s', false, false, false, true), ('s', false, false, false, false)"},
        rows=[("s", "STAR_BAD", 1, 1, 4), ("s", "Teff, log g or [M/H] missing", 2, 1, 3), ("s", "[C/Fe] or [N/Fe] missing", 2, 1, 2), ("s", "Ks missing: no distance", 2, 1, 1)]),
    Case("distmass.inputs", "n", given={"distmass.stars(n, is_bad, lacks_parameters, lacks_abundances)": "(1, false, false, false), (2, true, false, false), (3, false, true, false), (4, false, false, true)"}, rows=[(1,)]),
    Case("distmass.nmsu_inputs", "spectrum_id, teff_k_error, logg_error, m_h_error", given={"distmass.inputs(spectrum_id, teff_k, logg, m_h, teff_k_error, logg_error, m_h_error)":
        "(3, 1, 1, 1, 51.0, 0.06, 0.07), (1, 1, 1, 1, 49.0, 0.04, 0.03), (2, 1, 1, 1, null, null, null)"}, rows=[(1, 50.0, 0.05, 0.05), (2, 50.0, 0.05, 0.05), (3, 51.0, 0.06, 0.07)]),
    Case("distmass.nmsu_distances", "spectrum_id, distance_kpc, distance_kpc_low, distance_kpc_high", query="distmass.nmsu_distances('found')", given={
        "found(spectrum_id, absolute_k_median, absolute_k_low, absolute_k_high)": "(1, 0.0, -5.0, 5.0), (2, 'nan'::double, 0.0, 0.0), (9, 0.0, 0.0, 0.0)", "distmass.inputs(spectrum_id, k, extinction)": "(1, 10.5, 0.5), (2, 10.5, 0.5)"},
        rows=[(1, 1.0, 0.1, 10.0)]),
]  # fmt: skip

MEMBERS = [
    Case("distmass.label_tables", "survey, n, n_matched", given={
        "staging.mass_labels(apogee_id)": "('a'), ('b')", "staging.astronn_ages(apogee_id)": "('a'), ('z')", "staging.apo_k2_ages(apogee_id)": "('y'), (null)", "distmass.spectra(apogee_id)": "('a'), ('a'), ('b'), (null)",
        "staging.clusters(cluster)": "('M67'), ('M71')", "distmass.members(cluster)": "('M67'), ('M67')"},
        rows=[("apo_k2_ages", 2, 0), ("astronn_ages", 2, 1), ("clusters", 2, 1), ("mass_labels", 2, 2)]),
    Case("distmass.members", "spectrum_id, cluster, cluster_distance_kpc, cluster_log_age", given={
        'staging.occam("APOGEE_ID", "CLUSTER", "RV_PROB", "FEH_PROB", "PM_PROB")':
        """('2M00000000+1000000', 'NGC 2682', 0.5, 0.5, 0.5), ('2M00000001+1000000', 'NGC 2682', 0.01, 0.5, 0.5), ('2M00000002+1000000', 'NGC 2682', 0.5, 0.01, 0.5),
           ('2M00000003+1000000', 'NGC 2682', 0.5, 0.5, 0.01), ('2M04000000-1000000', 'other', 0.5, 0.5, 0.5)""",
        "distmass.cluster_distances(cluster, occam_name, distance_kpc, cluster_log_age)": "('M67', 'NGC 2682', 0.9, 9.6), ('M71', null, 4.0, null)",
        'distmass.spectra(spectrum_id, apogee_id, ra, "dec", member)':
        """(1, '2M00000000+1000000', null, null, null), (2, '2M00000001+1000000', null, null, null), (3, '2M00000002+1000000', null, null, null), (4, '2M00000003+1000000', null, null, null),
           (5, null, 60.0, -9.99950, null), (6, null, 60.0, -10.0006, null), (7, 'x', 60.0, -10.0, 'M71'), (8, null, 60.0, -10.00050, 'M71'), (9, null, null, null, null), (10, 'x', 60.0, -10.0, null)"""},
        # 1.8 arcsec from the place in the name are 5 and 8, 2.2 is 6; a cluster whose distance is known goes first
        rows=[(1, "M67", 0.9, 9.6), (5, "other", None, None), (7, "M71", 4.0, None), (8, "M71", 4.0, None)]),
    Case("distmass.cluster_distances", "count(*), count(distance_kpc), count(occam_name), sum(distance_kpc)", given={"staging.clusters(cluster, distance_kpc, log_age)": "('M67', 0.8, 9.5), ('mine', 1.0, 8.0)"},
         rows=[(39, 37, 6, 0.8 + 1 + sum([8.2, 10, 15.9, 19, 12, 6.8, 10, 8, 5, 6, 4.5, 4, 2.5, 1.7, 2.2, 4.078, 17.4, 10, 2, 5, 3, 13, 5, 5, 27, 23, 2.7, 8.8, 9, 12, 2, 9.6, 5, 10, 6.01]))]),
    Case("distmass.cluster_distances", "occam_name, distance_kpc, cluster_log_age", query="(from distmass.cluster_distances where cluster in ('M67', 'M10', 'N6791', 'mine'))",
         given={"staging.clusters(cluster, distance_kpc, log_age)": "('M67', 0.8, 9.5), ('mine', 1.0, 8.0)"},
         rows=[("NGC 6791", 4.078, None), (None, 0.8, 9.5), (None, 1.0, 8.0), (None, None, None)]),
    *(Case("distmass.label_tables", "n, n_matched", query="(from distmass.label_tables where survey = 'clusters')", rows=rows, given={
        **{f"staging.{name}": "select 'a' as apogee_id" for name in ("mass_labels", "astronn_ages", "apo_k2_ages")}, "distmass.spectra(apogee_id)": "('a')", "distmass.members(cluster)": "('M67')", "staging.clusters": f"select 'M67' as cluster where {there}"})
        for there, rows in [("true", [(1, 1)]), ("false", [])]),
    Case("distmass.cluster_distances", "distance_kpc", [(0.9,)], query="(from distmass.cluster_distances where cluster = 'M67')", given={"staging.clusters(cluster, distance_kpc, log_age)": "('mine', 1.0, 8.0)"}),
    Case("distmass.cluster_stars", '"SPECTRUM_ID", "DISTANCE", cluster, cluster_distance_kpc, cluster_log_age', [(1, 1.1, "M67", 0.9, 9.6)], given={
        "distmass.members(spectrum_id, cluster, cluster_distance_kpc, cluster_log_age)": "(1, 'M67', 0.9, 9.6), (3, 'M67', 0.9, 9.6)", 'distmass.catalogue("SPECTRUM_ID", "DISTANCE")': "(1, 1.1), (2, 1.2)"}),
    # errors of 0, 10 and 80 %, each with two stars that are 0, 0.2 and 1 apart over their mean distance's truth
    Case("distmass.cluster_summary", "method, n_clusters, n, median_error, error_scatter, median_scatter", given={
        "distmass.members(spectrum_id, cluster, cluster_distance_kpc)": "(1, 'A', 1.0), (2, 'A', 1.0), (3, 'B', 1.0), (4, 'B', 1.0), (5, 'C', 2.0), (6, 'C', 2.0), (7, 'C', 2.0)",
        'distmass.catalogue("SPECTRUM_ID", "DISTANCE", "DISTANCE_PAPER", "NMSU_DIST", "GAIAEDR3_DIST")': ", ".join(f"({i}, {d}, null, null, null)" for i, d in enumerate([1.0, 1.0, 1.0, 1.2, 2.6, 4.6], 1))},
        rows=[("ensemble", 3, 6, 0.1, statistics.stdev([0, 0.1, 0.8]), 0.2 / sqrt(2))]),
    Case("distmass.clusters", "cluster, n, fractional_error, gaia_distance_kpc, log_age, log_age_scatter", [("A", 3, 0.1, 1.0, 9.2, 0.2)], given={
        "distmass.members(spectrum_id, cluster, cluster_distance_kpc, cluster_log_age)": "(1, 'A', 2.0, 9.6), (2, 'A', 2.0, 9.6), (3, 'A', 2.0, 9.6)",
        'distmass.catalogue("SPECTRUM_ID", "DISTANCE", "DISTANCE_PAPER", "NMSU_DIST", "GAIAEDR3_DIST", "AGE_APOKASC2", "AGE_APOKASC2_PAPER")': "(1, 2.2, 1, 1, 1.0, 9.0, 1), (2, 2.2, 1, 1, 1.0, 9.2, 1), (3, 2.2, 1, 1, 4.0, 9.4, 1)"}),
    Case("distmass.training", """spectrum_id, mass_apokasc2_label, mass_apokasc3_label, mass_subgiant_label, mass_isochrone_label, is_rc, absolute_k_label, absolute_k_label_error, mass_apokasc2_supplemented, mass_apokasc3_supplemented,
         split, is_test""", given={
        "distmass.inputs": """select i as spectrum_id, 's' as survey, 'x' as star_id, 1 as teff_k, 1 as logg, 1 as m_h, 1 as c_fe, 1 as n_fe, i as bucket, i = 4 as is_simulated, i = 2 as is_trained_on, ['RC', 'RGB', null, 'RC', null][i] as evolutionary_state,
            [1.0, 0.1, -1.0, 1.0][i] as true_parallax, [0.149, 0.015, 0.01, 0.1][i] as parallax_error, 2.0 as gaia_distance_kpc, 0.2 as gaia_distance_kpc_error, 9.0 as k, [0.49, 0.0, 0.0, 0.5, 0.0][i] as extinction,
            1.0 as mass_apokasc2_label, [0.1, 0.2, 0.2, 0.2][i] as mass_apokasc2_label_error, 1.1 as mass_apokasc3_label, [0.1, 0.2, 0.2, 0.2][i] as mass_apokasc3_label_error, 1.2 as mass_subgiant_label,
            [0.1, 0.1, 0.2, 0.2][i] as mass_subgiant_label_error, 1.3 as mass_isochrone_label, [0.1, 0.1, null, 0.2][i] as mass_isochrone_label_error from range(1, 6) as t(i)""",
        "distmass.members(spectrum_id, cluster_distance_kpc)": "(3, 10.0), (1, 10.0)"},
        rows=[(1, 1.0, 1.1, 1.2, 1.3, 1, 9 - 0.49 - 10 - 5 * log10(2), 0.5 / LN10, 1.0, 1.1, "test", True), (2, None, None, 1.2, 1.3, 0, None, None, 1.2, 1.2, "test", False),
              (3, None, None, None, 1.3, None, 9 - 15.0, 5 / LN10 * 0.085, 1.3, 1.3, "test", True), (4, None, None, None, None, 1, None, None, None, None, "test", None),
              # a star without a parallax
              (5, 1.0, 1.1, 1.2, 1.3, None, None, None, 1.0, 1.1, "validation", True)]),
]  # fmt: skip

CASES = [*MACROS, *CARBON, *COMPARISONS, *MEMBERS]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)
