"""Views and macros of `sql/parallax`, each over a few rows."""

from __future__ import annotations

import statistics
from math import cos, hypot, log, radians, sin, sqrt

import numpy as np
import pytest
from candlesql.tests.sql.tables import Case, robust

LN10 = log(10)
K = 4.740470463533349


def value(expression: str, result: object) -> Case:
    return Case("", expression, result)


COMPARED = "parallax.compared(parallax_offset, adjusted_parallax, parallax_error, spec_parallax, spec_parallax_error, is_best, relative_residual, pull, m_h, h_w2)"
PULLS = [0.5, -1.5, 2.5, 0.1]
RESIDUALS = [0.1, -0.3, 0.4]
ACCURACY = [
    Case("parallax.accuracy", """parallax_offset, n, n_negative, n_best, bias, standard_deviation, robust_scatter, unexplained_scatter, chi2_per_star, robust_chi2_per_star, within_one_error, within_two_errors""", given={COMPARED:
        """(0.05, 1.0, 0.03, 2.0, 0.08, true, 0.1, 0.5, 0.1, 0.05), (0.05, 1.0, 0.03, 2.0, 0.08, true, -0.3, -1.5, 0.1, 0.05), (0.05, 1.0, 0.03, 2.0, 0.08, true, 0.4, 2.5, 0.1, 0.05), (0.05, 0.049, 0.03, 2.0, 0.08, false, 9.0, 0.1, 0.1, 0.05),
        (0.03, 1.0, 0.03, 2.0, 0.08, true, 0.0, 0.0, 0.1, 0.05), (0.01, 1.0, 0.03, 2.0, 0.08, false, 0.0, 0.0, 0.1, 0.05)"""},
        rows=[(0.05, 4, 1, 3, 0.1, statistics.stdev(RESIDUALS), robust(RESIDUALS), sqrt(robust(RESIDUALS) ** 2 - 0.0025), statistics.fmean(p * p for p in PULLS), robust(PULLS) ** 2, 0.5, 0.75),
              (0.03, 1, 0, 1, 0.0, None, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0), (0.01, 1, 0, 0, None, None, None, None, 0.0, 0.0, 1.0, 1.0)]),
    Case("parallax.clusters", """cluster, n, mean_m_h, spec_parallax_mean, spec_parallax_mean_error, spec_parallax_scatter, gaia_parallax_mean, gaia_parallax_mean_error, gaia_parallax_scatter""", given={
        "parallax.estimates(member, spec_parallax, spec_parallax_error, model_scatter, adjusted_parallax, parallax_error, m_h)":
        "('M', 1.0, 1.0, 3.0, 2.0, 0.5, 0.1), ('M', 2.0, 0.5, 5.0, 3.0, 1.0, 0.3), (null, 9.0, 1.0, 3.0, 2.0, 0.5, 0.1), ('M', null, 0.5, 5.0, 3.0, 1.0, 0.3), ('M', 2.0, 0.5, 5.0, null, 1.0, 0.3)"},
        rows=[("M", 2, 0.2, 9 / 5, hypot(1 / sqrt(5), 4), sqrt(0.5), 11 / 5, 1 / sqrt(5), sqrt(0.5))]),
    Case("parallax.compared", "apogee_id, parallax_offset, adjusted_parallax, is_best, relative_residual, pull", given={
        "parallax.estimates(apogee_id, sample, m_h, h_w2, phot_g_mean_mag, parallax_error, spec_parallax, spec_parallax_error, spec_parallax_total_error, parallax, is_training)":
        "('a', 'A', 0, 0, 10, 0.03, 1.5, 0.02, 0.04, 1.0, true), ('b', 'A', 0, 0, 10, 0.05, 1.5, 0.02, 0.04, 1.0, true), ('c', 'A', 0, 0, 10, 0.01, 1.5, 0.02, 0.04, 1.0, false), ('d', 'A', 0, 0, 10, -0.06, 1.5, 0.02, 0.04, -1.0, true)"},
        rows=[(star, offset, w + offset, best, 1.5 / (w + offset) - 1, (1.5 - w - offset) / hypot(e, 0.04)) for star, w, e, best in [("a", 1.0, 0.03, True), ("b", 1.0, 0.05, False), ("d", -1.0, 0.06, False)] for offset in (0.029, 0.048)]),
    # differences of -0.7 over 0.5, 0.316 and 1.41
    Case("parallax.residuals", "feature, bin_low, bin_high, n, n_best, bias, robust_scatter, mean_pull, chi2_per_star, within_one_error, within_two_errors, within_one_error_of_equation_5, within_two_errors_of_equation_5", given={COMPARED:
        "(0.048, 1, 0.3, 0.3, 0.4, true, 0.1, 0.5, 0.3, 0.17), (0.048, 1, 0.3, 0.3, 0.1, true, 0.3, -1.5, 0.3, 0.17), (0.048, 1, 1, 0.3, 1, false, 0.9, -2.5, 0.3, 0.17), (0.029, 1, 1, 0.3, 1, true, 0.3, 2.5, 0.3, 0.17), (0.048, 1, 1, null, 1, true, 0.3, 2.5, null, null)"},
        rows=[(name, low, high, 3, 2, 0.2, robust([0.1, 0.3]), -3.5 / 3, (0.25 + 2.25 + 6.25) / 3, 1 / 3, 2 / 3, 1 / 3, 2 / 3) for name, low, high in [("h_w2", 0.1, 0.2), ("m_h", 0.25, 0.5), ("spec_parallax", 0.25, 0.5)]]),
    Case("parallax.precision", "feature, bin_low, bin_high, n, spec_parallax_error_median, gaia_parallax_error_median, spec_error_ratio_median, share_spec_better", given={
        "parallax.estimates(spec_parallax_total_error, parallax_error, spec_parallax, phot_g_mean_mag, spec_distance_kpc)": "(0.02, 0.03, 0.2, 12.3, 4.9), (0.04, 0.03, 0.2, 12.9, 4.0), (0.06, 0.09, 0.6, 12.1, 5.0)"},
        rows=[("phot_g_mean_mag", 12.0, 13.0, 3, 0.04, 0.03, 0.1, 2 / 3), ("spec_distance_kpc", 4.0, 5.0, 2, 0.03, 0.03, 0.15, 0.5), ("spec_distance_kpc", 5.0, 6.0, 1, 0.06, 0.09, 0.1, 1.0)]),
    Case("parallax.map", "x_low_kpc, y_low_kpc, n, mean_vx_km_s, mean_vy_km_s, mean_rotation_km_s, mean_m_h", given={
        "parallax.motions(x_kpc, y_kpc, z_kpc, vx_km_s, vy_km_s, spec_distance_kpc, spec_distance_kpc_error, m_h)":
        "(-6.0, 8.0, 0.9, 10.0, 20.0, 2.0, 0.39, 0.1), (-5.5, 8.9, -0.9, 30.0, 40.0, 2.0, 0.1, 0.3), (-5.5, 8.9, 1.0, 30.0, 40.0, 2.0, 0.1, 0.3), (-5.5, 8.9, -1.1, 30.0, 40.0, 2.0, 0.1, 0.3), (-5.5, 8.9, 0.0, 30.0, 40.0, 2.0, 0.4, 0.3)"},
        # along rotation, which is clockwise seen from the north: (y vx - x vy) / R
        rows=[(-6.0, 8.0, 2, 20.0, 30.0, ((80 + 120) / 10 + (8.9 * 30 + 5.5 * 40) / hypot(8.9, 5.5)) / 2, 0.2)]),
    Case("parallax.funnel", "cut, n_alone, n_in_order, n_left", given={
        "parallax.stars(is_no_luminous_giant, lacks_spectrum, lacks_magnitude, fails_jk, fails_h_w2, lacks_parallax, fails_parallax_error, fails_visibility, fails_astrometric_chi)":
        "(true, true, false, false, false, false, false, false, true), (false, true, false, false, true, false, false, false, false), (false, false, false, false, false, true, false, false, true), (false, false, false, false, false, false, false, false, false)"},
        rows=[("log g outside 0 to 2.2", 1, 1, 3), ("no spectrum", 2, 1, 2), ("a magnitude is missing", 0, 0, 2), ("J - K, equation 6", 0, 0, 2), ("H - W2, equation 7", 1, 0, 2), ("training: no parallax", 1, 1, 1),
              ("training: parallax_error, equation 8", 0, 0, 1), ("training: visibility periods, equation 9", 0, 0, 1), ("training: astrometric chi, equation 10", 2, 0, 1)]),
    Case("parallax.parent", "n, is_training", given={
        "parallax.stars": """select i as n, i = 1 as is_no_luminous_giant, true as has_spectrum, i = 2 as lacks_spectrum, i = 3 as lacks_magnitude, i = 4 as fails_jk, i = 5 as fails_h_w2, i = 6 as lacks_parallax, i = 7 as fails_parallax_error,
            i = 8 as fails_visibility, i = 9 as fails_astrometric_chi from range(11) as t(i)"""}, rows=[(0, True), (6, False), (7, False), (8, False), (9, False), (10, True)]),
]  # fmt: skip


