"""Views and macros of `sql/photometry`, each over a few rows, with networks that are straight lines."""

from __future__ import annotations

import statistics
from dataclasses import replace
from math import hypot, log, sqrt

import numpy as np
import pytest
from candlesql.tests.sql.tables import Case, robust

LN10 = log(10)
BANDS = ["g", "bp", "rp", "ps1_g", "ps1_r", "ps1_i", "ps1_z", "ps1_y", "j", "h", "ks", "w1", "w2"]


def magnitude(band: str, teff: float, logg: float, feh: float) -> float:
    return 10.0 * BANDS.index(band) + 0.001 * teff + 0.5 * logg - 2 * feh


def reddening(band: str, teff: float, logg: float, feh: float) -> float:
    return 1 + 0.1 * BANDS.index(band) + 1e-4 * teff + 0.01 * logg + 0.02 * feh


NETWORKS = (
    "create or replace macro photometry_net(t, g, f) as case when t is not null then {"
    + ", ".join(f"'absolute_{b}': {10.0 * k} + 0.001 * t + 0.5 * g - 2 * f, 'extinction_{b}': {1 + 0.1 * k} + 1e-4 * t + 0.01 * g + 0.02 * f" for k, b in enumerate(BANDS))
    + "} end; create or replace macro photometry_density_net(t, g, f) as case when t is not null then {"
    + ", ".join(f"'density_{b}': t * 1e-6 * {k + 1}" for k, b in enumerate([*BANDS, "parallax"])) + "} end"
)  # fmt: skip
HERE = (4500.0, 2.5, -0.5)


def of_network(name: str, arguments: str, field: str, result: object) -> Case:
    return Case(
        f"photometry.{name}", f"photometry.{name}({arguments}){field}", [(result,)], query="(select 1)", setup=NETWORKS
    )


MACROS = [
    *(of_network("absolute_magnitudes", "4500, 2.5, -0.5", f".{b}", magnitude(b, *HERE)) for b in BANDS),
    *(of_network("extinction", "4500, 2.5, -0.5, 2", f".{b}", 2 * reddening(b, *HERE)) for b in BANDS),
    *(of_network("apparent_magnitudes", "4500, 2.5, -0.5, 2, 7", f".{b}", magnitude(b, *HERE) + 2 * reddening(b, *HERE) + 7) for b in BANDS),
    of_network("absolute_magnitudes", "null, 2.5, -0.5", "", None), of_network("extinction", "null, 2.5, -0.5, 1", "", None), of_network("extinction", "4500, 2.5, -0.5, null", "", None),
    of_network("apparent_magnitudes", "4500, 2.5, -0.5, null, 1", "", None), of_network("apparent_magnitudes", "4500, 2.5, -0.5, 1, null", "", None), of_network("apparent_magnitudes", "null, 2.5, -0.5, 1, 1", "", None),
    of_network("colour", "'bp', 'rp', 4500, 2.5, -0.5, 2", "", -10 - 0.2), of_network("colour", "'rp', 'g', 4500, 2.5, -0.5, 0", "", 20.0),
    # 9e-4 k is below 0.001 for the first band alone, and far above 0.01 only for the parallax of a hot star
    *(of_network("is_valid", "900, 2.5, -0.5", f".{b}", k > 0) for k, b in enumerate(BANDS)),
    *(of_network("is_valid", f"{1e3 / (k + 1) - 1}, 2.5, -0.5", f".{b}", False) for k, b in enumerate(BANDS[:6])),
    *(of_network("is_valid", "101, 2.5, -0.5", f".{b}", 1.01 * (k + 1) >= 10) for k, b in enumerate(BANDS)),
    of_network("is_valid", "714, 2.5, -0.5", ".magnitude", False), of_network("is_valid", "715, 2.5, -0.5", ".magnitude", True), of_network("is_valid", "null, 2.5, -0.5", "", None),
    Case("", "photometry.measured_name(1.234567, 0.0123456)", "parallax 1.23457 +- 0.01235"), Case("", "photometry.split_bucket(12)", int("c20ad4d7", 16) % 10), Case("", "photometry.in_kelvin(100)", 100), Case("", "photometry.not_negative(0)", 0),
]  # fmt: skip

