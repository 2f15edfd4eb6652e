"""Geometry on the sphere against astropy."""

import re

import duckdb
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from astropy_healpix import healpix_to_lonlat, lonlat_to_healpix

POINTS = [(0, 90), (10, 90), (0, -90), (359.99999, 12), (0.00001, 12), (180, 0), (200, 89.9999), (20, 89.9999), (0, 0)]


@pytest.fixture(scope="module")
def connection(new_database):
    with new_database() as connection:
        rng = np.random.default_rng(2)
        ra = np.concatenate([rng.uniform(0, 360, 4000), [p[0] for p in POINTS]])
        dec = np.concatenate([np.degrees(np.arcsin(rng.uniform(-1, 1, 4000))), [p[1] for p in POINTS]])
        index = lonlat_to_healpix(ra * u.deg, dec * u.deg, 2**29, order="nested")
        stars = {"source_id": np.arange(len(ra)), "ra": ra, "dec": dec, "_healpix_29": index}  # noqa: F841 - by name
        connection.execute("create table staging.stars as from stars")
        yield connection


@pytest.fixture(scope="module")
def sky(connection):
    stars = connection.execute("from staging.stars order by source_id").fetchnumpy()
    return SkyCoord(stars["ra"] * u.deg, stars["dec"] * u.deg)


@pytest.mark.parametrize("centre", [*POINTS, (83.6, -22.0)])
def test_separations(connection, sky, centre):
    query = "select sphere.separation_arcsec(ra, dec, ?, ?) as s from staging.stars order by source_id"
    ours = connection.execute(query, [float(x) for x in centre]).fetchnumpy()["s"]
    theirs = sky.separation(SkyCoord(*centre, unit="deg")).arcsec
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-9)


def galactic(connection, ra, dec):
    return connection.execute(
        "select sphere.galactic_longitude($1, $2), sphere.galactic_latitude($1, $2)", [float(ra), float(dec)]
    ).fetchone()


def test_galactic_coordinates_are_those_of_hipparcos_and_gaia(connection):
    """Pole and zero point as defined by ESA 1997 (Hipparcos), equation 1.5.9, from which Gaia takes its l and b."""
    assert galactic(connection, 192.85948, 27.12825)[1] == pytest.approx(90, abs=1e-7)
    longitude, latitude = galactic(connection, 0, 90)
    assert (longitude, latitude) == pytest.approx((122.93192, 27.12825), abs=1e-9)


def test_galactic_coordinates_agree_with_astropy(connection, sky):
    """Within 30 mas: astropy goes through FK5."""
    query = "select sphere.galactic_longitude(ra, dec) as l, sphere.galactic_latitude(ra, dec) as b from staging.stars"
    ours = connection.execute(query + " order by source_id").fetchnumpy()
    there = SkyCoord(ours["l"], ours["b"], unit="deg", frame="galactic")
    assert there.separation(sky.galactic).mas.max() < 30
    assert ours["l"].min() >= 0
    assert ours["l"].max() < 360


def test_pixels_are_where_astropy_healpix_has_them(connection):
    pixels = connection.execute("select unnest(sphere.pixels(), recursive := true)").fetchnumpy()
    n = 12 * 4**3
    assert pixels["pixel"].tolist() == list(range(n))
    lon, lat = healpix_to_lonlat(np.arange(n), 2**3, order="nested")
    np.testing.assert_allclose(pixels["z"], np.sin(lat.rad), atol=1e-12)
    np.testing.assert_allclose(np.cos(pixels["phi"] - lon.rad), 1, atol=1e-12)


@pytest.mark.parametrize("radius", [0.01, 0.4, 2.0, 20.0])
def test_ranges_of_a_cone_hold_every_point_of_it(connection, radius):
    """Points on and inside the rims of cones all over the sky, whichever pixels they fall into."""
    rng = np.random.default_rng(int(radius * 100))
    centres = [*POINTS, (45, 0), (45, 41.810314895778596), (0, -41.810314895778596), *rng.uniform(-90, 90, (30, 2))]
    for ra, dec in centres:
        pieces = ", ".join(f"sphere.cone_range({ra}, {dec}, {radius}, {k})" for k in (1, 2, 3, 4))
        ranges = [tuple(r.values()) for r in connection.execute(f"select {pieces}").fetchone()]
        centre = SkyCoord(ra * u.deg, dec * u.deg)
        distance = radius * np.concatenate([np.full(300, 1 - 1e-12), np.sqrt(rng.random(100))])
        rim = centre.directional_offset_by(rng.uniform(0, 360, 400) * u.deg, distance * u.deg)
        index = lonlat_to_healpix(rim.ra, rim.dec, 2**29, order="nested")
        assert len(ranges) == 4
        assert all(any(low <= i <= high for low, high in ranges) for i in index)


@pytest.mark.parametrize("radius", [0.5, 5.0, 100.0])
@pytest.mark.parametrize("centre", [*POINTS, (83.6, -22.0), (1.0, 88.0)])
def test_cone_holds_the_stars_within_its_radius(connection, sky, centre, radius):
    ra, dec = centre
    rows = connection.execute(
        f"select source_id from sphere.cone('stars', {ra}, {dec}, {radius}) order by 1"
    ).fetchall()
    inside = sky.separation(SkyCoord(ra, dec, unit="deg")).deg <= radius
    assert [row[0] for row in rows] == np.flatnonzero(inside).tolist()


