"""Cones, pairs and near stars of `sql/sphere` at a few places, by brute force and by astropy_healpix."""

from __future__ import annotations

from itertools import pairwise
from math import cos, degrees, pi, radians, sin

import astropy.units as u
import astropy_healpix
import duckdb
import numpy as np
import pytest
from candlesql.tests.sql.tables import Case

MAS = pi / 180 / 3600 / 1000
PIXELS, FINE = astropy_healpix.HEALPix(8, order="nested"), astropy_healpix.HEALPix(2**29, order="nested")
LON, LAT = (angle.to_value(u.rad) for angle in PIXELS.healpix_to_lonlat(np.arange(768)))


def value(expression: str, result: object) -> Case:
    return Case("", expression, result)


def pixels_of(ra: float, dec: float, radius: float) -> list[int]:
    """The middles within the radius and 0.1305 rad, more than half of the widest pixel."""
    inner = sin(radians(dec)) * np.sin(LAT) + cos(radians(dec)) * np.cos(LAT) * np.cos(LON - radians(ra))
    return np.flatnonzero(inner >= cos(min(pi, radians(radius) + 0.1305))).tolist()


def ranges_of(ra: float, dec: float, radius: float) -> list[dict[str, int]]:
    """Four runs of pixels, parted at the three widest gaps, as numbers of order 29."""
    found = pixels_of(ra, dec, radius)
    gaps = sorted(((b - a, k) for k, (a, b) in enumerate(pairwise(found), start=1)), reverse=True)[:3]
    ends = [0, *sorted(k for _, k in gaps), len(found)]
    return [{"low": found[a] << 52, "high": ((found[b - 1] + 1) << 52) - 1} for a, b in pairwise(ends)]


CONES = [(10.0, 20.0, 1.0), (359.0, -80.0, 12.0), (180.0, 89.0, 30.0), (200.0, 0.5, 60.0)]
#: Stars: two inside 1 deg of (0.1, 60), across ra = 0; one 1.1 deg north; one as far in ra; one at the pole.
STARS = [(1, 359.2, 60.3), (2, 1.9, 59.9), (3, 0.1, 61.1), (4, 2.4, 60.0), (5, 0.0, 90.0)]


def staged() -> str:
    rows = [f"({i}, {ra}, {dec}, {int(FINE.lonlat_to_healpix(ra * u.deg, dec * u.deg))})" for i, ra, dec in STARS]
    return ", ".join(rows)


CONE = [
    value("[sphere.even_bits(x) for x in [1, 2, 4, 8, 16, 32, 63, 21]]", [1, 0, 2, 0, 4, 0, 7, 7]),
    value("list_transform(sphere.pixels(), lambda p: round(p.z, 9))", [round(float(s), 9) for s in np.sin(LAT)]),
    value("list_transform(sphere.pixels(), lambda p: round(cos(p.phi), 9))", [round(float(c), 9) + 0.0 for c in np.cos(LON)]),
    value("list_transform(sphere.pixels(), lambda p: round(sin(p.phi), 9))", [round(float(s), 9) + 0.0 for s in np.sin(LON)]),
    *(value(f"sphere.cone_pixels({ra}, {dec}, {radius})", pixels_of(ra, dec, radius)) for ra, dec, radius in CONES),
    value("sphere.widest_gaps([1, 2, 5, 6, 9, 20, 21])", [1, 3, 5, 6, 8]), value("sphere.widest_gaps([4])", [1, 2]),
    *(value(f"sphere.cone_range({ra}, {dec}, {radius}, {k + 1})", part) for ra, dec, radius in CONES for k, part in enumerate(ranges_of(ra, dec, radius))),
    *(value(f"[sphere.may_be_in_cone(p, {ra}, {dec}, {radius}) for p in {ends}]", [any(part["low"] <= p <= part["high"] for part in parts) for p in ends])
      for ra, dec, radius in CONES for parts in [ranges_of(ra, dec, radius)] for ends in [[end + step for part in parts for end, step in ((part["low"], -1), (part["low"], 0), (part["high"], 0), (part["high"], 1))]]),
    value("sphere.cone_radius(90, 5)", 5), value("sphere.cone_radius(-90, 0)", 0),
    Case("sphere.cone", "id", [(1,), (2,)], query="sphere.cone('places', 0.1, 60.0, 1.0)", given={'staging.places(id, ra, "dec", _healpix_29)': staged()}),
    Case("sphere.cone", "id", [(5,)], query="sphere.cone('places', 77, 89.5, 0.6)", given={'staging.places(id, ra, "dec", _healpix_29)': staged()}),
]  # fmt: skip