ONE_STAR = {"photometry.stars(survey, source_id, teff_k, logg, feh)": "('s', 1, 4500.0, 2.5, -0.5)"}
NETWORK_VIEWS = [
    Case("photometry.predicted", "band, absolute_magnitude, extinction, magnitude_per_teff, magnitude_per_logg, magnitude_per_feh, extinction_per_teff, extinction_per_logg, extinction_per_feh", given=ONE_STAR, setup=NETWORKS,
         rows=sorted((b, magnitude(b, *HERE), reddening(b, *HERE), 0.001, 0.5, -2.0, 1e-4, 0.01, 0.02) for b in BANDS)),
    Case("photometry.densities", "band, density", given=ONE_STAR, setup=NETWORKS, rows=sorted((b, 4500e-6 * (k + 1)) for k, b in enumerate([*BANDS, "parallax"]))),
    Case("photometry.reddening_variations", "survey, source_id, band, teff_k, extinction_variation", given={
        **ONE_STAR, "photometry.predicted(survey, source_id, band, extinction)": "('s', 1, 'rp', 3.0), ('s', 1, 'g', 1.0), ('t', 1, 'g', 1.0), ('s', 1, 'u', 1.0)"}, setup=NETWORKS,
        rows=[("s", 1, "g", 4500.0, 1 / reddening("g", 5400, 4.1, -0.25) - 1), ("s", 1, "rp", 4500.0, 3 / reddening("rp", 5400, 4.1, -0.25) - 1)]),
    Case("photometry.tracks", "library, feh, log_age, initial_mass_msun, mass_msun, teff_k, logg, phase, absolute_g, extinction_rp, density_g, density_parallax", setup=NETWORKS, given={
        "staging.parsec(mh, logage, mini, mact, logl, logte, logg, phase)": "(0.1, 9.5, 1.1, 1.0, 1.5, 3.5, 2.5, 3)", "staging.dartmouth(m_h, mass, log_l, teff, logg, age_gyr)": "(-0.5, 0.9, 1.4, 4500.0, 2.5, 10.0)"},
        rows=[("dartmouth", -0.5, 10.0, 0.9, None, 4500.0, 2.5, None, magnitude("g", *HERE), reddening("rp", *HERE), 4500e-6, 4500e-6 * 14),
              ("parsec", 0.1, 9.5, 1.1, 1.0, 10**3.5, 2.5, 3, magnitude("g", 10**3.5, 2.5, 0.1), reddening("rp", 10**3.5, 2.5, 0.1), 1e-6 * 10**3.5, 14e-6 * 10**3.5)]),
]  # fmt: skip


def vector() -> list[tuple]:
    """Curves scaled to the network's R(ps1_g) - R(ks), and slopes between neighbours, of three bands that Gaia does not have."""
    r = {b: reddening(b, 5400, 4.1, -0.25) for b in ("g", "ps1_g", "j", "ks")}
    g23, s16 = {"g": 1.3, "ps1_g": 1.2, "j": 0.3, "ks": 0.1}, {"ps1_g": 1.4, "j": 1.5, "ks": 0.2}
    span = r["ps1_g"] - r["ks"]
    slope = {name: (c["ps1_g"] - c["j"]) / (c["j"] - c["ks"]) for name, c in (("r", r), ("g23", g23), ("s16", s16))}
    return [
        (b, wave, r[b], g23[b] * span / 1.1, s16[b] * span / 1.2 if b in s16 else None, *((slope["r"], slope["g23"], slope["s16"]) if b == "j" else (None, None, None)))
        for b, wave in [("ps1_g", 0.48), ("g", 0.62), ("j", 1.2), ("ks", 2.1)]
    ]  # fmt: skip


NETWORK_VIEWS.append(Case("photometry.reddening_vector", "band, wavelength_um, extinction, extinction_g23, extinction_s16, slope, slope_g23, slope_s16", vector(), setup=NETWORKS, given={
    "photometric.bands(band, survey, wavelength_um, extinction_g23, extinction_s16)": "('g', 'gaia_dr2', 0.62, 1.3, null), ('u', 'other', 0.3, 1.0, 1.0), ('ps1_g', 'panstarrs1', 0.48, 1.2, 1.4), ('j', 'twomass', 1.2, 0.3, 1.5), ('ks', 'twomass', 2.1, 0.1, 0.2)"}))  # fmt: skip

COMPARED = """photometry.compared(survey, source_id, band, label_error_1, label_error_2, label_error_3, extinction, magnitude_error, unreddened_residual, distance_modulus, distance_modulus_error, ebv_prior, ebv_prior_error, label_error_1_per_ebv, label_error_2_per_ebv, label_error_3_per_ebv)"""
OBSERVED = [
    (0.3, 0.05, -0.1, 2.7, 0.02, 1.35),
    (0.2, 0.01, -0.02, 1.5, 0.03, 0.75),
    (0.1, -0.02, 0.03, 0.4, 0.05, 0.25),
    (0.15, 0.03, 0.01, 0.9, 0.04, 0.5),
]


