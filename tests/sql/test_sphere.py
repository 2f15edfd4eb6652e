"""Geometry on the sphere against astropy."""

import duckdb
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from candlesql.sql import files

POINTS = [(0, 90), (10, 90), (0, -90), (359.99999, 12), (0.00001, 12), (180, 0), (200, 89.9999), (20, 89.9999), (0, 0)]


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        for schema in ("sphere", "stats", "staging"):
            connection.execute(f"create schema {schema}")
        for item in files.items():
            if item.is_macro and item.name.startswith(("sphere.", "stats.")):
                connection.execute(item.body)
        rng = np.random.default_rng(2)
        ra = np.concatenate([rng.uniform(0, 360, 4000), [p[0] for p in POINTS]])
        dec = np.concatenate([np.degrees(np.arcsin(rng.uniform(-1, 1, 4000))), [p[1] for p in POINTS]])
        stars = {"source_id": np.arange(len(ra)), "ra": ra, "dec": dec}  # noqa: F841 - DuckDB finds it by name
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


@pytest.mark.parametrize("radius", [0.5, 5.0, 100.0])
@pytest.mark.parametrize("centre", [*POINTS, (83.6, -22.0), (1.0, 88.0)])
def test_cone_holds_the_stars_within_its_radius(connection, sky, centre, radius):
    ra, dec = centre
    rows = connection.execute(
        f"select source_id from sphere.cone('stars', {ra}, {dec}, {radius}) order by 1"
    ).fetchall()
    inside = sky.separation(SkyCoord(ra, dec, unit="deg")).deg <= radius
    assert [row[0] for row in rows] == np.flatnonzero(inside).tolist()


@pytest.mark.parametrize(("function", "format_", "value"), [("jd", "jd", 2451545.0), ("mjd", "mjd", 57388.0)])
def test_dates_as_julian_years(connection, function, format_, value):
    (year,) = connection.execute(f"select sphere.year_of_{function}({value})").fetchone()
    assert year == pytest.approx(Time(value, format=format_).jyear, abs=1e-9)