#: Moving: still; a second a year to the east; a fast one to the north; without motions. Standing, ten years later, by arcsec.
FAST = degrees(float(np.arctan(3e5 * MAS)))
MOVING = "(1, 10.0, 0.0, 0.0, 0.0, 2000.0), (2, 20.0, 60.0, 1000.0, 0.0, 2000.0), (3, 30.0, 0.0, 0.0, 3e4, 2000.0), (4, 40.0, -30.0, null, null, 2000.0)"
STANDING = f"""(11, 10.0, {0.9 / 3600}, 2010.0), (12, 10.0, {1.1 / 3600}, 2010.0), (13, 10.0, {-0.5 / 3600}, 1990.0), (21, {20 + 10 / 3600 / cos(radians(60))}, {60 + 0.3 / 3600}, 2010.0), (22, 20.0, 60.0, 2010.0),
    (31, 30.0, {FAST + 0.4 / 3600}, 2010.0), (32, 30.0, {FAST - 1.2 / 3600}, 2010.0), (41, {40 + 0.6 / 3600 / cos(radians(30))}, -30.0, 2010.0)"""
PAIRS = [
    Case("sphere.pairs", "moving_id, standing_id, round(sphere.chord_in_arcsec(chord_squared), 2)", query="sphere.pairs('moving', 'standing', 1.0::double, 2005.0::double, 10.0::double, 1e-1::double)", given={
        'moving(id, ra, "dec", pmra, pmdec, epoch_yr)': MOVING, 'standing(id, ra, "dec", epoch_yr)': STANDING}, rows=[(1, 11, 0.9), (1, 13, 0.5), (2, 21, 0.3), (3, 31, 0.4), (4, 41, 0.6)]),
    # 0.02 rad in ten years along a tangent that is longer than the arc: 1000 arcsec from where it is then
    Case("sphere.pairs", "moving_id, standing_id, round(sphere.chord_in_arcsec(chord_squared), 1)", query="sphere.pairs('moving', 'standing', 1000.1::double, 2005.0::double, 10.0::double, 1e-1::double)", given={
        'moving(id, ra, "dec", pmra, pmdec, epoch_yr)': f"(1, 10.0, 0.0, 0.0, {0.002 / MAS}, 2000.0)", 'standing(id, ra, "dec", epoch_yr)': f"(11, 10.0, {degrees(float(np.arctan(0.02))) + 1000 / 3600}, 2010.0)"}, rows=[(1, 11, 1000.0)]),
    # a corner of eight cubes, a face, the inside
    Case("sphere.moving_in_cubes", "id, n, n_cubes, vy, vz", query="(select id, count(*) as n, count(distinct cube) as n_cubes, max(abs(vy)) as vy, max(abs(vz)) as vz from sphere.moving_in_cubes('moving', 1.0::double, 2000.0::double, 0.0::double, 1e-1::double) group by id)", given={
        'moving(id, ra, "dec", pmra, pmdec, epoch_yr)': "(1, 0.0, 0.0, null::double, null::double, 2000.0), (2, 0.0, 3.0, 0, 0, 2000.0), (3, 30.0, 10.0, null, null, 2000.0)"}, rows=[(1, 8, 8, 0.0, 0.0), (2, 2, 2, 0.0, 0.0), (3, 1, 1, 0.0, 0.0)]),
    value("sphere.mas_in_rad()", MAS), value(f"sphere.healpix_pixel({(5 << 42) + 7}, 8)", 5), value("sphere.healpix_pixel(77, 29)", 77), value(f"sphere.healpix_pixel({11 << 58}, 0)", 11), value("sphere.cube_key(1::bigint, 2::bigint, 3::bigint)", ((1 + 2**20) << 42) + ((2 + 2**20) << 21) + 3 + 2**20), value("sphere.cube_key(-5::bigint, -7::bigint, -11::bigint)", ((2**20 - 5) << 42) + ((2**20 - 7) << 21) + 2**20 - 11),
    value("sphere.moved_chord_squared(1, 2, 3, 0.1, 0.2, 0.3, 4, 6, 9, 10)", (1 + 1 - 4.0) ** 2 + (2 + 2 - 6) ** 2 + (3 + 3 - 9) ** 2), value("sphere.tangent_growth(4, 3)", 18.0), value("sphere.tangent_growth(4, -3)", 18.0),
    value("sphere.chord_in_arcsec(1)", 60 * 3600.0), value("sphere.chord_in_arcsec(-1)", 0.0),
]  # fmt: skip