def reddening_of(modulus_error: float | None, prior: float, prior_error: float) -> tuple:
    """Equations 4, 7, 8 and 9 of Green et al. 2020 with the covariance written out and inverted."""
    o = np.array(OBSERVED)
    labels, r, sigma, y = o[:, :3], o[:, 3], o[:, 4], o[:, 5]
    cov = labels @ labels.T + np.diag(sigma**2) + (1e8 if modulus_error is None else modulus_error**2) * np.ones((4, 4))
    inverse = np.linalg.inv(cov)
    precision = r @ inverse @ r + prior_error**-2
    ebv = min(max((r @ inverse @ y + prior / prior_error**2) / precision, 0), 10)
    error = sqrt(max(1 / precision, 0.02**2 + (0.1 * ebv) ** 2))
    left = y - r * ebv
    chi2 = left @ np.linalg.inv(cov + error**2 * np.outer(r, r)) @ left
    return float(ebv), float(error), 4, float(chi2), float(chi2 / 3)


def reddened(modulus_error: float | None, prior: float, prior_error: float) -> Case:
    rows = ", ".join(
        f"('s', 1, 'b{k}', {a}, {b}, {c}, {r}, {s}, {y}, 1, {modulus_error or 'null'}, {prior}, {prior_error}, 0, 0, 0)"
        for k, (a, b, c, r, s, y) in enumerate(OBSERVED)
    )
    return Case("photometry.reddenings", "ebv, ebv_error, n_bands, chi2, chi2_per_dof", [tuple(float(f"{x:.4g}") if isinstance(x, float) else x for x in reddening_of(modulus_error, prior, prior_error))],
                given={COMPARED: rows}, query=f"(select * replace ({', '.join(ROUNDED)}) from photometry.reddenings)")  # fmt: skip


ROUNDED = [f"format('{{:.4g}}', {name})::double as {name}" for name in ("ebv", "ebv_error", "chi2", "chi2_per_dof")]
REDDENING = [
    reddened(0.3, 0.2, 0.5),
    reddened(0.05, 0.45, 0.02),
    reddened(0.3, -3.0, 0.01),
    reddened(0.3, 30.0, 0.01),
    reddened(None, 0.4, 0.1),
]

