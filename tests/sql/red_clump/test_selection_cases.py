"""Views of `sql/red_clump` that select and judge, each over a few rows that can be checked by hand."""

from __future__ import annotations

import statistics
from math import exp, hypot, log, sqrt

import pytest
from candlesql.tests.sql.tables import Case, robust
from scipy.stats import norm


def wilson(k: float, n: float) -> tuple[float, float]:
    """Wilson 1927, equation of the two roots at z = 1."""
    middle, half = (k + 0.5) / (n + 1), sqrt(k * (n - k) / n + 0.25) / (n + 1)
    return middle - half, middle + half


BINNED = "red_clump.binned(fold, is_rc, tier, b, p_rc, teff_k, delta_nu_uhz, delta_p_s)"
SELECTION = [
    Case("red_clump.bins", "teff_bin, logg_bin, delta_nu_bin, delta_p_bin, n, n_rc, contamination", given={
        "red_clump.binned(teff_bin, logg_bin, delta_nu_bin, delta_p_bin, is_rc)":
        "(96, 24, 4, 12, true), (96, 24, 4, 12, false), (96, 24, 4, 12, true), (96, 24, 4, 13, true)"},
        rows=[(96, 24, 4, 12, 3, 2, 1 / 3), (96, 24, 4, 13, 1, 1, 0.0)]),
    Case("red_clump.bins_2d", "tier, teff_low_k, logg_low, n, n_rc, n_selected, n_true, contamination, completeness, share_of_rc", given={
        "red_clump.binned(teff_bin, logg_bin, tier, is_rc)":
        "(96, 24, 1, true), (96, 24, 2, false), (96, 24, null, true), (97, 24, 2, true), (98, 24, null, false)"},
        rows=[(1, 4800, 2.4, 3, 2, 1, 1, 0.0, 0.5, 2 / 3), (1, 4850, 2.4, 1, 1, 0, 0, None, 0.0, 1 / 3),
              (1, 4900, 2.4, 1, 0, 0, 0, None, None, 0.0),
              (2, 4800, 2.4, 3, 2, 2, 1, 0.5, 0.5, 2 / 3), (2, 4850, 2.4, 1, 1, 1, 1, 0.0, 1.0, 1 / 3),
              (2, 4900, 2.4, 1, 0, 0, 0, None, None, 0.0)]),
    Case("red_clump.calibration", "labels, bands, p_rc_low, p_rc_high, n, p_rc_mean, rc_share, rc_share_low, rc_share_high, rc_share_by_phase", given={
        "red_clump.binned(labels, band_set, p_rc, is_rc, is_rc_by_phase)":
        "('t', 'Gaia', 1.0, true, true), ('t', 'Gaia', 0.96, false, true), ('t', 'WISE', 0.12, false, null), ('t', 'WISE', null, true, true)"},
        rows=[("t", "Gaia", 0.95, 1.0, 2, 0.98, 0.5, *wilson(1, 2), 1.0), ("t", "WISE", 0.1, 0.15, 1, 0.12, 0.0, *wilson(0, 1), None),
              ("t", "all", 0.1, 0.15, 1, 0.12, 0.0, *wilson(0, 1), None), ("t", "all", 0.95, 1.0, 2, 0.98, 0.5, *wilson(1, 2), 1.0)]),
    # edges of DeltaP 100 to 335 by 5, eight of Delta nu, five of Teff: a star is selected above DeltaP and Teff and below Delta nu
    Case("red_clump.candidate_cuts", "method, chooses, count(*), sum(n_selected), sum(n_true), min(min_delta_p_s), max(min_delta_p_s)",
         query="red_clump.candidate_cuts group by all", given={BINNED:
         "(2, true, 1, 0, 0.505, 4650, 5.25, 117), (0, false, 1, 0, 0.015, 4650, 5.25, null), (3, false, 1, 0, 0.025, 9000, 200, 101), (4, true, 1, 0, null, null, null, 400)"},
         rows=[("delta_p", True, 60, 60, 60, 100, 115),
               # p_rc above 0.01 to 0.50 for one star, above 0.01 for the other
               ("p_rc", False, 2, 2, 0, 0, 0), ("p_rc", True, 50, 51, 50, 0, 0)]),
    Case("red_clump.candidate_cuts", "method, chooses, n_selected, n_true, contamination, completeness, base_rate",
         query="(from red_clump.candidate_cuts where min_delta_p_s = 200 and max_delta_nu_uhz = 5.5 and min_teff_k = 4600 or min_p_rc = 0.5)",
         given={BINNED: """(0, true, 1, 0, 0.6, 4700, 5, 250), (1, false, 1, 0, 0.6, 4700, 5, 250), (2, true, 1, 0, 0.4, 4700, 5, 190),
         (2, true, 1, 0, 0.5, 4600, 5, 250), (2, false, 1, 0, 0.1, 4700, 5.5, 250), (3, true, 1, 0, 0.9, 4700, 5, 250), (4, true, 1, 0, 0.1, 4000, 9, 9)"""},
         rows=[("delta_p", False, 1, 1, 0.0, 0.5, 1.0), ("delta_p", True, 2, 1, 0.5, 1 / 3, 0.6),
               ("p_rc", False, 1, 1, 0.0, 0.5, 1.0), ("p_rc", True, 2, 1, 0.5, 1 / 3, 0.6)]),
    # of the two that give at most 20 % the one with more, judged by the other half
    *(Case("red_clump.thresholds", """method, min_delta_p_s, max_delta_nu_uhz, min_teff_k, min_p_rc, n_selected, contamination, completeness,
         base_rate, contamination_low, contamination_high""", query=f"red_clump.thresholds({goal})", given={
        "red_clump.candidate_cuts(method, min_delta_p_s, max_delta_nu_uhz, min_teff_k, min_p_rc, chooses, n_selected, n_true, contamination, completeness, base_rate)":
        """('p_rc', 0, 1000, 0, 0.1, true, 9, 5, 0.4, 0.95, 0.5), ('p_rc', 0, 1000, 0, 0.5, true, 8, 6, 0.2, 0.8, 0.5),
           ('p_rc', 0, 1000, 0, 0.9, true, 3, 3, 0.1, 0.3, 0.5), ('p_rc', 0, 1000, 0, 0.1, false, 90, 50, 0.45, 0.94, 0.51),
           ('p_rc', 0, 1000, 0, 0.5, false, 80, 60, 0.25, 0.79, 0.51), ('p_rc', 0, 1000, 0, 0.9, false, 30, 27, 0.1, 0.31, 0.51),
           ('delta_p', 200, 5, 4600, 0, true, 8, 6, 0.15, 0.6, 0.5), ('delta_p', 200, 5, 4600, 0, false, 10, 8, 0.2, 0.9, 0.5),
           ('delta_p', 200, 5, 4700, 0, false, 10, 7, 0.3, 0.9, 0.5), ('delta_p', 200, 6, 4600, 0, false, 10, 6, 0.4, 0.9, 0.5),
           ('delta_p', 205, 5, 4600, 0, false, 10, 6, 0.4, 0.9, 0.5), ('delta_p', 200, 5, 4600, 0.5, false, 10, 6, 0.4, 0.9, 0.5)"""}, rows=rows)
      for goal, rows in [
          ("'contamination', 0.2", [("delta_p", 200, 5, 4600, 0.0, 10, 0.2, 0.9, 0.5, *wilson(2, 10)),
                                    ("p_rc", 0, 1000, 0, 0.5, 80, 0.25, 0.79, 0.51, *wilson(20, 80))]),
          ("'completeness', 0.8", [("p_rc", 0, 1000, 0, 0.5, 80, 0.25, 0.79, 0.51, *wilson(20, 80))]),
          ("'completeness', 0.81", [("p_rc", 0, 1000, 0, 0.1, 90, 0.45, 0.94, 0.51, *wilson(40, 90))])]),
    Case("red_clump.tiers", "tier, region, n, contamination, completeness, base_rate", given={
        "red_clump.binned(b, tier, is_rc)": "(30.5, 1, true), (-31.0, 2, false), (30.0, 2, true), (0.0, null, true), (0.0, null, false)",
        "red_clump.catalogue(source_id, b, tier)": "(1, 31.0, 1), (2, -30.1, 2), (3, 30.0, 2), (4, 80.0, null)"},
        rows=[(1, "all", 1, 0.0, 1 / 3, 0.6), (2, "all", 3, 1 / 3, 2 / 3, 0.6), (1, "|b| > 30 deg", 1, 0.0, 1.0, 0.5),
              (2, "|b| > 30 deg", 2, 0.5, 1.0, 0.5)]),
    Case("red_clump.tiers", "tier, region, n, contamination, completeness, base_rate", given={
        "red_clump.binned": "select 0.0 as b, 1 as tier, true as is_rc where false", "red_clump.catalogue(source_id, b, tier)": "(1, 31.0, 1)"},
        rows=[(t, r, 1, None, None, None) for r in ("all", "|b| > 30 deg") for t in (1, 2)]),
    Case("red_clump.refusals", "refusal, n, n_labelled, n_rc, n_clump, share_of_rc, share_of_clump", given={
        "red_clump.judged(survey, source_id, refusal)": "('s', 1, null), ('s', 2, null), ('s', 3, null), ('s', 4, 'not a giant'), ('s', 5, 'not a giant'), ('s', 6, 'x')",
        "red_clump.labels(survey, source_id, is_rc)": "('s', 1, true), ('s', 2, false), ('s', 4, true), ('s', 5, null), ('t', 6, true)",
        "red_clump.truth(survey, source_id, phase)": "('s', 1, 3), ('s', 2, 3), ('s', 3, 3), ('s', 4, 3), ('s', 5, 2)"},
        rows=[("none: tier 1 or 2", 3, 2, 1, 3, 0.5, 0.75), ("not a giant", 2, 1, 1, 1, 0.5, 0.25), ("x", 1, 0, 0, 0, 0.0, 0.0)]),
    *(Case("red_clump.refusals", "refusal, n, share_of_rc, share_of_clump", [("none: tier 1 or 2", 1, share, share)], given={"red_clump.judged(survey, source_id, refusal)": "('s', 1, null)", "red_clump.labels(survey, source_id, is_rc)": f"('s', 1, {is_rc})",
        "red_clump.truth(survey, source_id, phase)": f"('s', 1, {phase})"}) for is_rc, phase, share in [("true", 3, 1.0), ("false", 2, None)]),
    Case("red_clump.selection_function", "tier, abs_b_low_deg, g_low_mag, j_ks_low_mag, n_rc, n_true, completeness, completeness_low, completeness_high", given={
        "red_clump.binned(tier, b, phot_g_mean_mag, j_ks, is_rc)":
        "(1, -19.0, 12.7, 0.75, true), (2, 11.0, 12.1, 0.61, true), (null, 11.0, 12.1, 0.61, true), (1, 11.0, 12.1, 0.61, false)"},
        rows=[(t, 10.0, 12.0, 0.6, 3, t, t / 3, *wilson(t, 3)) for t in (1, 2)]),
    Case("red_clump.seismic_cells", "panel, delta_nu_low_uhz, delta_p_low_s, n, n_rc", given={
        "red_clump.evaluation(is_rc, delta_nu_label_uhz, delta_p_label_s, delta_nu_uhz, delta_p_s, joint_delta_nu_uhz, joint_delta_p_s)":
        "(true, 4.1, 303, 4.3, 299, 4.6, null), (false, 4.2, 301, 4.4, 298, 5.0, 100), (null, 4.2, 301, 4.4, 298, 5.0, 100), (true, null, 1, null, 1, null, 1)"},
        rows=[("inferred", 4.25, 295.0, 2, 1), ("joint", 5.0, 100.0, 1, 0), ("label", 4.0, 300.0, 2, 1)]),
    Case("red_clump.label_checks", "label_table, n_checked, n_contradicted", given={
        "red_clump.labels(label_table, evolutionary_state, delta_p_s)":
        "('t', 'RC', 150), ('t', 'RC', 151), ('t', 'RGB', 151), ('t', 'RGB', 80), ('t', 'RC', null), ('t', 'other', 80), ('u', 'RC', 300)"},
        rows=[("t", 4, 2), ("u", 1, 0)]),
    Case("red_clump.parallax_checks", "survey, n_stars, n_with_parallax, n_not_positive, n_with_m_ks, n_impossible", given={
        "red_clump.scores(survey, parallax, parallax_zero_point, ks_m, phot_g_mean_mag)":
        # at 0.5 mas the distance modulus is 11.505: -9 and 12 are Ks 2.505 and 23.505; the last but one is 0.5 mas by its zero point
        # without Ks it is G - 2.2
        """('a', 0.5, 0.0, 2.51, 1.0), ('a', 0.5, 0.0, 2.50, 9.0), ('a', 0.5, 0.0, 23.50, 9.0), ('a', 0.5, 0.0, 23.51, 9.0), ('a', -0.5, 0.0, 9.0, 9.0), ('a', 0.4, -0.1, 2.50, 9.0), ('b', null, 0.0, 9.0, 9.0),
           ('c', 0.5, 0.0, null, 4.71), ('c', 0.5, 0.0, null, 4.70), ('c', 0.5, 0.5, null, 9.0), ('c', 0.5, 0.4, null, null)"""},
        rows=[("a", 6, 6, 1, 5, 3), ("b", 1, 0, 0, 0, 0), ("c", 4, 4, 1, 2, 1)]),
    # of 't' the red clump's median is 300 s and its 84th percentile 368, that of the others 80 and their 16th percentile 39.2
    Case("red_clump.label_errors", "label_table, n_labelled, round(missed, 6), round(false_clump, 6)", given={
        "red_clump.labels(label_table, is_rc, evolutionary_state, delta_p_s)":
        "('t', true, null, 260), ('t', true, null, 300), ('t', true, null, 400), ('t', false, null, 20), ('t', false, null, 80), ('t', false, null, 180), ('t', null, null, 500), ('u', true, 'RC', 210), ('u', true, 'RC', 900), ('u', false, 'RGB', 190)"},
        rows=[("t", 6, round(0.03 + norm.sf(100 / 68), 6), round(0.03 + norm.sf(120 / 40.8), 6)), ("u", 3, 0.03, 0.03)]),
    Case("red_clump.kiel_cells", "panel, teff_low_k, logg_low, n, n_rc", given={
        "red_clump.held_out(survey, source_id, teff_all_k, logg_all, teff_k, logg, joint_teff_k, joint_logg)":
        """('s', 1, 4810, 2.43, 4790, 2.38, 4700, 2.31), ('s', 2, null, null, 4780, 2.39, 4701, null), ('s', 3, 6000, 4.4, 5990, 4.3, 5980, 4.2)""",
        "red_clump.labels(survey, source_id, teff_k, logg, is_rc)": "('s', 1, 4820, 2.44, true), ('s', 2, 4849, 2.41, false), ('s', 3, 5900, null, null)"},
        rows=[("any star", 4800.0, 2.4, 1, 1), ("any star", 6000.0, 4.4, 1, 0), ("giants", 4750.0, 2.35, 2, 1),
              ("giants, joint", 4700.0, 2.3, 1, 1), ("label", 4800.0, 2.4, 2, 1)]),
]  # fmt: skip