def sun(year: float) -> tuple[float, float]:
    """Ecliptic longitude [rad] and distance [au] by the Astronomical Almanac, page C5."""
    n = 365.25 * (year - 2000)
    g = radians(357.528 + 0.9856003 * n)
    return radians(280.460 + 0.9856091 * n + 1.915 * sin(g) + 0.020 * sin(2 * g)), 1.00014 - 0.01671 * cos(
        g
    ) - 0.00014 * cos(2 * g)


def earth(year: float) -> np.ndarray:
    longitude, distance = sun(year)
    tilt = radians(23.439279)
    return -distance * np.array([cos(longitude), cos(tilt) * sin(longitude), sin(tilt) * sin(longitude)])


def parallax(ra: float, dec: float, year: float) -> tuple[float, float]:
    """East and north of a parallax of 1: the Earth's place seen from the star, turned round."""
    a, d = radians(ra), radians(dec)
    east, north = np.array([-sin(a), cos(a), 0]), np.array([-sin(d) * cos(a), -sin(d) * sin(a), cos(d)])
    return float(-earth(year) @ east), float(-earth(year) @ north)


NEAR = [
    value("sphere.near_displacement_mas()", 10), value("sphere.recession(100, 50)", 5000 / 4.740470446 * MAS), value("sphere.perspective_reach(-0.001, 3, 4, 10)", 0.55), value("sphere.perspective_reach(0.001, null, 4, 10)", 0.44),
    value("sphere.perspective_reach(0.001, 3, null, 10)", 0.33), value("sphere.perspective_reach(null, 3, 4, 10)", 0.0), value("sphere.near_reach(20, 0, 3, 4, 10)", 20.4), value("sphere.near_reach(9.9, 0, 3, 4, 10)", 0), value("sphere.near_reach(10, 0, 3, 4, 10)", 10.2),
    value("sphere.near_reach(null, 1, 6, 8, 10)", 1100.0), value("sphere.near_reach(-5, 1, 6, 8, 10)", 1100.0), value("sphere.near_reach(20, 1, 6, 8, 10)", 1120.4),
    *(value(f"round(sphere.earth_{axis}({year}), 5)", round(float(earth(year)[k]), 5) + 0.0) for year in (2000.1, 2015.5, 2003.8) for k, axis in enumerate("xyz")),
    *(value(f"sphere.sun_distance({year})", sun(year)[1]) for year in (2000.1, 2015.5, 2003.8)), *(value(f"sphere.sun_longitude({year})", sun(year)[0]) for year in (2000.1, 2015.5, 2003.8)),
    *(value(f"round(sphere.parallax_east(100, {ra}, {year}), 3)", round(100 * parallax(ra, 0, year)[0], 3)) for ra, year in [(40, 2000.1), (200, 2015.5)]), value("sphere.parallax_east(null, 40, 2000)", 0.0), value("sphere.parallax_north(null, 40, 20, 2000)", 0.0),
    *(value(f"round(sphere.parallax_north(100, {ra}, {dec}, {year}), 3)", round(100 * parallax(ra, dec, year)[1], 3)) for ra, dec, year in [(40, 20, 2000.1), (200, -50, 2015.5)]),
    value("sphere.perspective_years(0.1, 5)", 5 / 1.5), value("sphere.perspective_years(null, 5)", 5.0), value("sphere.east_mas(10, 10.001, 60)", 0.5 * sin(radians(0.001)) / MAS), value("round(sphere.north_mas(10, 60, 10, 60.001), 3)", round(sin(radians(0.001)) / MAS, 3)),
    value("sphere.north_mas(10, 30, 40, 50)", (cos(radians(30)) * sin(radians(50)) - sin(radians(30)) * cos(radians(50)) * cos(radians(30))) / MAS),
]  # fmt: skip
#: A star that moves and one that stands, ten and a half years later.
M = "{'ra': 10.0, 'dec': 20.0, 'epoch_yr': 2000.0, 'pmra': 100.0, 'pmdec': -50.0, 'parallax': 300.0, 'recession': 0.01, 'east': 30.0, 'north': 20.0, 'covariance': 5.0, 'pm_east': 0.4, 'pm_north': 0.3}"
S = "{'ra': 10.001, 'dec': 20.002, 'epoch_yr': 2010.5, 'east': 7.0, 'north': 8.0, 'covariance': 2.0}"
YEARS = 10.5 / 1.105
EAST = cos(radians(20.002)) * sin(radians(0.001)) / MAS - 100 * YEARS - 300 * parallax(10, 20, 2010.5)[0]
NORTH = (cos(radians(20)) * sin(radians(20.002)) - sin(radians(20)) * cos(radians(20.002)) * cos(radians(0.001))) / MAS + 50 * YEARS - 300 * parallax(10, 20, 2010.5)[1]  # fmt: skip
COVARIANCE = np.array([[30 + 7 + 0.4 * 10.5**2 + 1, 7], [7, 20 + 8 + 0.3 * 10.5**2 + 1]])
OFFSET = np.array([EAST, NORTH])
MOVED = [
    value(f"round(sphere.offset_east({M}, {S}), 3)", round(EAST, 3)), value(f"round(sphere.offset_north({M}, {S}), 3)", round(NORTH, 3)), value(f"1e12 * sphere.near_chord_squared({M}, {S})", 1e12 * (EAST**2 + NORTH**2) * MAS**2),
    value(f"sphere.misfit({M}, {S})", float(OFFSET @ np.linalg.inv(COVARIANCE) @ OFFSET + np.log(np.linalg.det(COVARIANCE)))),
]  # fmt: skip