PAIRS = [
    Case("photometry.covariance_terms", "band_1, band_2, term, covariance", given={
        "photometry.compared(survey, source_id, band, label_error_1, label_error_2, label_error_3, extinction, magnitude_error, distance_modulus_error, label_error_1_per_ebv, label_error_2_per_ebv, label_error_3_per_ebv)": "('s', 1, 'a', 0.5, 2.0, 2.0, 2.0, 0.1, 0.3, 1.0, 0.0, 2.0), ('s', 1, 'b', 5.0, 6.0, 11.0, 3.0, 0.2, 0.3, 0.0, 2.0, 0.0), ('s', 2, 'c', 1, 1, 1, 1.0, 0.1, null, 0, 0, 0), ('s', 3, 'd', 1, 1, 1, 1.0, 0.1, null, 0, 0, 0)",
        "photometry.reddenings(survey, source_id, ebv, ebv_error)": "('s', 1, 0.5, 0.1), ('s', 2, 0.5, 1.0)"},
        rows=sorted([(p, q, t, c) for p, q, *terms in [("a", "a", 14.0, 0.04, 0.09, 0.01), ("a", "b", 52.0, 0.06, 0.09, 0.0), ("b", "a", 52.0, 0.06, 0.09, 0.0), ("b", "b", 195.0, 0.09, 0.09, 0.04), ("c", "c", 3.0, 1.0, float("inf"), 0.01)]
                     for t, c in zip(("labels", "reddening", "distance", "photometry"), terms, strict=True)])),
    Case("photometry.compared", "band, unreddened_residual, label_error_1, label_error_2, label_error_3, label_error_1_per_ebv, label_error_2_per_ebv, label_error_3_per_ebv", given={
        "photometry.observed(survey, source_id, band, magnitude, magnitude_error)": "('s', 1, 'g', 12.0, 0.1), ('s', 2, 'g', 12.0, 0.1), ('s', 3, 'g', 12.0, 0.1), ('s', 1, 'j', 12.0, 0.1)",
        """photometry.stars(survey, source_id, held_out, teff_k, logg, feh, distance_modulus, distance_modulus_error, ebv_prior, ebv_prior_error, l_teff, l_logg_teff, l_feh_teff, l_logg, l_feh_logg, l_feh)""":
        "('s', 1, true, 1, 1, 1, 7.0, 0.1, 0.5, 0.1, 10.0, 0.1, 0.2, 0.3, 0.4, 0.6), ('s', 2, true, 1, 1, 1, null, null, 0.5, 0.1, 10.0, 0.1, 0.2, 0.3, 0.4, 0.6)",
        "photometry.predicted(survey, source_id, band, absolute_magnitude, extinction, magnitude_per_teff, magnitude_per_logg, magnitude_per_feh, extinction_per_teff, extinction_per_logg, extinction_per_feh)":
        "('s', 1, 'g', 3.0, 2.0, 0.01, 1.0, 2.0, 0.02, 0.4, 0.6), ('s', 2, 'g', 3.0, 2.0, 0.01, 1.0, 2.0, 0.02, 0.4, 0.6), ('s', 3, 'g', 3.0, 2.0, 0.01, 1.0, 2.0, 0.02, 0.4, 0.6)"},
        # L by the slopes 0.01, 1 and 2 of the magnitude, and 0.02, 0.4 and 0.6 of the extinction
        rows=[("g", r, 0.1 + 0.1 + 0.4, 0.3 + 0.8, 1.2, 0.2 + 0.04 + 0.12, 0.12 + 0.24, 0.36) for r in (2.0, 9.0)]),
    Case("photometry.locus_cells", "survey, blue, red, colour_low, absolute_g_low, n, teff_k, logg, feh", given={
        "photometry.loci(survey, blue, red, predicted_colour, predicted_absolute_g, teff_k, logg, feh)": "('s', 'bp', 'rp', 1.26, 4.1, 4000, 2.0, 0.1), ('s', 'bp', 'rp', 1.29, 4.2, 5000, 3.0, 0.3), ('s', 'bp', 'rp', 1.31, 4.2, 5000, 3.0, 0.3)"},
        rows=[("s", "bp", "rp", 1.25, 4.0, 2, 4500.0, 2.5, 0.2), ("s", "bp", "rp", 1.3, 4.0, 1, 5000.0, 3.0, 0.3)]),
    Case("photometry.loci", "source_id, blue, red, predicted_colour, colour_excess, predicted_absolute_g, observed_colour, observed_absolute_g", given={
        "photometric.colours(blue, red)": "('bp', 'rp'), ('j', 'w1'), ('bp', 'w2')", "photometry.predicted(survey, source_id, band, absolute_magnitude, extinction)":
        "('s', 1, 'bp', 5.0, 1.1), ('s', 1, 'rp', 4.0, 0.6), ('s', 1, 'g', 4.5, 0.8), ('t', 1, 'rp', 9.0, 9.0), ('s', 2, 'g', 4.5, 0.8), ('s', 1, 'j', 3.0, 0.3), ('s', 1, 'w1', 2.2, 0.1), "
        # no star, no G predicted, no G observed
        "('u', 1, 'bp', 5.0, 1.1), ('u', 1, 'rp', 4.0, 0.6), ('u', 1, 'g', 4.5, 0.8), ('s', 3, 'bp', 5.0, 1.1), ('s', 3, 'rp', 4.0, 0.6), ('s', 4, 'bp', 5.0, 1.1), ('s', 4, 'rp', 4.0, 0.6), ('s', 4, 'g', 4.5, 0.8)",
        "photometry.stars(survey, source_id, teff_k, logg, feh, distance_modulus)": "('s', 1, 1, 1, 1, 7.0), ('s', 2, 1, 1, 1, 7.0), ('s', 3, 1, 1, 1, 7.0), ('s', 4, 1, 1, 1, 7.0)", "photometry.observed(survey, source_id, band, magnitude)": "('u', 1, 'g', 12.0), ('s', 3, 'g', 12.0), ('s', 1, 'g', 12.0), ('s', 1, 'bp', 13.0), ('s', 1, 'rp', 11.5), ('t', 1, 'j', 9.0), ('s', 1, 'w1', 8.0)"},
        rows=[(1, "bp", "rp", 1.0, 0.5, 4.5, 1.5, 5.0), (1, "j", "w1", 0.8, 0.2, 4.5, None, 5.0)]),
    Case("photometry.observed", "band, magnitude", given={"photometry.inputs": "select 's' as survey, 1 as source_id, " + ", ".join(f"{k}.5 as {b}_mag, {0.2 if k % 2 else 0.21} as {b}_mag_error" if b != "w2" else "null::double as w2_mag, 0.1 as w2_mag_error" for k, b in enumerate(BANDS))},
         rows=sorted((b, k + 0.5) for k, b in enumerate(BANDS) if k % 2)),
    # [Fe/H] of 1 is two errors above -1, that of 3 less; 5 is cooler than 4500 K
    Case("photometry.inferred", "source_id, flag, teff_k, teff_k_error, logg, logg_error, feh, feh_error, ebv, ebv_error, distance_modulus, distance_modulus_error, distance_kpc, distance_kpc_error", given={
        "photometry.scores(survey, source_id, chi2, n_bands, teff_k, teff_k_error, logg, logg_error, feh, feh_error, ebv, ebv_error, distance_modulus, distance_modulus_error)":
        """('s', 1, 15.0, 5, 4500, 50, 2.5, 0.1, -0.5, 0.25, 0.1, 0.01, 10.0, 0.3), ('s', 2, 15.1, 5, 4500, 50, 2.5, 0.1, -1.5, 0.2, 0.1, 0.01, 10.0, 0.3), ('s', 3, 1.0, 5, 4500, 50, 2.5, 0.1, -0.5, 0.26, 0.1, 0.01, 10.0, 0.3),
           ('s', 4, 1.0, 2, 4500, 50, 2.5, 0.1, -0.9, 0.2, 0.1, 0.01, 10.0, 0.3), ('s', 5, 1.0, 3, 4499, 50, 2.5, 0.1, null, null, 0.1, 0.01, 15.0, 0.3)"""},
        rows=[(1, None, 4500, 50, 2.5, 0.1, -0.5, 0.25, 0.1, 0.01, 10.0, 0.3, 1.0, 0.06 * LN10), (2, "chi-square per band", *[None] * 12), (3, "[Fe/H]", 4500, 50, 2.5, 0.1, None, None, 0.1, 0.01, 10.0, 0.3, 1.0, 0.06 * LN10),
              (5, None, 4499, 86.0233, 2.5, 0.1, None, None, 0.1, 0.01, 15.0, 0.3, 10.0, 0.6 * LN10)]),
    Case("photometry.reddening_variation", "survey, band, is_giant, bin_low, n, extinction_variation, extinction_variation_scatter, logg", given={"photometry.reddening_variations(survey, band, teff_k, logg, extinction_variation)":
        "('s', 'g', 4751, 3.49, 0.01), ('s', 'g', 4999, 3.4, 0.03), ('s', 'g', 4999, 3.5, 0.05), ('s', 'g', 5000, 3.4, 0.07)"},
        rows=[("s", "g", False, 4750.0, 1, 0.05, 0.0, 3.5), ("s", "g", True, 4750.0, 2, 0.02, 0.01, 3.445), ("s", "g", True, 5000.0, 1, 0.07, 0.0, 3.4)]),
    Case("photometry.reddening_variation_cells", "survey, band, bin_low, variation_low, n, logg", given={"photometry.reddening_variations(survey, band, teff_k, logg, extinction_variation)":
        "('s', 'g', 4751, 3.0, 0.011), ('s', 'g', 4799, 4.0, 0.014), ('s', 'g', 4799, 3.5, 0.016)"}, rows=[("s", "g", 4750.0, 0.01, 2, 3.5), ("s", "g", 4750.0, 0.015, 1, 3.5)]),
    Case("photometry.pulls", "quantity, held_out, bin_low, bin_width, n, bias, robust_scatter, within_one_error, within_two_errors", given={
        "photometry.inferred(survey, source_id, teff_k, teff_k_error, logg, logg_error, feh, feh_error)": "('s', 1, 4510, 30.0, 2.51, 0.02, -0.4, 0.03), ('s', 2, 4700, 30.0, null, null, null, null), ('s', 3, 4600, 30.0, 2.6, 0.02, null, 0.0), ('t', 1, 4510, 30.0, 2.51, 0.02, -0.4, 0.03)",
        "photometry.stars(survey, source_id, held_out, teff_k, logg, feh, l_teff, l_logg_teff, l_logg, l_feh_teff, l_feh_logg, l_feh)":
        "('s', 1, true, 4461, 2.0, -0.52, 40.0, 0.02, 0.1, 0.04, 0.12, 0.0), ('s', 2, true, 4801, 2, 0, 40.0, 0, 0, 0, 0, 0), ('s', 3, true, 4449, 2.4, 0, 40.0, 0.05, 0.1, 0, 0, 0)"},
        # Teff: +49, -101, +151 against 50; log g: +0.51 against 0.104, +0.2 against 0.114; [Fe/H]: +0.12 against 0.13
        rows=[("feh", True, -0.5, 0.25, 1, 0.12, 0.0, 1.0, 1.0), ("logg", True, 2.5, 0.25, 2, 0.355, robust([0.51, 0.2]), 0.0, 0.5), ("teff_k", True, 4500.0, 250.0, 3, 49.0, robust([49, -101, 151]), 1 / 3, 1 / 3)]),
    Case("photometry.residual_bins", "parameter, bin_low, bin_width, n, residual_median, residual_low, residual_high, z_median, z_low, z_high", given={
        "photometry.residuals(survey, quantity, held_out, residual, z_score, teff_k, logg, feh, ebv, density)": "('s', 'q', true, 0.0, 0.0, 4510, 2.6, 0.3, 0.25, 0.02), ('s', 'q', true, 1.0, 10.0, 4740, 2.7, 0.4, 0.29, 0.03), ('s', 'q', true, 0.2, 2.0, 4740, 2.7, 0.4, 0.29, 0.03)"},
        rows=[(p, low, width, 3, 0.2, 0.064, 0.744, 2.0, 0.64, 7.44) for p, low, width in [("ebv", 0.2, 0.1), ("feh", 0.25, 0.25), ("log_density", -2.0, 0.5), ("logg", 2.5, 0.25), ("teff_k", 4500.0, 250.0)]]),
    Case("photometry.residual_bins", "bin_low", query="(from photometry.residual_bins where parameter = 'log_density')", given={
        "photometry.residuals(survey, quantity, held_out, residual, z_score, teff_k, logg, feh, ebv, density)": "('s', 'q', true, 0.0, 0.0, 4510, 2.6, 0.3, 0.25, 0.0)"}, rows=[(-8.0,)]),
]  # fmt: skip