DIFFERENCES = "red_clump.parameter_differences(parameter, reference, difference, inferred, sigma)"
VALIDATION = [
    Case("red_clump.comparison_cells", "parameter, reference, reference_low, inferred_low, cell_width, n", given={DIFFERENCES:
        "('teff_k', 'label', 30.0, 4790.0, 1.0), ('teff_k', 'label', 31.0, 4799.0, 1.0), ('logg', 'label', -0.06, 2.44, 1.0), ('joint_delta_nu_uhz', 'truth', 0.0, 4.3, 1.0), ('delta_p_s', 'truth', -9.0, 301.0, 1.0)"},
        rows=[("delta_p_s", "truth", 290.0, 300.0, 5.0, 1), ("joint_delta_nu_uhz", "truth", 4.25, 4.25, 0.25, 1),
              ("logg", "label", 2.35, 2.4, 0.05, 1), ("teff_k", "label", 4800.0, 4775.0, 25.0, 1), ("teff_k", "label", 4825.0, 4775.0, 25.0, 1)]),
    Case("red_clump.residual_bins", "parameter, inferred_low, n, difference_median, difference_low, difference_high, sigma_median", given={DIFFERENCES:
        "('teff_k', 'label', 0.0, 4750.0, 10.0), ('teff_k', 'label', 100.0, 4874.0, 30.0), ('teff_k', 'label', 50.0, 4875.0, 1.0)"},
        rows=[("teff_k", 4750.0, 2, 50.0, 16.0, 84.0, 20.0), ("teff_k", 4875.0, 1, 50.0, 50.0, 50.0, 1.0)]),
    Case("red_clump.pulls", "parameter, reference, pull_low, n, share", given={DIFFERENCES:
        """('logg', 'label', 0.3, 0.0, 1.0), ('logg', 'label', 0.98, 0.0, 2.0), ('logg', 'label', -0.1, 0.0, 1.0), ('logg', 'truth', -0.1, 0.0, 1.0),
        ('logg', 'label', 10.0, 0.0, 1.0), ('logg', 'label', -10.0, 0.0, 1.0), ('logg', 'label', 1.0, 0.0, 0.0), ('logg', 'label', -9.9, 0.0, 1.0)"""},
        rows=[("logg", "label", -10.0, 1, 0.25), ("logg", "label", -0.25, 1, 0.25), ("logg", "label", 0.25, 2, 0.5), ("logg", "truth", -0.25, 1, 1.0)]),
    Case("red_clump.validation", "parameter, reference, n, bias, standard_deviation, robust_scatter, mean_absolute, typical_sigma, pull_scatter", given={
        "red_clump.parameter_differences(parameter, reference, difference, sigma)": "('logg', 'label', 1.0, 1.0), ('logg', 'label', 2.0, 2.0), ('logg', 'label', -6.0, 3.0)",
        "red_clump.star_differences(parameter, reference, difference, sigma)": "('logg_all', 'label', 0.5, 0.1)",
        "red_clump.distance_differences(parameter, reference, difference, sigma)": "('distance', 'truth', 0.1, 0.1), ('distance', 'truth', 0.2, 0.1), ('distance', 'truth', 0.9, 0.1)"},
        rows=[("distance", "truth", 3, 0.2, statistics.pstdev([0.1, 0.2, 0.9]), robust([0.1, 0.2, 0.9]), 0.4, 0.1, robust([1, 2, 9])),
              ("logg", "label", 3, -1.0, statistics.pstdev([1, 2, -6]), robust([1, 2, -6]), 3.0, 2.0, robust([1, 1, -2])),
              ("logg_all", "label", 1, 0.5, 0.0, 0.0, 0.5, 0.1, 0.0)]),
    Case("red_clump.star_differences", "parameter, reference, difference, sigma", given={
        "red_clump.held_out(survey, source_id, teff_all_k, teff_all_k_error, logg_all, logg_all_error)": "('s', 1, 4800, 80, 2.5, 0.2), ('t', 1, 5000, 90, 3.0, 0.3)",
        "red_clump.labels(survey, source_id, teff_k, logg)": "('s', 1, 4850, 2.4), ('t', 1, 4900, null)",
        "red_clump.truth(survey, source_id, teff_k, logg)": "('s', 1, 4840, 2.7)"},
        rows=[("logg_all", "label", -0.1, 0.2), ("logg_all", "truth", 0.2, 0.2), ("teff_all_k", "label", -100, 90), ("teff_all_k", "label", 50, 80),
              ("teff_all_k", "truth", 40, 80)]),
    # every parameter: reference less inferred, 1 to 4 by label and 10 times that by truth; the joint networks are 100 further off, those for any bands 1000
    Case("red_clump.parameter_differences", "parameter, reference, difference, inferred, sigma", given={
        "red_clump.evaluation": """select 'kepler_x' as survey, 5::bigint as source_id,
            101.0 as teff_label_k, 100.0 as teff_k, 110.0 as teff_true_k, 0.0 as joint_teff_k, 1.0 as teff_k_error, 11.0 as joint_teff_k_error, -900.0 as any_teff_k, 21.0 as any_teff_k_error,
            202.0 as logg_label, 200.0 as logg, 220.0 as logg_true, 100.0 as joint_logg, 2.0 as logg_error, 12.0 as joint_logg_error, -800.0 as any_logg, 22.0 as any_logg_error,
            303.0 as delta_nu_label_uhz, 300.0 as delta_nu_uhz, 330.0 as delta_nu_true_uhz, 200.0 as joint_delta_nu_uhz, 3.0 as delta_nu_uhz_error, 13.0 as joint_delta_nu_uhz_error, -700.0 as any_delta_nu_uhz, 23.0 as any_delta_nu_uhz_error,
            404.0 as delta_p_label_s, 400.0 as delta_p_s, 440.0 as delta_p_true_s, 300.0 as joint_delta_p_s, 4.0 as delta_p_s_error, 14.0 as joint_delta_p_s_error, -600.0 as any_delta_p_s, 24.0 as any_delta_p_s_error
            union all by name select 'other' as survey, 5 as source_id, 0.0 as delta_p_s, 0.0 as delta_nu_uhz""",
        "staging.vrard2016(kic, delta_nu_uhz, delta_p_s)": "(5, 300.5, 400.25)"},
        rows=sorted([row for k, (name, at) in enumerate([("teff_k", 100.0), ("logg", 200.0), ("delta_nu_uhz", 300.0), ("delta_p_s", 400.0)], start=1)
                     for row in [(name, "label", float(k), at, float(k)), (name, "truth", 10.0 * k, at, float(k)),
                                 ("joint_" + name, "label", 100.0 + k, at - 100, 10.0 + k), ("joint_" + name, "truth", 100.0 + 10 * k, at - 100, 10.0 + k),
                                 ("any_" + name, "label", 1000.0 + k, at - 1000, 20.0 + k), ("any_" + name, "truth", 1000.0 + 10 * k, at - 1000, 20.0 + k)]]
                    + [("delta_nu_uhz", "Vrard+2016", 0.5, 300.0, 3.0), ("joint_delta_nu_uhz", "Vrard+2016", 100.5, 200.0, 13.0),
                       ("delta_p_s", "Vrard+2016", 0.25, 400.0, 4.0), ("joint_delta_p_s", "Vrard+2016", 100.25, 300.0, 14.0), ("any_delta_nu_uhz", "Vrard+2016", 1000.5, -700.0, 23.0), ("any_delta_p_s", "Vrard+2016", 1000.25, -600.0, 24.0)])),
    Case("red_clump.sigma_bins", "parameter, input, subset, input_error_low, n, sigma_median, sigma_low, sigma_high, sigma_lowest, sigma_highest", given={
        "red_clump.input_errors(parameter, input, teff_k, logg, input_error, sigma)":
        "('logg', 'parallax', 4699.0, 2.5, 0.013, 0.0), ('logg', 'parallax', 4700.0, 2.49, 0.015, 100.0)"},
        rows=[("logg", "parallax", s, 10**-1.9, *r) for s, r in [
            ("Teff < 4700 K", (1, 0.0, 0.0, 0.0, 0.0, 0.0)), ("Teff > 4700 K", (1, 100.0, 100.0, 100.0, 100.0, 100.0)),
            ("all", (2, 50.0, 16.0, 84.0, 2.5, 97.5)),
            ("log g < 2.5", (1, 100.0, 100.0, 100.0, 100.0, 100.0)), ("log g > 2.5", (1, 0.0, 0.0, 0.0, 0.0, 0.0))]]),
    Case("red_clump.input_errors", "source_id, parameter, sigma, input, input_error", given={
        "red_clump.evaluation": """select 's' as survey, i::bigint as source_id, 4800.0 as teff_k, 2.4 as logg, 1.0 as teff_k_error, 2.0 as logg_error, 3.0 as delta_nu_uhz_error,
            4.0 as delta_p_s_error, 5.0 as joint_teff_k_error, 6.0 as joint_logg_error, 7.0 as joint_delta_nu_uhz_error, null::double as joint_delta_p_s_error from range(1, 4) as t(i)""",
        "red_clump.scores(survey, source_id, parallax, parallax_zero_point, parallax_error)": "('s', 1, 0.4, -0.1, 0.1), ('s', 2, -0.2, -0.1, 0.1), ('s', 3, 0.4, -0.1, 0.1)",
        "quality.gaia(survey, source_id, phot_g_mean_mag_error)": "('s', 1, 0.03), ('t', 2, 0.03)",
        "match.allwise(survey, source_id, designation)": "('s', 1, 'a'), ('s', 2, 'b')", "staging.allwise(designation, w2mpro_error)": "('a', 0.04), ('b', 0.04)"},
        # star 3 has no match with AllWISE
        rows=sorted((i, name, sigma, kind, error) for name, sigma in [("teff_k", 1.0), ("logg", 2.0), ("delta_nu_uhz", 3.0), ("delta_p_s", 4.0),
                     ("joint_teff_k", 5.0), ("joint_logg", 6.0), ("joint_delta_nu_uhz", 7.0)] for i, kind, error in [(1, "G-W2", 0.05), (1, "parallax", 0.2), (3, "parallax", 0.2)])),
]  # fmt: skip