def checks() -> Case:
    """Vertical motions that mix in a tenth of u, v: a slope of 0.1 by least squares (equation of Schönrich et al. 2012)."""
    rng = np.random.default_rng(4)
    n = 8
    d, u, v = rng.uniform(1.1, 1.9, n), rng.normal(0, 40, n), rng.normal(0, 30, n)
    a, b = rng.uniform(0, 6, n), rng.uniform(-0.4, 0.4, n)
    x, y, z = d * np.cos(a) * np.cos(b), d * np.sin(a) * np.cos(b), d * np.sin(b)
    mixed = -(z / d) * (x / d * u + y / d * v)
    vz = 0.1 * mixed + rng.normal(0, 5, n)
    rows = ", ".join(
        f"({p[0]!r}, {p[1]!r}, {p[2]!r}, {p[3]!r}, {p[4]!r}, {p[5]!r}, {p[6]!r})"
        for p in zip(*(q.tolist() for q in (d, x - 8.3, y, z, u + 12.9, v + 245.6, vz)), strict=True)
    )
    far = "(1.5, -8.3, 0.0, 1.0, 500.0, 500.0, 500.0), (1.5, -8.3, 0.0, -1.2, 500.0, 500.0, 500.0), (2.5, -7.0, 0.1, 0.1, 1.0, 2.0, 3.0), (2.6, -7.0, 0.1, 0.1, 1.0, 2.0, 3.0)"
    more = np.array([[-(0.1 / q) * (1.3 / q * (1 - 12.9) + 0.1 / q * (2 - 245.6)), 3.0] for q in (2.5, 2.6)])

    def line(m: np.ndarray, w: np.ndarray, low: float | None) -> tuple:
        sxx, sxy, syy = (
            ((m - m.mean()) ** 2).sum(),
            ((m - m.mean()) * (w - w.mean())).sum(),
            ((w - w.mean()) ** 2).sum(),
        )
        slope = sxy / sxx
        return (
            low,
            len(m),
            float(slope),
            None if low is None else low + 1,
            float(sqrt((syy / sxx - slope**2) / (len(m) - 2))),
        )

    return Case("parallax.distance_checks", "bin_low, n, distance_scale_error, bin_high, distance_scale_error_error", given={
        "parallax.motions(spec_distance_kpc, x_kpc, y_kpc, z_kpc, vx_km_s, vy_km_s, vz_km_s)": f"{rows}, {far}"},
        rows=[line(np.append(mixed, more[:, 0]), np.append(vz, more[:, 1]), None), line(mixed, vz, 1.0)])  # fmt: skip