def pairs(rows: list[tuple[int, int, float, float]]) -> dict[str, str]:
    """Left, right, arcsec and badness; a chord so small is the angle."""
    given = ", ".join(
        f"({a}, {b}, {(1000 * MAS * arcsec) ** 2!r}::double, {badness})" for a, b, arcsec, badness in rows
    )
    return {"given(left_id, right_id, chord_squared, badness)": given, "lefts(id)": "(1), (2), (3), (4), (5)", "rights(id)": "(10), (11), (12), (13), (14)"}  # fmt: skip


#: Of two that are as bad the lower; 4 likes 12 best, which likes 2.
TAKEN = pairs([(1, 11, 3, 0.5), (1, 12, 2, 0.9), (2, 12, 4, 0.1), (3, 13, 1, 0.2), (3, 10, 5, 0.2), (4, 12, 9, 0.1)])
BEST = [(1, 11, 3.0, 2), (2, 12, 4.0, 1), (3, 10, 5.0, 2), (4, 12, 9.0, 1)]
NEIGHBOURS = [
    Case(f"sphere.{kind}", "left_id, right_id, round(separation_arcsec, 6), n_neighbours", rows, given=TAKEN, query=f"sphere.{kind}({arguments})") for kind, arguments, rows in [
        ("best_neighbours", "'given'", BEST), ("mutual_neighbours", "'given'", BEST[:3]),
        ("all_neighbours", "'given'", [(1, 11, 3.0, 2), (1, 12, 2.0, 2), (2, 12, 4.0, 1), (3, 10, 5.0, 2), (3, 13, 1.0, 2), (4, 12, 9.0, 1)]), ("left_neighbours", "'lefts', 'given'", [*BEST, (5, None, None, 0)]),
        ("anti_neighbours", "'lefts', 'given'", [(5, None, None, 0)]), ("outer_neighbours", "'lefts', 'rights', 'given'", [*BEST, (5, None, None, 0), (None, 13, None, 0), (None, 14, None, 0)])]
] + [
    Case("sphere.separation_counts", "bin, n_pairs", [(0, 1), (1, 2), (4, 2)], query="sphere.separation_counts('given', 10, 5)", given=pairs([(1, 1, s, 0) for s in (1.9, 3.5, 2.5, 9.5, 10.1)])),
    Case("sphere.magnitude_counts", "magnitude_bin, n", [(-1, 1), (5, 2)], query="sphere.magnitude_counts('given')", given={
        "given": " union all ".join(f"select {{'magnitude': {m}::double}} as moving_id, {{'magnitude': {s}::double}} as standing_id" for m, s in [(12.3, 11), (12.26, 11), (11, 11.1), ("null", 11), (11, "null")])}),
    # 40 pairs, 15 by chance
    Case("sphere.magnitude_misfits", "magnitude_bin, misfit", query="sphere.magnitude_misfits('found', 'chance')", given={"found(magnitude_bin, n)": "(0, 30), (1, 10)", "chance(magnitude_bin, n)": "(0, 10), (2, 5), (3, 0)"},
         rows=[(k, -2 * float(np.log(ratio * 15 / 25))) for k, ratio in enumerate([20 / 10, 10 / 0.5, 0.5 / 5, 0.5 / 0.5])]),
]  # fmt: skip