STAR = """select 1::bigint as source_id, 's' as survey, 10.0 as ra, 20.0 as "dec", 30.0 as l, 40.0 as b, 0.05 as parallax_error, -0.04 as parallax_zero_point,
    15.1 as g_mean_psf_mag, 15.2 as r_mean_psf_mag, 15.3 as i_mean_psf_mag, 15.4 as z_mean_psf_mag, 15.5 as y_mean_psf_mag, 0.01 as j_m_error,
    0.02 as h_m_error, 0.03 as ks_m_error, 0.04 as w1mpro_error, 0.05 as w2mpro_error, 1e-4 as g_error_ratio, 0.5 as parallax, 'Gaia DR2' as gaia_passband,
    13.0 as phot_g_mean_mag, 13.5 as phot_bp_mean_mag, 12.5 as phot_rp_mean_mag, 11.1 as j_m, 11.2 as h_m, 11.3 as ks_m, 10.1 as w1mpro, 10.2 as w2mpro,
    true as passes_excess_factor, null::boolean as passes_ruwe, 1.1 as ruwe, 1.2 as phot_bp_rp_excess_factor, true as passes_twomass, true as passes_allwise, true as passes_saturation, true as has_panstarrs1,
    true as passes_j, true as passes_h, true as passes_ks, true as passes_w1, true as passes_w2"""