@pytest.mark.parametrize("turns", [-360, 360, 720])
def test_cone_takes_right_ascensions_of_other_turns(connection, turns):
    once, again = (
        connection.execute(f"select source_id from sphere.cone('stars', {ra}, 12, 10) order by 1").fetchall()
        for ra in (359, 359 + turns)
    )
    assert len(once) > 20
    assert again == once


@pytest.mark.parametrize(
    ("cone", "said"),
    [("1, 200, 3", "declination 200.0"), ("1, -90.5, 3", "declination -90.5"), ("1, 2, -3", "-3.0 deg")],
)
def test_cone_that_is_none(connection, cone, said):
    with pytest.raises(duckdb.Error, match=said) as caught:
        connection.execute(f"from sphere.cone('stars', {cone})").fetchall()
    assert "\n" not in str(caught.value)


def test_cone_reads_only_the_ranges_that_hold_it(connection):
    """They are constants before any row is read: nothing is left in the plan that works them out."""
    plan = connection.execute("explain from sphere.cone('stars', 83.6, -22, 0.5)").fetchone()[1]
    assert "_healpix_29" in plan
    assert not re.search("list_transform|error|cone", plan.split("_healpix_29", 1)[1])


@pytest.mark.parametrize(("function", "format_", "value"), [("jd", "jd", 2451545.0), ("mjd", "mjd", 57388.0)])
def test_dates_as_julian_years(connection, function, format_, value):
    (year,) = connection.execute(f"select sphere.year_of_{function}({value})").fetchone()
    assert year == pytest.approx(Time(value, format=format_).jyear, abs=1e-9)


def winding(corners, ra, dec):
    """How often a spherical polygon goes around each star: the sum of the angles under which it sees the sides."""
    star = SkyCoord(ra * u.deg, dec * u.deg)
    angles = [star.position_angle(SkyCoord(*corner, unit="deg")).rad for corner in corners]
    turns = np.diff(np.array([*angles, angles[0]]), axis=0)
    opposite = SkyCoord(corners, unit="deg").cartesian.mean().dot(star.cartesian).value < 0  # is gone around too
    return ~opposite * np.round(((turns + np.pi) % (2 * np.pi) - np.pi).sum(axis=0) / (2 * np.pi))


POLYGONS = [
    [[10, -5], [50, -10], [40, 30]],
    [[350, 10], [20, 12], [25, 45], [345, 40]],
    [[0, 70], [90, 75], [180, 60], [270, 72]],
    [[100, -85], [220, -60], [340, -75]],
    [[100, 0], [140, 0], [140, 40], [120, 10], [100, 40]],
]


@pytest.mark.parametrize("corners", [*POLYGONS, POLYGONS[0][::-1]], ids=str)
def test_polygon_holds_the_stars_that_it_goes_around(connection, corners):
    stars = connection.execute("from staging.stars order by source_id").fetchnumpy()
    inside = np.abs(winding(corners, stars["ra"], stars["dec"])) == 1
    rows = connection.execute(f"select source_id, ra from sphere.polygon('stars', {corners}) order by 1").fetchall()
    assert len(rows) > 20
    assert [row[0] for row in rows] == np.flatnonzero(inside).tolist()


@pytest.mark.parametrize(
    ("corners", "said"),
    [
        ([[1, 1], [2, 2]], "three corners or more"),
        ([[0, 0], [120, 0], [240, 1]], "wide"),
        ([[0, 0], [1, 95], [2, 0]], "declination"),
    ],
)
def test_polygon_that_is_none(connection, corners, said):
    with pytest.raises(duckdb.Error, match=said):
        connection.execute(f"from sphere.polygon('stars', {corners})").fetchall()


def test_region_holds_the_stars_in_its_ranges(connection):
    """Brute force over the ranges, which are of very different sizes, two of them side by side."""
    rng = np.random.default_rng(9)
    index = connection.execute("from staging.stars order by source_id").fetchnumpy()["_healpix_29"]
    starts = np.sort(rng.integers(0, 12 << 58, 40))
    ranges = [(int(low), int(low + size)) for low, size in zip(starts, 4 ** rng.integers(20, 28, 40), strict=True)]
    kept = [r for k, r in enumerate(ranges) if k + 1 == len(ranges) or r[1] < ranges[k + 1][0]]
    kept += [(i, i) for i in index[:50].tolist() if not any(low <= i <= high for low, high in kept)]
    connection.execute("create schema if not exists region")
    connection.execute("create or replace table region.mine(low bigint, high bigint)")
    connection.executemany("insert into region.mine values (?, ?)", kept)
    expected = [k for k, i in enumerate(index) if any(low <= i <= high for low, high in kept)]
    rows = connection.execute("select source_id from sphere.region('stars', 'mine') order by 1").fetchall()
    assert len(expected) > 50
    assert [row[0] for row in rows] == expected