R = {
    "g": (0.1, 0.2, 0.3, 2.0, 0.02),
    "bp": (0.2, 0.1, 0.5, 2.5, 0.03),
    "rp": (0.0, 0.1, 0.1, 1.5, 0.05),
    "j": (0.05, 0.0, 0.0, 0.7, 0.04),
}


def z_score(residual: float, a: str, b: str | None) -> float:
    """Equation 18: label errors and reddening of the difference, photometry of both."""
    p, q = R[a], R[b] if b else (0.0,) * 5
    variance = sum((p[k] - q[k]) ** 2 for k in range(3)) + ((p[3] - q[3]) * 0.1) ** 2 + p[4] ** 2 + q[4] ** 2
    return residual / sqrt(variance + (0 if b else 0.3**2))


RESIDUAL_ROWS = [
    # unreddened residuals 1.1, 1.3, 0.9, 0.5 less 0.4 R
    ("M_g", "g", 5.0, 0.3, 0.9, z_score(0.3, "g", None)), ("bp - g", "bp", 1.0, 0.0, 0.2, z_score(0.0, "bp", "g")), ("bp - rp", "bp", 1.5, 0.0, 0.2, z_score(0.0, "bp", "rp")),
    ("j - g", "j", -2.0, -0.08, 0.4, z_score(-0.08, "j", "g")), ("rp - g", "rp", -0.5, 0.0, 0.3, z_score(0.0, "rp", "g")),
]  # fmt: skip
RESIDUALS = [
    Case("photometry.residuals", "quantity, band, round(observed, 9), round(residual, 9), density, round(z_score, 9)", given={
        "photometric.bands(band)": "('g'), ('bp'), ('rp'), ('j')", "photometric.colours(blue, red)": "('bp', 'rp'), ('g', 'rp'), ('bp', 'g')",
        "photometry.compared(survey, source_id, band, magnitude, magnitude_error, label_error_1, label_error_2, label_error_3, extinction, unreddened_residual, held_out, teff_k, logg, feh, distance_modulus, distance_modulus_error, label_error_1_per_ebv, label_error_2_per_ebv, label_error_3_per_ebv)":
        ", ".join(f"('s', 1, '{b}', {m}, {R[b][4]}, {R[b][0]}, {R[b][1]}, {R[b][2]}, {R[b][3]}, {y}, true, 1, 1, 1, 7.0, 0.3, 0, 0, 0)" for b, m, y in [("g", 12.0, 1.1), ("bp", 13.0, 1.3), ("rp", 11.5, 0.9), ("j", 10.0, 0.5)]),
        "photometry.reddenings(survey, source_id, ebv, ebv_error)": "('s', 1, 0.4, 0.1)", "photometry.densities(survey, source_id, band, density)": "('s', 1, 'g', 0.5), ('s', 1, 'bp', 0.2), ('s', 1, 'rp', 0.3), ('s', 1, 'j', 0.4), ('s', 1, 'parallax', 0.9)"},
        rows=[(q, b, o, r, d, round(z, 9)) for q, b, o, r, d, z in RESIDUAL_ROWS]),
    Case("photometry.residuals", "quantity, predicted, ebv, ebv_error", query="(from photometry.residuals where quantity = 'M_g')", given={
        "photometric.bands(band)": "('g')", "photometric.colours(blue, red)": "('bp', 'rp')",
        "photometry.compared(survey, source_id, band, magnitude, magnitude_error, label_error_1, label_error_2, label_error_3, extinction, unreddened_residual, held_out, teff_k, logg, feh, distance_modulus, distance_modulus_error, label_error_1_per_ebv, label_error_2_per_ebv, label_error_3_per_ebv)":
        "('s', 1, 'g', 12.0, 0.1, 1, 1, 1, 2.0, 1.1, true, 1, 1, 1, 7.0, 0.3, 0, 0, 0), ('s', 2, 'g', 12.0, 0.1, 1, 1, 1, 2.0, 1.1, true, 1, 1, 1, null, null, 0, 0, 0), "
        # without a reddening, without a density
        "('s', 3, 'g', 12.0, 0.1, 1, 1, 1, 2.0, 1.1, true, 1, 1, 1, 7.0, 0.3, 0, 0, 0), ('s', 4, 'g', 12.0, 0.1, 1, 1, 1, 2.0, 1.1, true, 1, 1, 1, 7.0, 0.3, 0, 0, 0)",
        "photometry.reddenings(survey, source_id, ebv, ebv_error)": "('s', 1, 0.4, 0.1), ('s', 2, 0.4, 0.1), ('s', 4, 0.4, 0.1)", "photometry.densities(survey, source_id, band, density)": "('s', 1, 'g', 0.5), ('s', 1, 'parallax', 0.9), ('s', 2, 'g', 0.5), ('s', 2, 'parallax', 0.9), ('s', 3, 'g', 0.5), ('s', 3, 'parallax', 0.9), ('s', 4, 'parallax', 0.9)"},
        rows=[("M_g", 4.7, 0.4, 0.1)]),
]  # fmt: skip


