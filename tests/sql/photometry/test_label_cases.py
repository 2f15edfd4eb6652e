"""Views of `sql/photometry` from catalogs to stars with labels, each over a few rows."""

from __future__ import annotations

from math import hypot, log, log10

import numpy as np
import pytest
from candlesql.tests.sql.tables import Case

LN10 = log(10)
LABELS = {
    "photometry.label_offsets(label_survey, label, label_offset)": "('galah', 'teff_k', 10), ('galah', 'logg', 0.2), ('galah', 'feh', -0.3), ('lamost', 'teff_k', -20)",
    "photometry.spectra(survey, source_id, label_survey, teff_k, logg, feh, teff_k_error, logg_error, feh_error)":
    "('s', 1, 'galah', 4500, 2.5, 0.1, 30, 0.2, 0.1), ('s', 1, 'apogee', 1, 1, 1, 1, 1, 1), ('s', 2, 'lamost', 4600, 2.6, 0.2, 40, 0.3, 0.2), ('s', 2, 'apogee', 4700, 2.7, 0.3, 50, 0.4, 0.3), ('s', 3, 'lamost', 4800, 2.8, 0.4, 60, 0.5, 0.4)",
    "staging.wide_stars(wide_survey, source_id, teff, logg, feh)": "('w', 1, 5000, 3.0, 0.0), ('w', 2, null, 3.0, 0.0), ('w', 3, 5000, null, 0.0), ('w', 4, 5000, 3.0, null)",
    'staging.green2020("row", atm_source, teff, logg, feh, cov_teff_teff, cov_teff_logg, cov_teff_feh, cov_logg_logg, cov_logg_feh, cov_feh_feh)': "(7, 'galah', 5100, 3.1, 0.1, 1, 2, 3, 4, 5, 6)",
}  # fmt: skip
SPECTRA = {
    "match.galah(survey, source_id, sobject_id)": "('s', 1, 11), ('s', 2, 12), ('s', 3, 13), ('s', 4, 14), ('s', 9, 99)",
    "staging.galah(sobject_id, teff, logg, fe_h, e_teff, e_logg, e_fe_h, snr_c3_iraf, flag_sp)": "(11, 4500, 2.5, 0.1, 24, 0.12, 0.04, 21, 0), (12, 4500, 2.5, 0.1, 24, 0.12, 0.04, 20, 0), (13, 4500, 2.5, 0.1, 24, 0.12, 0.04, 21, 1), (14, 4500, 2.5, 0.1, null, null, null, null, null)",
    "match.apogee(survey, source_id, apogee_id)": "('s', 1, 'a'), ('s', 2, 'b'), ('s', 3, 'c'), ('s', 4, 'd')",
    "staging.apogee(apogee_id, teff, logg, fe_h, teff_err, logg_err, m_h_err, aspcapflag)": "('a', 4500, 2.5, 0.1, 24, 0.12, 0.04, 0), ('b', 4500, 2.5, 0.1, 24, 0.12, 0.04, 128), ('c', 4500, 2.5, 0.1, 24, 0.12, 0.04, 8388608), ('d', 4500, 2.5, 0.1, 24, 0.12, 0.04, null)",
    "match.lamost(survey, source_id, obsid)": "('s', 1, 1), ('s', 1, 2), ('s', 2, 3), ('s', 3, 4), ('s', 4, 5), ('s', 5, 6), ('s', 6, 7)",
    "staging.lamost(obsid, teff, logg, feh, teff_err, logg_err, feh_err, snrg)": "(1, 4500, 2.5, 0.1, 99, 0.12, 0.04, 21), (2, 4501, 2.5, 0.1, 24, 0.12, 0.04, 21), (3, 4500, 2.5, 0.1, 24, 0.12, 0.04, 20), (4, null, 2.5, 0.1, 24, 0.12, 0.04, 30), "
    "(5, 4500, null, 0.1, 24, 0.12, 0.04, 30), (6, 4500, 2.5, null, 24, 0.12, 0.04, 30), (7, 4500, 2.5, 0.1, 24, 0.12, 0.04, null)",
}  # fmt: skip
INPUTS = (
    """photometry.inputs(survey, source_id, g_mag, g_mag_error, parallax, parallax_error, ebv_prior, ebv_prior_error)"""
)
#: A covariance of labels, and its Cholesky factor by NumPy.
COVARIANCE = np.array([[900.0, 3.0, 0.6], [3.0, 0.05, 0.004], [0.6, 0.004, 0.01]])
L = np.linalg.cholesky(COVARIANCE)


