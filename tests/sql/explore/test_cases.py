"""Views and macros of `sql/explore`, each over a few rows."""

from __future__ import annotations

from math import cos, floor, radians, sin, sqrt

import pytest
from candlesql.tests.sql.tables import Case


def value(expression: str, result: object) -> Case:
    return Case("", expression, result)


def hammer(lon: float, lat: float) -> tuple[float, float]:
    """Snyder 1987, page 160, for a sphere of radius 1; to the east is to the left."""
    d = sqrt(2 / (1 + cos(radians(lat)) * cos(radians(lon / 2))))
    return -2 * d * cos(radians(lat)) * sin(radians(lon / 2)), d * sin(radians(lat))


FINAL = "red_clump.final_contamination(tier, region, contamination, contamination_low, contamination_high, completeness, completeness_low, completeness_high, n_labelled, note)"
LIMITS = {
    "red_clump.catalogue": "select 's' as survey, i as source_id, i / 200 as distance_kpc, -8 - i / 200 as x_kpc, i / 100 as y_kpc, i / 1000 as z_kpc from range(201) as t(i)",
    "red_clump.scores": "select 's' as survey, i as source_id, 10 + i / 200 as ks_m, 10.5 + i / 100 as j_m from range(201) as t(i)",
}  # fmt: skip


def span(low: float, high: float) -> list[float]:
    return [low - 0.05 * (high - low), high + 0.05 * (high - low)]


#: Spans in which a step is 1, or 0.1 on the sky.
SPANS = "select {'low': -3.2, 'high': 3.2} as sky_x, {'low': -3.2, 'high': 3.2} as sky_y, " + ", ".join(
    f"{{'low': 0, 'high': 64}} as {axis}"
    for axis in ["j_ks", "ks_m", "teff_k", "logg", "delta_p_s", "delta_nu_uhz", "p_rc", "distance_kpc", "x_kpc", "y_kpc", "z_kpc"]
)  # fmt: skip


def tenths(lon: float, lat: float) -> tuple[int, ...]:
    return tuple(floor(10 * (x + 3.2)) for x in hammer(lon, lat))


