"""Macros of `sql/sphere` at a few places, by vectors and by astropy's constants written out."""

from __future__ import annotations

import hashlib
from math import acos, asin, atan2, cos, degrees, floor, hypot, log, radians, sin, sqrt

import astropy.units as u
import astropy_healpix
import numpy as np
import pytest
from candlesql.tests.sql.tables import Case


def value(expression: str, result: object) -> Case:
    return Case("", expression, result)


def unit(ra: float, dec: float) -> np.ndarray:
    return np.array([cos(radians(dec)) * cos(radians(ra)), cos(radians(dec)) * sin(radians(ra)), sin(radians(dec))])


def separation(a: tuple[float, float], b: tuple[float, float]) -> float:
    return 3600 * degrees(acos(float(unit(*a) @ unit(*b))))


#: Of the Galaxy in ICRS: rows of the Hipparcos catalogue's matrix, volume 1, section 1.5.3.
GALACTIC = np.array(
    [
        [-0.0548755604, -0.8734370902, -0.4838350155],
        [0.4941094279, -0.4448296300, 0.7469822445],
        [-0.8676661490, -0.1980763734, 0.4559837762],
    ]
)
AT = (130.0, -35.0)
X, Y, Z = GALACTIC @ unit(*AT)
CELL = 2 / 3600


def key(text: str) -> int:
    return int.from_bytes(hashlib.md5(text.encode()).digest()[8:], "little") >> 16


def zone(dec: float) -> int:
    return int(min(max(floor((dec + 90) / CELL), 0), 180 * 1800 - 1))


def n_cells(z: int) -> int:
    return int(max(floor(cos(radians((z + 0.5) * CELL - 90)) * 360 / CELL), 1))


def position_key(ra: float, dec: float) -> int:
    z = zone(dec)
    return key(f"{z}/{floor(ra / 360 * n_cells(z)) % n_cells(z)}")


GEOMETRY = [
    *(value(f"sphere.direction_{axis}({arguments})", float(unit(*AT)[k])) for k, (axis, arguments) in enumerate([("x", "130, -35"), ("y", "130, -35"), ("z", "-35")])),
    *(value(f"round(sphere.galactic_{axis}(130, -35), 8)", round(float(v), 8)) for axis, v in zip("xyz", (X, Y, Z), strict=True)),
    value("round(sphere.galactic_longitude(130, -35), 6)", round(float(degrees(atan2(Y, X)) % 360), 6)), value("round(sphere.galactic_latitude(130, -35), 6)", round(degrees(asin(Z)), 6)),
    value("round(sphere.galactic_longitude(266.4, -28.9), 3)", round(float(degrees(atan2((GALACTIC @ unit(266.4, -28.9))[1], (GALACTIC @ unit(266.4, -28.9))[0])) % 360), 3)),
    value("sphere.separation_arcsec(10, 20, 130, -35)", separation((10, 20), AT)), value("sphere.separation_arcsec(10, 20, 10, 20)", 0.0), value("sphere.separation_arcsec(0, 80, 180, 80)", 72000.0),
    value("sphere.separation_arcsec(350, -60, 10, -50)", separation((350, -60), (10, -50))), value("sphere.separation_arcsec(0, 0, 170, 0)", 170 * 3600.0),
    value("sphere.galactocentric_x_kpc(120, 30, 2)", -8.3 - sqrt(3) / 2), value("sphere.galactocentric_y_kpc(120, 30, 2)", 1.5), value("sphere.galactocentric_z_kpc(30, 2)", 1.0),
    value("sphere.year_of_jd(2451910.25)", 2001.0), value("sphere.year_of_mjd(51909.75)", 2001.0), value("sphere.shifted_declination(10, 3)", 7), value("sphere.shifted_declination(-10, 3)", -7),
    value("sphere.shifted_declination(0.5, 3)", -2.5),
]  # fmt: skip