def labels(n: int, teff: float = 900.0, logg: float = 0.05, feh: float = 0.01) -> str:
    return f"('s', {n}, 'galah', 4500, 2.5, 0.1, {teff}, 3.0, 0.6, {logg}, 0.004, {feh})"


STARS = Case("photometry.stars", "source_id, l_teff, l_logg_teff, l_feh_teff, l_logg, l_feh_logg, l_feh, held_out, ebv_prior, ebv_prior_error, distance_modulus, distance_modulus_error",
    setup="create or replace macro main.trained_on(list, ra, dec) as ra = 1; create or replace macro main.trained_on_name(list, name) as name = 'seen'", given={
    INPUTS: """('s', 1, 12.0, 0.2, 2.0, 0.3, 0.1, 0.02), ('s', 2, 12.0, 0.2, 2.0, 0.4, null, null), ('s', 3, 12.0, 0.2, null, null, 0.1, 0.02), ('s', 4, 12.0, 0.21, 2.0, 0.3, 0.1, 0.02), ('s', 5, null, 0.2, 2.0, 0.3, 0.1, 0.02), ('s', 6, 12, 0.2, 2.0, 0.3, 0, 0),
              ('s', 7, 12, 0.2, 2.0, 0.3, 0, 0), ('s', 8, 12, 0.2, 2.0, 0.3, 0, 0), ('s', 9, 12, 0.2, 2.0, 0.3, 0, 0)""",
    "photometry.labels(survey, source_id, label_survey, teff_k, logg, feh, variance_teff, covariance_teff_logg, covariance_teff_feh, variance_logg, covariance_logg_feh, variance_feh)":
    ", ".join([*map(labels, range(1, 6)), labels(6, teff=40001), labels(7, logg=0.251), labels(8, feh=0.251), labels(9, teff=0)]),
    'photometry.places(survey, source_id, ra, "dec", measured_name)': "('s', 1, 1, 0, 'x'), ('s', 2, 2, 0, 'seen'), ('s', 3, 2, 0, 'x')"},
    rows=[(n, *(float(L[i, j]) for i, j in [(0, 0), (1, 0), (2, 0), (1, 1), (2, 1), (2, 2)]), n == 3, *prior, *modulus) for n, prior, modulus in [
        (1, (0.1, 0.02), (10 - 5 * log10(2), 5 / LN10 * 0.15)), (2, (0.2, 0.5), (None, None)), (3, (0.1, 0.02), (None, None))]])  # fmt: skip

CASES = [
    Case("photometry.labels", "survey, source_id, label_survey, teff_k, logg, feh, variance_teff, covariance_teff_logg, covariance_teff_feh, variance_logg, covariance_logg_feh, variance_feh", given=LABELS, rows=[
        ("green2020", 7, "galah", 5100.0, 3.1, 0.1, 1.0, 2, 3, 4.0, 5, 6.0), ("s", 1, "galah", 4510.0, 2.7, -0.2, 900.0, 0, 0, 0.04, 0, 0.01), ("s", 2, "apogee", 4700.0, 2.7, 0.3, 2500.0, 0, 0, 0.16, 0, 0.09),
        ("s", 3, "lamost", 4780.0, 2.8, 0.4, 3600.0, 0, 0, 0.25, 0, 0.16), ("w", 1, "w", 5000.0, 3.0, 0.0, 6400.0, 0, 0, 0.01, 0, 0.01)]),
    Case("photometry.spectra", "label_survey, source_id, teff_k, teff_k_error, logg_error, feh_error", given=SPECTRA, rows=[
        ("apogee", 1, 4500.0, 26.0, 0.13, 0.05), ("apogee", 4, 4500.0, 26.0, 0.13, 0.05), ("galah", 1, 4500.0, 26.0, 0.13, 0.05), ("galah", 4, 4500.0, hypot(80, 10), hypot(0.1, 0.05), hypot(0.1, 0.03)),
        ("lamost", 1, 4501.0, 26.0, 0.13, 0.05), ("lamost", 6, 4500.0, 26.0, 0.13, 0.05)]),
    STARS,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)