CASES = [
    *(value(f"sphere.hammer_{axis}({lon}, {lat})", hammer(lon, lat)[k]) for lon, lat in [(30, 20), (-150, -70), (180, 0), (0, 90)] for k, axis in enumerate("xy")),
    value("sphere.signed_longitude(180)", 180), value("sphere.signed_longitude(181)", -179), value("sphere.signed_longitude(359)", -1), value("explore.steps()", 64),
    value("explore.span([1.0, 3.0], 7, 9).low", 0.9), value("explore.span([1.0, 3.0], 7, 9).high", 3.1), value("explore.span([1.0, 1.0], 7, 9).low", 0.999), value("explore.span([1.0, 1.0], 7, 9).high", 1.001),
    value("explore.span([null, null]::double[], 7, 9).low", 7.0), value("explore.span([null, null]::double[], 7, 9).high", 9.0),
    *(value(f"explore.step({x}, {{'low': 2, 'high': 4}})", step) for x, step in [(2, 0), (1.99, None), (4, None), (3.999, 63), (3, 32), (2.04, 1)]),
    # just below the end, where rounding leads to 64
    value("explore.step(-6.135836239825349::double, {'low': -14.625430235503952::double, 'high': -6.135836239825348::double})", 63),
    Case("explore.numbers", "tier, n, contamination, contamination_low, contamination_high, completeness, note, n_labelled, base_rate, contamination_labelled, completeness_labelled", given={
        "red_clump.giants(source_id, tier)": "(1, 1), (2, 2), (3, 2), (4, null)", "red_clump.binned(tier, is_rc)": "(1, true), (2, false), (2, true), (null, true), (null, false)",
        FINAL: "(1, 'all', 0.1, 0.05, 0.15, 0.3, 0.2, 0.4, 12, null), (1, '|b| > 30 deg', 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 9, 'x')"},
        rows=[(1, 1, 0.1, 0.05, 0.15, 0.3, None, 12, 0.6, 0.0, 1 / 3), (2, 3, None, None, None, None, None, 0, 0.6, 1 / 3, 2 / 3)]),
    Case("explore.numbers", "tier, n, base_rate, contamination_labelled, completeness_labelled", given={
        "red_clump.giants": "select 1 as source_id, 1 as tier where false", "red_clump.binned": "select 1 as tier, true as is_rc where false", FINAL: "(1, 'x', 0.1, 0.05, 0.15, 0.3, 0.2, 0.4, 12, null)"},
        rows=[(1, 0, None, None, None), (2, 0, None, None, None)]),
    Case("explore.curve", "method, labels, completeness", given={
        "red_clump.binned(labels, p_rc)": "('t', 0.5), ('u', 0.5), ('u', 0.6), ('t', null), ('t', null), ('v', 0.1), ('v', 0.2)",
        "red_clump.roc(method, truth, labels, bands, completeness, contamination, contamination_low, contamination_high, n_selected)":
        "('any_bands', 'label', 'u', 'all', 0.5, 0.1, 0.1, 0.1, 9), ('any_bands', 'label', 't', 'all', 0.6, 0.1, 0.1, 0.1, 9), ('joint', 'label', 'u', 'all', 0.7, 0.1, 0.1, 0.1, 9), ('any_bands', 'phase', 'u', 'all', 0.8, 0.1, 0.1, 0.1, 9), ('any_bands', 'label', 'u', 'Gaia', 0.9, 0.1, 0.1, 0.1, 9), ('any_bands', 'label', 'v', 'all', 0.6, 0.1, 0.1, 0.1, 9)"},
        rows=[("any_bands", "u", 0.5)]),
    # quantiles of 201 even steps: the second and the last but one
    *(Case("explore.limits", f"{name}.low, {name}.high", [tuple(span(low, high))], given=LIMITS) for name, low, high in [
        ("j_ks", 0.505, 1.495), ("ks_m", 10.005, 10.995), ("distance_kpc", 0.005, 0.995), ("x_kpc", -8.995, -8.005), ("y_kpc", 0.01, 1.99), ("z_kpc", 0.001, 0.199)]),
    # an empty catalogue
    Case("explore.limits", ", ".join(f"[{axis}.low, {axis}.high]" for axis in ("j_ks", "ks_m", "distance_kpc", "x_kpc", "y_kpc", "z_kpc")), [([0.0, 1.5], [6.0, 15.0], [0.0, 10.0], [-16.0, 0.0], [-8.0, 8.0], [-4.0, 4.0])],
         given={name: f"select * from ({select}) where false" for name, select in LIMITS.items()}),
    Case("explore.limits", "[sky_x.low, sky_x.high, sky_y.low, sky_y.high, teff_k.low, teff_k.high, logg.low, logg.high, delta_p_s.low, delta_p_s.high, delta_nu_uhz.low, delta_nu_uhz.high, p_rc.low, p_rc.high]", given=LIMITS,
         rows=[([-2.83, 2.83, -1.4151, 1.4151, 3900.0, 5500.0, 1.2, 3.6, 0.0, 360.0, 0.0, 16.0, 0.0, 1.000001],)]),
    Case("explore.stars", "survey, source_id, l, b, tier, sky_x, sky_y, j_ks, ks_m, teff_k, logg, delta_p_s, delta_nu_uhz, p_rc, distance_kpc, x_kpc, y_kpc, z_kpc", query="explore.stars('spans')", given={
        "spans": SPANS, "red_clump.catalogue(survey, source_id, l, b, tier, teff_k, logg, delta_p_s, delta_nu_uhz, p_rc, distance_kpc, x_kpc, y_kpc, z_kpc)":
        "('s', 1, 200.0, 30.0, null, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5), ('t', 1, 20.0, -60.0, 2, 64.0, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, -1.0, 63.5)", "red_clump.scores(survey, source_id, j_m, ks_m)": "('s', 1, 23.5, 11.0)"},
        rows=[("s", 1, 200.0, 30.0, 3, *tenths(-160, 30), 12, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9), ("t", 1, 20.0, -60.0, 2, *tenths(20, -60), None, None, None, 2, 3, 4, 5, 6, 7, None, 63)]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)