#: Three stars in one place, of one motion in the plane, have no slope.
NO_SLOPE = Case(
    "parallax.distance_checks",
    "bin_low, n, distance_scale_error, distance_scale_error_error",
    given={
        "parallax.motions(spec_distance_kpc, x_kpc, y_kpc, z_kpc, vx_km_s, vy_km_s, vz_km_s)": ", ".join(
            f"(1.5, -7.0, 0.1, 0.1, 1.0, 2.0, {vz})" for vz in (1.0, 2.0, 4.0)
        )
    },
    rows=[(None, 3, None, None), (1.0, 3, None, None)],
)

MATRIX = np.array(
    [
        [-0.05487395617553902, -0.8734371822248346, -0.48383503143198114],
        [0.4941107627040048, -0.4448286178025452, 0.7469819642829028],
        [-0.8676654903323697, -0.1980782408317943, 0.4559842183620723],
    ]
)
GIVEN = np.array([2.0, 3.0, 5.0])


def icrs(ra: float, dec: float, d: float, pmra: float, pmdec: float, rv: float) -> list[float]:
    """The sum of three unit vectors: along the line of sight, to the east, to the north."""
    a, b = radians(ra), radians(dec)
    sight, east, north = (
        np.array([cos(b) * cos(a), cos(b) * sin(a), sin(b)]),
        np.array([-sin(a), cos(a), 0]),
        np.array([-sin(b) * cos(a), -sin(b) * sin(a), cos(b)]),
    )
    return (rv * sight + K * d * (pmra * east + pmdec * north)).tolist()