ALL_BANDS = "G BP RP g r i z y J H Ks W1 W2 parallax"


def lost(passes: str, bands: str) -> Case:
    """A star that fails a cut loses these bands, one for which it is not known none."""
    left = " ".join(band for band in ALL_BANDS.split() if band not in bands.split())
    return Case(
        "red_clump.scored_inputs",
        "bands",
        rows=sorted([(left,), (ALL_BANDS,)]),
        given={
            "red_clump.stars": f"""
        select * replace (false as {passes}) from ({STAR}) union all select * replace (null as {passes}) from ({STAR})"""
        },
    )


DR3 = (
    13 - (-0.00992 + 0.00092 - 0.00190 + 0.00190),
    13.5 - (0.01307 - 0.01506 - 0.00104 + 0.00112),
    12.5 - (0.02083 - 0.00897 + 0.00003 + 0.00002),
)
INPUTS = [
    # of each cut: sure to pass, within what it can be moved over, not known
    *(Case("red_clump.scored_inputs", "uses_parallax, uses_g, uses_bp_rp", rows, given={"red_clump.stars": f"select * replace ({changed}) from (select * replace (true as passes_ruwe, 1.0 as ruwe, 5e-5 as g_error_ratio) from ({STAR}))"}) for changed, rows in [
        ("1.2 as phot_bp_rp_excess_factor", [(True, True, True)]), ("1.05 as phot_bp_rp_excess_factor", [(True, True, False), (True, True, True)]), ("null::double as phot_bp_rp_excess_factor", [(True, True, False)]),
        ("1.05 as phot_bp_rp_excess_factor, null::double as phot_bp_mean_mag", [(True, True, False)]), ("1.2 as ruwe", [(False, True, True), (True, True, True)]), ("null::double as ruwe", [(False, True, True)]),
        ("2e-4 as g_error_ratio", [(True, False, True), (True, True, True)]), ("null::double as g_error_ratio", [(True, False, True)]), ("null::boolean as passes_ruwe", [(None, None, None)])]),
    # with the outcome that a cut takes it, a measurement is NULL
    *(Case("red_clump.scored_inputs", columns, rows, given={"red_clump.stars": f"select * replace ({changed}) from (select * replace (true as passes_ruwe, 1.0 as ruwe, 5e-5 as g_error_ratio, 1.2 as phot_bp_rp_excess_factor) from ({STAR}))"}) for changed, columns, rows in [
        ("1.05 as phot_bp_rp_excess_factor", "uses_bp_rp, phot_bp_mean_mag, phot_rp_mean_mag, phot_g_mean_mag", [(False, None, None, 13.0), (True, 13.5, 12.5, 13.0)]),
        ("1.2 as ruwe", "uses_parallax, corrected_parallax, phot_g_mean_mag", [(False, None, 13.0), (True, 0.54, 13.0)]),
        ("2e-4 as g_error_ratio", "uses_g, phot_g_mean_mag, phot_bp_mean_mag", [(False, None, 13.5), (True, 13.0, 13.5)])]),
    lost("passes_j", "J"), lost("passes_h", "H"),
    lost("passes_ks", "Ks"), lost("passes_w1", "W1"), lost("passes_w2", "W2"), lost("passes_twomass", ""), lost("passes_allwise", ""), lost("has_panstarrs1", ""),
    Case("red_clump.scored_inputs", "corrected_parallax, phot_g_mean_mag, phot_bp_mean_mag, phot_rp_mean_mag", given={"red_clump.stars": STAR}, rows=[(0.54, 13.0, 13.5, 12.5)]),
    Case("red_clump.scored_inputs", "round(phot_g_mean_mag, 5), round(phot_bp_mean_mag, 5), round(phot_rp_mean_mag, 5)",
         given={"red_clump.stars": f"select * replace ('Gaia DR3' as gaia_passband) from ({STAR})"}, rows=[tuple(round(m, 5) for m in DR3)]),
    Case("red_clump.places", "id, ra, dec, epoch_yr, pmra, pmdec", given={
        'red_clump.stars(survey, source_id, ra, "dec")': "('s', 1, 10.0, 20.0), ('s', 2, null, 20.0), ('s', 3, 10.0, null)"}, rows=[("s:1", 10.0, 20.0, 2000.0, 0.0, 0.0)]),
    # 0.9 arcsec apart in declination are the first two; the same survey twice is no other
    Case("red_clump.surveys", "survey, n, n_elsewhere", given={'red_clump.places(survey, id, ra, "dec", epoch_yr, pmra, pmdec)':
        """('a', 'a:1', 10.0, 0.0, 2000, 0, 0), ('b', 'b:1', 10.0, 0.00025, 2000, 0, 0), ('a', 'a:2', 20.0, 0.0, 2000, 0, 0), ('a', 'a:3', 20.0, 0.0001, 2000, 0, 0),
           ('b', 'b:2', 10.0, 0.0004, 2000, 0, 0)"""}, rows=[("a", 3, 1), ("b", 2, 1)]),
    Case("red_clump.quality_patterns", "passes, n", given={"red_clump.stars(passes_excess_factor, passes_ruwe, passes_twomass, passes_allwise, passes_saturation, has_panstarrs1)":
        "(true, false, true, true, true, null), (true, false, true, true, true, null), (true, true, true, false, true, false)"},
        rows=[([True, False, True, True, True, None], 2), ([True, True, True, False, True, False], 1)]),
    Case("red_clump.truth", "survey, source_id, phase", given={"staging.mock_truth(source_id, phase)": "(1, 3)"}, rows=[("gaia_dr2", 1, 3), ("gaia_dr3", 1, 3)]),
]  # fmt: skip