#: The cells of a star and of the places 2 arcsec from it.
NEAR = sorted({
    position_key(130 + a / cos(radians(35)), -35 + d) for a in (-CELL, 0, CELL) for d in (-CELL, 0, CELL)
})  # fmt: skip


def cells_near(ra: float, dec: float) -> list[int]:
    """The cells in each zone within 1.01 cells that a circle of as much reaches."""
    width = degrees(asin(sin(radians(1.01 * CELL)) / cos(radians(dec))))
    zones = range(zone(dec - 1.01 * CELL), zone(dec + 1.01 * CELL) + 1)
    return sorted(
        key(f"{z}/{cell}")
        for z in zones
        for cell in range(floor((ra - width) / 360 * n_cells(z)), floor((ra + width) / 360 * n_cells(z)) + 1)
    )


#: In the middle of a zone, and where 1.01 cells to the north or south end just within the next zone but one.
PLACED = [(130.0, -90 + (99000 + part) * CELL) for part in (0.5, 0.95, 0.05)]
KEYS = [
    *(value(f"list_sort(sphere.position_keys_near({ra}, {dec!r}))", cells_near(ra, dec)) for ra, dec in PLACED),
    # all 9, 15 and 21 cells of the zones 2 to 8 arcsec from the pole
    value("len(sphere.position_keys_near(10, 90 - 5.0 / 3600))", 9 + 15 + 21),
    value("sphere.key_cell()", CELL), *(value(f"sphere.zone({dec})", zone(dec)) for dec in (-90, -12.3456, 0, 89.9999, 90)), value("sphere.zone(-91)", 0), value("sphere.zone(null)", None),
    *(value(f"sphere.cells_in_zone({z})", n_cells(z)) for z in (0, 1, 1000, 162000, 300000)), value("sphere.cell_in_zone(90, 1000)", 250),
    value("sphere.key_of_cell(3, 5)", key("3/5")), *(value(f"sphere.position_key({ra}, {dec})", position_key(ra, dec)) for ra, dec in [(130, -35), (0, 0), (359.9999, 12), (-0.001, 45), (360, 45), (720.5, 3), (10, 90)]),
    value("round(3600 * sphere.key_width(60), 6)", round(3600 * degrees(asin(sin(radians(1.01 * CELL)) / 0.5)), 6)), value("sphere.key_width(90)", 90.0),
    # a star's keys hold those of the places 2 arcsec off in every direction, and no more than nine cells
    value(f"list_sort(list_filter(sphere.position_keys_near(130, -35), lambda k: list_contains({NEAR}, k)))", NEAR),
    value("len(sphere.position_keys_near(130.0002, -35.0001)) between 9 and 16", True), value("len(sphere.position_keys_near(130, 89.9999)) >= 9", True),
    value(f"list_contains(sphere.position_keys_near(0.0001, 10), {position_key(359.9998, 10)})", True), value(f"list_contains(sphere.position_keys_near(359.9999, 10), {position_key(0.0002, 10)})", True),
    value(f"list_contains(sphere.position_keys_near(10, 89.9998), {position_key(190, 89.9999)})", True), value(f"list_contains(sphere.position_keys_near(130, -35), {position_key(130, -35.0025)})", False),
    value(f"list_contains(sphere.position_keys_near(130, -35), {position_key(130.004, -35)})", False),
]  # fmt: skip


def distance(x: float, y: float, cov: list[list[float]]) -> float:
    v, c = np.array([x, y]), np.array(cov)
    return float(v @ np.linalg.inv(c) @ v + log(np.linalg.det(c)))


def ellipse(major: float, minor: float, angle: float) -> np.ndarray:
    """Covariance of an ellipse whose major axis stands at an angle from north to east: rows east, north."""
    a = radians(angle)
    axes = np.array([[sin(a), cos(a)], [cos(a), -sin(a)]])
    return axes @ np.diag([major**2, minor**2]) @ axes.T