def offsets(n: int) -> str:
    """Stars in common of LAMOST with GALAH (n) and APOGEE (12), errors 3 and 4 in ten of them; two in Teff are 60 K off, either way."""
    return f"""
        select 's' as survey, i as source_id, 'lamost' as label_survey, 4500.0 as teff_k, 3.0 as teff_k_error, 2.5 as logg, 0.3 as logg_error, 0.1 as feh, 0.03 as feh_error from range(40) as t(i)
        union all select 's', i, 'galah', 4490.0 - i % 3 - if(i = 5, 60, 0) + if(i = 7, 60, 0), 4.0, 2.4 + 0.1 * (i % 2), 0.4, 0.2, 0.04 from range({n}) as t(i)
        union all select 's', i, 'apogee', 4520.0, 4.0, 2.5, 0.4, 0.0, 0.04 from range(12) as t(i)
    """


def galah(i: int) -> float:
    return 10.0 + i % 3


LABELS = [
    Case("photometry.label_offsets", "label_survey, reference_survey, label, n_common, label_offset, label_offset_error", given={"photometry.spectra": offsets(10)}, rows=[
        (survey, "galah", label, n, offset, error)
        for survey, n, per_label in [
            ("apogee", 12, [("feh", 0.1 + 0.1, 0.05), ("logg", 0.0 - 0.05, 0.5), ("teff_k", -20 - statistics.fmean(galah(i) for i in range(10) if i not in (5, 7)), 5.0)]),
            ("galah", 10, [("feh", 0.0, 0.0), ("logg", 0.0, 0.0), ("teff_k", 0.0, 0.0)]),
            ("lamost", 10, [("feh", 0.1, 0.05), ("logg", -0.05, 0.5), ("teff_k", -statistics.fmean(galah(i) for i in range(10) if i not in (5, 7)), 5.0)])]
        for label, offset, sigma in per_label for left in [8 if label == "teff_k" else 10]
        for error in [0.0 if survey == "galah" else sigma / sqrt(left) if survey == "lamost" else hypot(sigma / sqrt(12), sigma / sqrt(left))]]),
    # nine are too few: APOGEE's scale is kept
    Case("photometry.label_offsets", "label_survey, reference_survey, label, n_common, label_offset", given={"photometry.spectra": offsets(9)}, rows=[
        ("apogee", "apogee", "feh", 12, 0.0), ("apogee", "apogee", "logg", 12, 0.0), ("apogee", "apogee", "teff_k", 12, 0.0),
        ("lamost", "apogee", "feh", 12, -0.1), ("lamost", "apogee", "logg", 12, 0.0), ("lamost", "apogee", "teff_k", 12, 20.0)]),
    Case("photometry.training", "row, atm_source, teff, cov_teff_feh, cov_logg_logg, reddening, w1_ab_mag, w2_ab_mag, w1_ab_mag_error, bucket", given={
        "photometry.inputs": "select 's' as survey, 12 as source_id, 10.0 as w1_mag, 9.0 as w2_mag, 0.1 as w1_mag_error, 0.2 as w2_mag_error, 0.3 as ebv_prior, 0.4 as ebv_prior_error union all select 's', 13, 1, 1, 1, 1, 1, 1",
        "photometry.stars(survey, source_id, label_survey, teff_k, logg, feh, ebv_prior, ebv_prior_error)": "('s', 12, 'lamost', 4500, 2.5, 0.1, 0.33, 0.44), ('s', 14, 'lamost', 4500, 2.5, 0.1, 0.33, 0.44), ('s', 13, 'lamost', 4500, 2.5, 0.1, 0.33, 0.44)",
        "photometry.labels(survey, source_id, variance_teff, covariance_teff_logg, covariance_teff_feh, variance_logg, covariance_logg_feh, variance_feh)": "('s', 12, 1, 2, 3, 4, 5, 6), ('s', 14, 1, 2, 3, 4, 5, 6)"},
        rows=[(12, "lamost", 4500, 3, 4, 0.33, 12.699, 12.339, 0.1, int("c20ad4d7", 16) % 10)]),
]  # fmt: skip