MACROS = [
    *(value(f"parallax.rotated_{axis}(2, 3, 5)", float((MATRIX @ GIVEN)[i])) for i, axis in enumerate("xyz")),
    *(value(f"parallax.v{axis}_km_s(2, 3, 5)", float((MATRIX @ GIVEN)[i]) + (12.9, 245.6, 7.78)[i]) for i, axis in enumerate("xyz")),
    value("parallax.transverse_km_s(3, 2)", 6 * K), value("parallax.icrs_vx(130, 40, 2, 3, -4, 50)", icrs(130, 40, 2, 3, -4, 50)[0]), value("parallax.icrs_vy(130, 40, 2, 3, -4, 50)", icrs(130, 40, 2, 3, -4, 50)[1]),
    value("parallax.icrs_vz(40, 2, -4, 50)", icrs(130, 40, 2, 3, -4, 50)[2]),
    # 0.4 + 0.45 x 2 = 1.3
    value("parallax.passes_jk(2.29, 1, 3, 1)", True), value("parallax.passes_jk(2.31, 1, 3, 1)", False), value("parallax.passes_h_w2(1, 1.049)", True), value("parallax.passes_h_w2(1, 1.051)", False),
    value("parallax.astrometric_chi(60, 41)", 10.0), value("parallax.astrometric_chi(60, 5)", None), value("parallax.astrometric_chi(60, 2)", None), value("parallax.magnitude_error(50)", 0.05 / LN10),
    value("parallax.combined_error(3, 4)", 2.4), value("parallax.combined_error(3, null)", 3.0), value("parallax.combined_error(null, 4)", 4.0), value("parallax.combined(1, 1, 4, 2)", 1.6), value("parallax.combined(1, 1, null, null)", 1.0),
    value("parallax.combined(null, null, 4, 2)", 4.0), value("parallax.astrometric_chi(60, 5.9)", 60 / sqrt(0.9)),
]  # fmt: skip

TAUGHT = """insert into candlesql.models(model, system, trained_on, training_stars) values ('parallax', 'parallax', {said});
    insert into candlesql.training_stars values {lists}"""
#: A model of simulated stars needs no list; one of real stars needs those of both halves.
HALVES = [
    Case("", "parallax.knows_its_halves()", known, setup=TAUGHT.format(said=said, lists=lists))
    for said, lists, known in [
        ("'simulated', null", "('distmass', 1)", True), ("'real', null", "('parallax/a', 1), ('parallax/b', 1)", False),
        ("'real', 'parallax'", "('parallax/a', 1), ('parallax/a', 2)", False), ("'real', 'parallax'", "('parallax/a', 1), ('distmass', 2)", False),
         ("'real', 'parallax'", "('parallax/a', 1), ('parallax/b', 1)", True),
    ]
]  # fmt: skip

CASES = [*ACCURACY, checks(), NO_SLOPE, *MACROS, *HALVES]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)