RANKING = [
    value("sphere.error_floor()", 1), value("sphere.ellipse_east(3, 2, 30)", float(ellipse(3, 2, 30)[0, 0])), value("sphere.ellipse_north(3, 2, 30)", float(ellipse(3, 2, 30)[1, 1])),
    value("sphere.ellipse_covariance(3, 2, 30)", float(ellipse(3, 2, 30)[0, 1])), value("sphere.normalised_distance(1, 2, 3, 5, 1)", distance(1, 2, [[3, 1], [1, 5]])),
    value("sphere.magnitude_bin({'magnitude': 12.3}, {'magnitude': 11.0})", 5), value("sphere.magnitude_bin({'magnitude': 11.0}, {'magnitude': 11.1})", -1),
    value("sphere.magnitude_misfit(30, 10, 200, 100)", -2 * log(20 / 100 * 100 / 10)), value("sphere.magnitude_misfit(10, 30, 200, 100)", -2 * log(0.5 / 100 * 100 / 30)),
    value("sphere.magnitude_misfit(10, 0, 100, 200)", -2 * log(10 / 0.5 * 200 / 0.5)), value("sphere.magnitude_misfit(10, 2, 100, 0)", -2 * log(8 / 100 * 0.5 / 2)),
]  # fmt: skip

CORNERS = "[[10.0, 20.0], [14.0, 20.0], [14.0, 23.0]]"
PLACES = [(10.0, 20.0), (14.0, 20.0), (14.0, 23.0)]
MEAN = np.sum([unit(*p) for p in PLACES], axis=0)
CENTRE = (degrees(atan2(MEAN[1], MEAN[0])), degrees(atan2(MEAN[2], hypot(MEAN[0], MEAN[1]))))


def gnomonic(ra: float, dec: float, ra_0: float, dec_0: float) -> tuple[float, float, float]:
    """Depth along the line to the centre, then the tangent plane's axes to the east and north."""
    a, d = radians(ra_0), radians(dec_0)
    v = unit(ra, dec)
    depth = float(v @ unit(ra_0, dec_0))
    east, north = np.array([-sin(a), cos(a), 0]), np.array([-sin(d) * cos(a), -sin(d) * sin(a), cos(d)])
    return depth, float(v @ east) / depth, float(v @ north) / depth


REGIONS = [
    *(value(f"sphere.mean_{axis}({CORNERS})", float(MEAN[k])) for k, axis in enumerate("xyz")), value(f"sphere.polygon_ra({CORNERS})", CENTRE[0]), value(f"sphere.polygon_dec({CORNERS})", CENTRE[1]),
    value(f"round(sphere.polygon_radius({CORNERS}, 12, 21), 9)", round(max(separation(p, (12, 21)) for p in PLACES) / 3600, 9)), value(f"round(sphere.polygon_reach({CORNERS}), 9)", round(max(separation(p, CENTRE) for p in PLACES) / 3600 + 1e-7, 9)),
    *(value(f"sphere.gnomonic_{name}(14, 23, 12, 21)", gnomonic(14, 23, 12, 21)[k]) for k, name in enumerate(("depth", "x", "y"))),
]  # fmt: skip

PLACES_ON_SKY = [
    (0.1, 0.1),
    (45, 41.9),
    (359.9, -41.7),
    (123.4, 60),
    (123.4, -60),
    (271, 89.9),
    (10, -89.9),
    (200, 5),
    (-10, 30),
    (90.01, 45),
    (180, -10),
    (315, 70.5),
]
HEALPIX = [
    *(value(f"sphere.healpix_ring({nside}, {lon}, {lat})", int(astropy_healpix.HEALPix(nside, order="ring").lonlat_to_healpix(lon * u.deg, lat * u.deg))) for nside in (1, 4, 32) for lon, lat in PLACES_ON_SKY),
    value("sphere.quarters(-90)", 3.0), value("sphere.quarters(405)", 0.5),
]  # fmt: skip

CASES = [*HEALPIX, *GEOMETRY, *KEYS, *RANKING, *REGIONS]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)