def places(stars: list[tuple[float, float]]) -> dict[str, str]:
    rows = [f"({i}, {ra}, {dec}, {int(FINE.lonlat_to_healpix(ra * u.deg, dec * u.deg))})" for i, (ra, dec) in enumerate(stars)]  # fmt: skip
    return {'staging.places(id, ra, "dec", _healpix_29)': ", ".join(rows)}


FIFTH, SIXTH, NINTH = 5 << 42, 6 << 42, 9 << 42
REGIONS = [
    # an M: the lobes are inside, the notch is not; the great circle from (10, 20) to (14, 20) is at atan(tan 20 / cos 2) = 20.011 deg in the middle
    Case("sphere.polygon", "id", [(0,), (1,), (2,)], query="sphere.polygon('places', [[10.0, 20.0], [14.0, 20.0], [14.0, 24.0], [12.0, 21.0], [10.0, 24.0]])",
         given=places([(10.5, 22), (13.5, 22), (12, 20.02), (12, 20.005), (12, 23), (9.5, 22), (14.5, 22), (10.5, 24.5)])),
    Case("sphere.polygon", "id", [(0,), (1,)], query="sphere.polygon('places', [[359.0, -1.0], [1.0, -1.0], [0.0, 1.0]])", given=places([(0, 0), (359.7, 0.1), (0.9, 0.5), (359.1, 0.5), (0, -1.1)])),
    Case("sphere.region", "id", [(1,), (2,), (3,), (6,)], query="sphere.region('places', 'r')", given={
        "region.r(low, high)": f"({FIFTH + 10}, {SIXTH + 20}), ({NINTH}, {NINTH + 5})",
        "staging.places(id, _healpix_29)": ", ".join(f"({i}, {star})" for i, star in enumerate([FIFTH + 9, FIFTH + 10, SIXTH, SIXTH + 20, SIXTH + 21, 8 << 42, NINTH + 5, NINTH + 6]))},
        setup="create schema if not exists region"),
    value("round(sphere.polygon_reach([[0.0, 0.0], [158.0, 0.0], [79.0, 0.0]]), 3)", 79.0),
]  # fmt: skip
CASES = [*CONE, *PAIRS, *NEAR, *MOVED, *NEIGHBOURS, *REGIONS]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("polygon_reach([[10.0, 20.0], [14.0, 20.0]])", "three corners"),
        ("polygon_reach([[10.0, 20.0], [14.0, -91.0], [14.0, 23.0]])", "not within -90 to 90"),
        ("polygon_reach([[0.0, 0.0], [162.0, 0.0], [81.0, 0.0]])", "wider than 80"),
        ("cone_radius(91, 1)", "declination 91"),
        ("cone_radius(-91, 1)", "declination -91"),
        ("cone_radius(0, -1)", "radius -1"),
    ],
)
def test_what_is_no_cone_or_polygon(value, expression, message):
    with pytest.raises(duckdb.InvalidInputException, match=message):
        value(f"sphere.{expression}")