PRIORS = [
    Case("red_clump.shares", "survey, magnitude_low, abs_b_low, n, clump_share", given={
        "red_clump.giants(survey, source_id, phot_g_mean_mag, ks_m, b)": "('s', 1, 13.2, 9.0, -15.0), ('s', 2, 13.9, 9.0, 11.0), ('s', 3, null, 9.9, 5.0), ('t', 3, 13.9, 9.0, 11.0), ('s', 4, 13, 9, 5)",
        "red_clump.sky_probabilities(survey, source_id, p_rc_sky)": "('s', 1, 0.8), ('s', 2, 0.3), ('s', 3, 0.5), ('t', 3, 0.9)"},
        rows=[("s", 12, 0, 1, 0.5), ("s", 13, 10, 2, 0.55), ("t", 13, 10, 1, 0.9)]),
    Case("red_clump.sky_probabilities", "source_id, odds_factor, p_rc_sky", given={
        "red_clump.giants(survey, source_id, p_rc)": "('s', 1, 0.8), ('s', 2, null), ('t', 3, 0.3)",
        "red_clump.odds_factors(survey, odds_factor)": "('s', 0.25)"}, rows=[(1, 0.25, 0.5), (3, 1.0, 0.3)]),
]  # fmt: skip

GRADIENTS = {
    "red_clump.gradients(survey, source_id, input, d_delta_p_s, d_joint_delta_p_s, d_teff_k, d_logg, d_delta_nu_uhz, d_p_rc, step_teff_k, step_logg, step_delta_p_s)":
    """('s', 1, 'j_m', 1.0, 10.0, 2.0, 0.5, 7.0, 0.1, 1, 2, 3), ('s', 2, 'j_m', 3.0, 30.0, 4.0, -1.5, 8.0, 0.2, 1, 2, 3), ('s', 3, 'j_m', 5.0, 50.0, 9.0, 1.0, 9.0, 0.3, 1, 2, 3),
       ('s', 4, 'j_m', 77.0, 77.0, 77.0, 77.0, 77.0, 0.7, 1, 2, 3), ('s', 5, 'j_m', 77.0, 77.0, 77.0, 77.0, 77.0, 0.7, 1, 2, 3), ('s', 1, 'w1mpro', 1.0, 1.0, 0.0, 2.0, 1.0, 0.1, 1, 2, 3)"""
}  # fmt: skip
GRADIENT_CASES = [
    Case("red_clump.gradient_strength", "band, wavelength_um, n, d_delta_p_s, d_joint_delta_p_s, d_teff_k, d_logg, change_mag, strength_by_teff, strength_by_logg, strength", given={
        **GRADIENTS, "red_clump.evaluation(survey, source_id, teff_k, logg)": "('s', 1, 4100, 2.3), ('s', 2, 5100, 2.7), ('s', 3, 4800, 2.71), ('s', 4, 4099, 2.5), ('s', 5, 4800, 2.29)",
        "photometric.bands(band, magnitude_column, wavelength_um)": "('j', 'j_m', 1.2), ('w1', 'w1mpro', 3.4), ('h', 'h_m', 1.6)",
        "red_clump.expected_changes(band, change_mag)": "('j', 0.01)"},
        rows=[("j", 1.2, 2, 2.0, 20.0, 3.0, -0.5, 0.01, 2 / 3, 4.0, 4 / 3), ("w1", 3.4, 1, 1.0, 1.0, 0.0, 2.0, None, None, 0.5, None)]),
    # 101 stars from 4000 to 5000 K and of log g 2 to 3: the middle 98 % are 4010 to 4990 and 2.01 to 2.99, cells of 98 K by 0.098
    Case("red_clump.gradient_cells", "input, teff_low_k, logg_low, teff_width_k, logg_width, n, d_teff_k, d_logg, d_delta_nu_uhz, d_delta_p_s, d_joint_delta_p_s, d_p_rc, step_teff_k, step_logg, step_delta_p_s",
         given={"red_clump.evaluation": "select 's' as survey, i::bigint as source_id, 4000.0 + 10 * i as teff_k, 2 + 0.01 * i as logg from range(101) as t(i)",
                "red_clump.gradients": """select 's' as survey, unnest([0, 1, 15, 16, 98, 99])::bigint as source_id, 'j_m' as input, source_id * 1.0 as d_teff_k, 2.0 * source_id as d_logg,
                3.0 * source_id as d_delta_nu_uhz, 4.0 * source_id as d_delta_p_s, 5.0 * source_id as d_joint_delta_p_s, 6.0 * source_id as d_p_rc, 0.1 as step_teff_k, 0.2 as step_logg, 0.3 as step_delta_p_s"""},
         rows=[("j_m", 4010.0, 2.01, 98.0, 0.098, 1, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.1, 0.2, 0.3),
               ("j_m", 4108.0, 2.108, 98.0, 0.098, 2, 15.5, 31.0, 46.5, 62.0, 77.5, 93.0, 0.1, 0.2, 0.3),
               ("j_m", 4892.0, 2.892, 98.0, 0.098, 1, 98.0, 196.0, 294.0, 392.0, 490.0, 588.0, 0.1, 0.2, 0.3)]),
]  # fmt: skip