COEFFICIENTS = [("bp", "ps1_g", "ps1_g", "ps1_i"), ("g", "ps1_r", "ps1_g", "ps1_i"), ("h", "g", "bp", "rp"), ("j", "g", "bp", "rp"), ("j", "ps1_i", "ps1_g", "ps1_i"), ("ks", "g", "bp", "rp"), ("ks", "ps1_i", "ps1_g", "ps1_i"),
                ("ps1_g", "g", "bp", "rp"), ("ps1_i", "g", "bp", "rp"), ("ps1_r", "g", "bp", "rp"), ("ps1_y", "g", "bp", "rp"), ("ps1_z", "g", "bp", "rp"), ("rp", "ps1_i", "ps1_g", "ps1_i"), ("w1", "ks", "j", "ks"), ("w2", "ks", "j", "ks")]  # fmt: skip
#: Of each band at a star's colour number x: c0 + c1 x + c2 x^2 + c3 x^3; blue and red differ by x alone.
SHAPES = {"ps1_g": (0, 1, 0, 0), "ps1_i": (0, 0, 0, 0), "bp": (3, 1, 0, 0), "rp": (3, 0, 0, 0), "j": (7, 1, 0, 0), "ks": (7, 0, 0, 0), "g": (1, 0.5, 0.2, -0.1), "ps1_r": (2, 0.3, -0.1, 0.05), "ps1_z": (4, 0.1, 0.1, 0.1),
          "ps1_y": (5, -0.2, 0.3, 0), "h": (6, 0.4, 0.2, -0.3), "w1": (8, 0.2, 0.1, 0.3), "w2": (9, -0.1, 0.2, 0.1)}  # fmt: skip


