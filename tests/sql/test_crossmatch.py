"""The crossmatch macros against astropy: search_around_sky, match_coordinates_sky, apply_space_motion."""

import warnings

import duckdb
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Distance, SkyCoord, match_coordinates_sky, search_around_sky
from astropy.time import Time
from candlesql import UserError
from candlesql.commands.match import pairs_sql


@pytest.fixture(scope="module")
def connection(new_database):
    with new_database() as connection:
        yield connection


def store(connection, name, ra, dec, epoch=2000.0, pmra=0.0, pmdec=0.0, ids=None):
    ra = np.atleast_1d(np.asarray(ra, float))
    columns = {"ra": ra, "dec": dec, "epoch_yr": epoch, "pmra": pmra, "pmdec": pmdec}
    data = {key: np.broadcast_to(np.asarray(value, float), ra.shape).copy() for key, value in columns.items()}
    data["id"] = np.arange(len(ra)) if ids is None else np.asarray(ids)
    connection.execute(f"create or replace table {name} as from data")


def pairs(connection, radius):
    """Pairs as (moving, standing) to separation [arcsec]."""
    relation = pairs_sql(connection, "from moving", "from standing", radius)
    rows = connection.execute(f"select moving_id, standing_id, sphere.chord_in_arcsec(chord_squared) from {relation}")
    found = rows.fetchall()
    got = {(a, b): s for a, b, s in found}
    assert len(got) == len(found), "a pair stands twice"
    return got


def sky(ra, dec):
    return SkyCoord(np.asarray(ra) * u.deg, np.asarray(dec) * u.deg)


def expected_pairs(a, b, radius):
    i, j, separation, _ = search_around_sky(a, b, radius * u.arcsec)
    return {(int(x), int(y)): s for x, y, s in zip(i, j, separation.arcsec, strict=True)}


def assert_same(got, expected):
    assert got.keys() == expected.keys()
    for key, separation in expected.items():
        assert got[key] == pytest.approx(separation, abs=1e-6)


def clustered(rng, n, centre_ra, centre_dec, size_arcsec):
    """Points around a place on the sphere, poles included."""
    offsets = rng.normal(0, size_arcsec, (2, n))
    centre = SkyCoord(centre_ra * u.deg, centre_dec * u.deg)
    placed = centre.spherical_offsets_by(offsets[0] * u.arcsec, offsets[1] * u.arcsec)
    return placed.ra.deg, placed.dec.deg


@pytest.mark.parametrize("radius", [0.05, 1.0, 30.0, 600.0])
@pytest.mark.parametrize(
    "centre", [(0, 90), (0, -90), (0, 0), (0.0001, 45), (180, -60), (90, 0), (123, 89.99)], ids=str
)
def test_every_pair_around_special_places(connection, centre, radius):
    rng = np.random.default_rng(int(radius) + 1)
    a, b = (clustered(rng, 120, *centre, 1.5 * radius) for _ in range(2))
    store(connection, "moving", *a)
    store(connection, "standing", *b)
    assert_same(pairs(connection, radius), expected_pairs(sky(*a), sky(*b), radius))


def test_every_pair_on_the_whole_sky(connection):
    rng = np.random.default_rng(3)
    a, b = ((rng.uniform(0, 360, 20_000), np.degrees(np.arcsin(rng.uniform(-1, 1, 20_000)))) for _ in range(2))
    store(connection, "moving", *a)
    store(connection, "standing", *b)
    expected = expected_pairs(sky(*a), sky(*b), 120.0)
    assert len(expected) > 30
    assert_same(pairs(connection, 120.0), expected)


def test_nearest_is_astropys(connection):
    rng = np.random.default_rng(4)
    ra, dec = rng.uniform(0, 360, 5000), np.degrees(np.arcsin(rng.uniform(-1, 1, 5000)))
    other = sky(ra, dec).directional_offset_by(rng.uniform(0, 360, 5000) * u.deg, rng.exponential(0.5, 5000) * u.arcsec)
    store(connection, "moving", ra, dec)
    store(connection, "standing", other.ra.deg, other.dec.deg)
    nearest, separation, _ = match_coordinates_sky(sky(ra, dec), other)
    best = {}
    for (a, b), s in sorted(pairs(connection, 1.0).items(), key=lambda item: item[1]):
        best.setdefault(a, (b, s))
    expected = {i: (int(nearest[i]), separation[i].arcsec) for i in np.flatnonzero(separation.arcsec <= 1)}
    assert {a: b for a, (b, _) in best.items()} == {a: b for a, (b, _) in expected.items()}