# ten bins, of which bin [1] of two folds and bin [2] of one share a coarse bin
LABELLED = [
    Case("red_clump.labels", "survey, source_id, teff_k, logg, feh, snr, delta_nu_uhz, delta_p_s, evolutionary_state, snr_seismology, label_table, is_rc", given={
        "match.lamost(survey, source_id, obsid)": "('gaia_dr2', 1, 11), ('gaia_dr2', 2, 12)",
        "staging.lamost(obsid, teff, logg, feh, snrg)": "(11, 4800, 2.4, -0.1, 60), (12, 4900, 2.5, 0.1, 70), (13, 1, 1, 1, 1)",
        "match.seismology(survey, source_id, star_id)": "('gaia_dr2', 1, 'k'), ('gaia_dr3', 2, 'm')",
        "staging.seismology(star_id, delta_nu_uhz, delta_p_s, evolutionary_state, snr)": "('k', 4.0, 300, null, 80), ('m', 9.0, 80, null, 90)",
        "staging.wide_stars": """select 'w' as wide_survey, i::bigint as source_id, if(i = 1, 4700, null) as teff, if(i = 2, 2.0, null) as logg, null::double as feh, 99 as snr,
            null::double as delta_nu_uhz, null::double as delta_p_s, if(i = 3, ' clump', if(i = 4, 'giant', null)) as evolutionary_state from range(5) as t(i)"""},
        rows=[("gaia_dr2", 1, 4800, 2.4, -0.1, 60, 4.0, 300, None, 80, "seismology", True),
              ("gaia_dr2", 2, 4900, 2.5, 0.1, 70, None, None, None, None, "lamost", None),
              ("gaia_dr3", 2, None, None, None, None, 9.0, 80, None, 90, "seismology", False),
              ("w", 1, 4700, None, None, 99, None, None, None, 99, "w", None), ("w", 2, None, 2.0, None, 99, None, None, None, 99, "w", None),
              ("w", 3, None, None, None, 99, None, None, "RC", 99, "w", True)]),
    Case("red_clump.bin_sets", "method, coarse_bin, bin", given={"red_clump.binned(teff_bin, logg_bin, delta_nu_bin, delta_p_bin, teff_label_bin, logg_label_bin)":
        "(1, 2, 3, 4, 5, 6), (1, 2, 3, null, 5, null), (null, 2, 3, null, null, 6)"},
        rows=[("bins_4d", [3, 4], [1, 2, 3, 4]), ("teff_logg_photometric", [1], [1, 2]), ("teff_logg_photometric", [1], [1, 2]),
              ("teff_logg_spectroscopic", [5], [5, 6])]),
    Case("red_clump.giants", "source_id, p_rc, p_rc_photometric", given={
        "red_clump.judged(source_id, is_in_label_range, p_rc, p_rc_photometric, is_giant, is_known, logg, teff_k)":
        """(1, true, 0.9, 0.8, true, true, 2.4, 4800), (2, false, 0.9, 0.8, null, true, 2.4, 4800), (3, true, 0.9, 0.8, false, true, 2.4, 4800),
           (4, true, 0.9, 0.8, true, false, 2.4, 4800), (5, true, null, null, true, true, null, null), (6, true, null, null, true, true, null, 4800)"""},
        rows=[(1, 0.9, 0.8), (2, None, None), (6, None, None)]),
]  # fmt: skip