def transformation() -> Case:
    """Twenty-one stars of colour 0 to 2, exact on the network; observed 0.1 mag redder in x and 0.05 fainter in g."""

    def at(band: str, x: str) -> str:
        return " + ".join(f"{c} * {x} ** {k}" for k, c in enumerate(SHAPES[band]))

    def select(shift: str, value: str) -> str:
        return " union all ".join(
            f"select 's' as survey, i as source_id, '{b}' as band, {at(b, '(i / 10)')} + {shift if b == 'g' else '0'} as {value} from range(21) as t(i)"
            for b in BANDS
        )

    rows = []
    for target, base, blue, red in COEFFICIENTS:
        c = [float(t - b) for t, b in zip(SHAPES[target], SHAPES[base], strict=True)]
        bias = 0.05 * ((target == "g") - (base == "g"))
        rows.append((target, base, blue, red, *c, 0.02, 1.98, 21, 19, bias, 0.0, 0.0))
    return Case("photometry.colour_transformations", "target, base, blue, red, round(c0, 5), round(c1, 5), round(c2, 5), round(c3, 5), colour_low, colour_high, n, n_observed, round(bias_observed, 6), round(scatter, 6), round(scatter_observed, 6)", given={
        "photometry.predicted": select("0", "absolute_magnitude") + " union all select 's', 99, 'g', 50.0", "photometry.observed": select("0.05", "magnitude"),
        "photometry.densities":
        f"select 's' as survey, i as source_id, b as band, 0.001 as density from range(21) as t(i), (select unnest({BANDS}) as b) union all select 's', 99, 'g', 0.0009"},
        rows=[tuple(round(x, 5) + 0.0 if isinstance(x, float) else x for x in row) for row in rows])  # fmt: skip


TOO_FEW = replace(transformation(), rows=[], setup="create or replace macro cuts.min_transformation_stars() as 22")
CASES = [*MACROS, *NETWORK_VIEWS, *REDDENING, *PAIRS, *RESIDUALS, *LABELS, transformation(), TOO_FEW]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)