def moved(ra, dec, pmra, pmdec, from_yr, to_yr):
    """Where astropy (ERFA) says that stars are after a time, without radial velocity, far away."""
    stars = SkyCoord(
        ra * u.deg,
        dec * u.deg,
        distance=Distance(np.full(len(ra), 1e6) * u.pc),
        pm_ra_cosdec=pmra * u.mas / u.yr,
        pm_dec=pmdec * u.mas / u.yr,
        radial_velocity=np.zeros(len(ra)) * u.km / u.s,
        obstime=Time(from_yr, format="jyear", scale="tdb"),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        after = stars.apply_space_motion(new_obstime=Time(to_yr, format="jyear", scale="tdb"))
    return after.ra.deg, after.dec.deg


@pytest.mark.parametrize("dec_range", [(-90, 90), (89.99, 90), (-90, -89.999)])
def test_fast_stars_are_found_at_the_epoch_of_each_row(connection, dec_range):
    rng = np.random.default_rng(6)
    n = 200
    ra, dec = rng.uniform(0, 360, n), rng.uniform(*dec_range, n)
    speed, angle = rng.uniform(0, 10_400, n), rng.uniform(0, 2 * np.pi, n)
    pmra, pmdec = speed * np.sin(angle), speed * np.cos(angle)
    epoch = rng.uniform(1953.0, 2011.0, n)
    there = moved(ra, dec, pmra, pmdec, np.full(n, 2015.5), epoch)
    store(connection, "moving", ra, dec, 2015.5, pmra, pmdec)
    store(connection, "standing", *there, epoch)
    got = pairs(connection, 0.05)
    for i in range(n):
        assert got[i, i] < 2e-4, f"star {i} moves {speed[i]:.0f} mas/yr over {2015.5 - epoch[i]:.0f} yr"


def test_without_motion_the_fast_ones_would_be_lost(connection):
    store(connection, "moving", [100.0], 20.0, 2015.5, 0.0, 0.0)
    store(
        connection,
        "standing",
        *moved(np.array([100.0]), np.array([20.0]), np.array([2000.0]), np.array([0.0]), 2015.5, 2000.0),
    )
    assert pairs(connection, 2.0) == {}


def test_unknown_motion_is_none(connection):
    store(connection, "moving", [10.0], 0.0)
    connection.execute("update moving set pmra = null, pmdec = null")
    store(connection, "standing", [10.0], 0.0001)
    assert pairs(connection, 1.0) == {(0, 0): pytest.approx(0.36)}


def test_rows_without_position_or_epoch(connection):
    store(connection, "moving", [10.0, np.nan, 20.0], 0.0, 2015.5)
    store(connection, "standing", [10.0, 20.0], 0.0, 2000.0)
    connection.execute('update moving set "dec" = null where id = 2')
    connection.execute("update standing set epoch_yr = null where id = 0")
    assert list(pairs(connection, 1.0)) == [(0, 0)]


def test_no_rows_at_all(connection):
    store(connection, "moving", [10.0], 0.0)
    store(connection, "standing", [], [])
    assert pairs(connection, 1.0) == {}


def test_many_stars_in_one_place(connection):
    store(connection, "moving", np.full(50, 10.0), 0.0)
    store(connection, "standing", np.full(40, 10.0), 0.0)
    assert len(pairs(connection, 1.0)) == 2000


def test_search_ball_that_outgrows_its_cubes_is_an_error_and_no_row_is_lost(connection):
    store(connection, "far_reaching", [10.0], 0.0, 2000.0)
    store(connection, "still", [10.0], 0.0)
    query = "from sphere.pairs('far_reaching', 'still', 100.0::double, 2000.0::double, 0.0::double, {})"
    with pytest.raises(duckdb.Error, match="cell is too small"):
        connection.execute(query.format("1e-4::double"))
    assert len(connection.execute(query.format("1e-3::double")).fetchall()) == 1


@pytest.mark.parametrize("radius", [0, -1, 601, float("nan")])
def test_radius_out_of_range(connection, radius):
    with pytest.raises(UserError, match="must lie between 0 and 600 arcsec"):
        pairs_sql(connection, "from moving", "from standing", radius)