def value(expression: str, result: object) -> Case:
    return Case("", expression, result)


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


MACROS = [
    value("red_clump.is_red_clump('RC', 100, 20)", True), value("red_clump.is_red_clump('RGB', 300, 4)", False), value("red_clump.is_red_clump(null, 201, 8.4)", True),
    value("red_clump.is_red_clump(null, 200, 8.4)", False), value("red_clump.is_red_clump(null, 201, 8.5)", False), value("red_clump.is_red_clump(null, null, 4)", None),
    value("red_clump.is_red_clump(null, 300, null)", None),
    value("red_clump.is_giant(5499, 3.49)", True), value("red_clump.is_giant(5500, 3.0)", False), value("red_clump.is_giant(5000, 3.5)", False), value("red_clump.is_giant(2500, 3.0)", False),
    value("red_clump.is_giant(2501, 3.0)", True), value("red_clump.is_giant(null, 3.0)", None), value("red_clump.is_giant(6000, null)", False),
    value("red_clump.is_in_label_range(2.01, -0.89)", True), value("red_clump.is_in_label_range(2.0, 0)", False), value("red_clump.is_in_label_range(3, -0.9)", False),
    value("red_clump.is_in_label_range(null, -0.89)", True), value("red_clump.is_in_label_range(2.01, null)", True), value("red_clump.is_in_label_range(null, -1)", False),
    value("red_clump.log_odds(0.8)", log(4)), value("red_clump.log_odds(null)", 0.0), value("red_clump.log_odds(1)", 6.2), value("red_clump.log_odds(0)", -6.2), value("red_clump.log_odds(1e-4)", -6.2),
    value("red_clump.shifted_share(1, -3)", sigmoid(-2)), value("red_clump.strata(1, null)", ["tier 1", "tier 2"]), value("red_clump.strata(2, null)", ["tier 2"]), value("red_clump.strata(null, 'x')", ["x"]),
    # W1 = 10.32 is a red clump star at 2.512 kpc (modulus 12), 2 kpc from the plane at 52.8 deg
    value("red_clump.is_far_from_plane(10.32, 1.0, -52.0)", False), value("red_clump.is_far_from_plane(10.32, 1.0, -54.0)", True), value("red_clump.is_far_from_plane(null, 10.32, 54.0)", True),
    value("red_clump.is_far_from_plane(null, null, 54.0)", False), value("red_clump.is_far_from_plane(10.32, 1.0, null)", False),
    value("red_clump.refusal(false, false, false, null)", "not a giant"), value("red_clump.refusal(true, false, false, null)", "outside the hull"),
    value("red_clump.is_known(true, null)", True), value("red_clump.is_known(null, null)", True), value("red_clump.is_known(false, null)", False), value("red_clump.is_known(false, 4800)", True),
    *(Case("", "red_clump.is_known(false, 4800)", False, setup=f"create or replace macro cuts.{name}() as true") for name in ("lucey_quality_cuts", "validity_by_density")),
    value("red_clump.refusal(null, null, false, null)", "outside the range of labels"), value("red_clump.refusal(null, null, null, null)", "not red clump by the cuts of tier 2"),
    value("red_clump.refusal(true, true, true, 2)", None),
    *(value(f"red_clump.tier({given})", tier) for given, tier in [
        ("4701, 5.24, 265.1, 0", 1), ("4700, 5.24, 265.1, 0", 2), ("4701, 5.25, 265.1, 0", 2), ("4701, 5.24, 265, 0", 2), ("1, 5.49, 225.1, 1", 2), ("1, 5.5, 225.1, 1", None),
        ("1, 5.49, 225, 1", None), ("null, null, null, 0.881", 1), ("null, null, null, 0.88", 2), ("null, null, null, 0.671", 2), ("null, null, null, 0.67", None)]),
    value("red_clump.pooled_share(3, 4, 0.5)", 7 / 12), value("red_clump.pooled_share(null, null, 0.5)", 0.5), value("red_clump.pooled_error(0.2, 8)", 0.1), value("red_clump.pooled_error(0.2, null)", sqrt(0.02)),
    value("red_clump.young_width(-0.3)", 0.2 / exp(1)), value("red_clump.young_width(0.6)", 0.2 / exp(2)),
    value("red_clump.latitude_cell(-29.9)", 20.0), value("red_clump.g_error_cell(0.0000149)", 1e-5), value("red_clump.g_error_cell(1)", 39 * 5e-6), value("red_clump.g_error_cell(null)", None),
    *(value(f"red_clump.cell_width('{prefix}{name}')", width) for name, width in [("teff_k", 25.0), ("logg", 0.05), ("delta_nu_uhz", 0.25), ("delta_p_s", 5.0)] for prefix in ("", "joint_", "any_")),
    value("red_clump.band_list(1,1,1,1,1,1,1,1,1,1,1,1,1,1)", ALL_BANDS),
    *(value(f"red_clump.band_list({', '.join('1' if k == only else 'null' for k in range(14))})", name) for only, name in enumerate(ALL_BANDS.split())),
    value("red_clump.with_share(0.8, 0.45)", 0.8), value("red_clump.with_share(0.45, 0.3)", 0.3), value("red_clump.with_share(0.8, 0.2)", 1 / (1 + 0.45 / 0.55)), value("red_clump.with_odds(0.8, 0.25)", 0.5),
    value("red_clump.survey_in_set('G BP', ['G', 'BP'], 'Gaia')", "Gaia"), value("red_clump.survey_in_set('G', ['G', 'BP'], 'Gaia')", "(Gaia)"), value("red_clump.survey_in_set('J', ['G'], 'Gaia')", None),
    value(f"red_clump.band_set('{ALL_BANDS}')", "Gaia PS1 2MASS WISE parallax"), value("red_clump.band_set('BP r H W1')", "(Gaia) (PS1) (2MASS) (WISE)"),
    value("stats.hypot(3, 4)", 5.0), value("stats.normal_density(3, 1, 2)", exp(-0.5) / 2 / sqrt(2 * 3.141592653589793)), value("stats.wilson_low(3, 10)", wilson(3, 10)[0]),
    value("stats.wilson_high(3, 10)", wilson(3, 10)[1]), value("(select stats.robust_scatter(x) from (values (1), (2), (9)) t(x))", 1.482602218505602),
    value("stats.hypot(-5, 12)", hypot(5, 12)),
]  # fmt: skip

CASES = [*SELECTION, *VALIDATION, *INPUTS, *PRIORS, *GRADIENT_CASES, *LABELLED, *MACROS]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)
