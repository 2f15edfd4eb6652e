"""What the nearest stars need beside proper motion, and rankings of neighbours, against astropy and NumPy."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Galactocentric, SkyCoord, get_sun
from astropy.time import Time
from scipy.stats import multivariate_normal

near = pytest.approx
MAS = np.radians(1 / 3.6e6)
YEARS = np.linspace(1999.0, 2021.0, 23) + np.linspace(0, 0.96, 23)


def earth(years: np.ndarray) -> np.ndarray:
    """Where the Earth is seen from the Sun, ICRS axes: [3, years] in au."""
    return -get_sun(Time(years, format="jyear")).cartesian.xyz.to_value(u.au)


@pytest.mark.parametrize("axis", "xyz")
def test_the_earth_is_where_astropy_has_it(value, axis):
    found = value(f"list_transform({YEARS.tolist()}, lambda y: sphere.earth_{axis}(y))")
    np.testing.assert_allclose(found, earth(YEARS)["xyz".index(axis)], atol=3e-4)


@pytest.mark.parametrize(("ra", "dec"), [(10, 40), (200, -70), (310, 5)])
def test_parallax_ellipse_is_the_earth_seen_from_the_star(value, ra, dec):
    a, d = np.radians([ra, dec])
    east = [-np.sin(a), np.cos(a), 0]
    north = [-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)]
    found_east = value(f"list_transform({YEARS.tolist()}, lambda y: sphere.parallax_east(700, {ra}, y))")
    found_north = value(f"list_transform({YEARS.tolist()}, lambda y: sphere.parallax_north(700, {ra}, {dec}, y))")
    np.testing.assert_allclose(found_east, -700 * np.dot(east, earth(YEARS)), atol=0.3)
    np.testing.assert_allclose(found_north, -700 * np.dot(north, earth(YEARS)), atol=0.3)
    assert value(f"sphere.parallax_east(null, {ra}, 2000)") == 0
    assert value(f"sphere.parallax_north(null, {ra}, {dec}, 2000)") == 0


def test_recession_of_barnards_star(value):
    # 546.98 mas is 1.8282 pc; -110.6 km/s are -110.6 / 4.74047 au a year, 1 pc is 206264.806 au
    assert value("sphere.recession(546.98, -110.6)") == near(-110.6 / 4.740470446 / (206264.806 / 0.54698), rel=1e-6)


def test_motion_in_perspective_is_astropys(value):
    """Barnard's star over a century: what proper motion alone has it do, and how far it really gets."""
    star = SkyCoord(
        269.45 * u.deg, 4.69 * u.deg, distance=(1 / 0.54698) * u.pc, pm_ra_cosdec=0 * u.mas / u.yr,
        pm_dec=10362 * u.mas / u.yr, radial_velocity=-110.6 * u.km / u.s, obstime=Time(2000, format="jyear"),
    )  # fmt: skip
    there = star.apply_space_motion(dt=100 * u.yr)
    years = value("sphere.perspective_years(sphere.recession(546.98, -110.6), 100)")
    # along the tangent plane, in mas
    assert 10362 * years == near(np.tan((there.dec - star.dec).rad) / MAS, rel=1e-5)
    reach = value("sphere.perspective_reach(sphere.recession(546.98, -110.6), 0, 10362, 100)")
    assert reach == near(1.1 * 10362 * (110.6 / 4.740470446 * 546.98 * MAS) * 100**2, rel=1e-6)
    assert 10362 * (years - 100) < reach < 1.15 * 10362 * (years - 100)


def test_small_displacements_are_not_looked_at(value):
    # recession * pm * years^2 * 1.1: 1e-6 * 500 * 100^2 * 1.1 = 5.5 mas, for 3-4-5 components of 300 and 400
    assert value("sphere.perspective_reach(-1e-6, 300, 400, -100)") == near(5.5)
    assert value("sphere.near_reach(9.9, -1e-6, 300, 400, 100)") == 0
    assert value("sphere.near_reach(10.0, -1e-6, 300, 400, 100)") == near(10.2 + 5.5)
    assert value("sphere.near_reach(-3, 2e-6, 300, 400, 100)") == near(11)
    assert value("sphere.near_reach(null, null, null, null, 100)") == 0


def test_offsets_in_the_tangent_plane_are_astropys(value):
    here, there = SkyCoord(150 * u.deg, 60 * u.deg), SkyCoord(150.01 * u.deg, 60.004 * u.deg)
    separation, angle = here.separation(there).rad, here.position_angle(there).rad
    # projected on the plane of the sky: the sine of the separation
    assert value("sphere.east_mas(150, 150.01, 60.004)") == near(np.sin(separation) * np.sin(angle) / MAS, rel=1e-9)
    found = value("sphere.north_mas(150, 60, 150.01, 60.004)")
    assert found == near(np.sin(separation) * np.cos(angle) / MAS, rel=1e-9)


MOVING = (
    "{'ra': 10::double, 'dec': 0::double, 'pmra': 100, 'pmdec': -50, 'recession': 0, 'parallax': 0, 'epoch_yr': 2000,"
    " 'east': 4, 'north': 9, 'covariance': 1, 'pm_east': 0.01, 'pm_north': 0.02, 'magnitude': 12.6}"
)
STANDING = (
    "{'ra': 10 + 1500 / 3.6e6, 'dec': -0.0001, 'epoch_yr': 2010, 'east': 25, 'north': 16, 'covariance': 2,"
    " 'magnitude': 12.0}"
)


def test_offsets_are_what_motion_leaves(value):
    # east 1500 - 10 * 100, north -360 + 10 * 50
    assert value(f"sphere.offset_east({MOVING}, {STANDING})") == near(500, rel=1e-6)
    assert value(f"sphere.offset_north({MOVING}, {STANDING})") == near(140, rel=1e-6)
    found = value(f"sphere.near_chord_squared({MOVING}, {STANDING})")
    assert found == near((500**2 + 140**2) * MAS**2, rel=1e-6)


def test_offsets_of_a_star_with_a_parallax(value):
    moving = MOVING.replace("'parallax': 0", "'parallax': 300")
    east, north = (value(f"sphere.offset_{way}({moving}, {STANDING})") for way in ("east", "north"))
    assert east == near(500 - value("sphere.parallax_east(300, 10, 2010)"))
    assert north == near(140 - value("sphere.parallax_north(300, 10, 0, 2010)"))


def test_misfit_is_the_likelihood_of_scipy(value):
    # variances: 4 + 25 + 0.01 * 10^2 + the floor 1 = 31, 9 + 16 + 2 + 1 = 28; covariance 3
    covariance = [[31, 3], [3, 28]]
    wanted = -2 * multivariate_normal([0, 0], covariance).logpdf([5, -4]) - 2 * np.log(2 * np.pi)
    assert value("sphere.normalised_distance(5::double, -4, 31, 28, 3)") == near(wanted)
    wanted = -2 * multivariate_normal([0, 0], covariance).logpdf([500, 140]) - 2 * np.log(2 * np.pi)
    assert value(f"sphere.misfit({MOVING}, {STANDING})") == near(wanted, rel=1e-6)


@pytest.mark.parametrize(("major", "minor", "angle"), [(5, 2, 0), (5, 2, 90), (3, 1, 30), (4, 1, -70)])
def test_error_ellipse_is_a_turned_covariance(value, major, minor, angle):
    a = np.radians(angle)
    axes = np.array([[np.sin(a), np.cos(a)], [np.cos(a), -np.sin(a)]])  # major, minor; toward east, north
    covariance = axes.T @ np.diag([major**2, minor**2]) @ axes
    found = [value(f"sphere.ellipse_{part}({major}, {minor}, {angle})") for part in ("east", "north", "covariance")]
    np.testing.assert_allclose(found, [covariance[0, 0], covariance[1, 1], covariance[0, 1]], atol=1e-12)


def test_magnitudes_that_pairs_have_and_chance_has_not(value):
    # 0.6 / 0.25 = 2.4; -0.6 / 0.25 = -2.4
    assert value(f"sphere.magnitude_bin({MOVING}, {STANDING})") == 2
    assert value(f"sphere.magnitude_bin({STANDING}, {MOVING})") == -3
    # q = (30 - 10) / (100 - 60), n = 10 / 60: ratio 3
    assert value("sphere.magnitude_misfit(30, 10, 100, 60)") == near(-2 * np.log(3))
    # no more pairs than chance makes: half a one, 0.5 / 40 over 12 / 60
    assert value("sphere.magnitude_misfit(10, 12, 100, 60)") == near(-2 * np.log(0.0125 / 0.2))
    # nothing by chance: 5 / 50 over 0.5 / 0.5
    assert value("sphere.magnitude_misfit(5, 0, 50, 0)") == near(-2 * np.log(0.1))
    # nothing but chance: 0.5 / 0.5 over 3 / 20
    assert value("sphere.magnitude_misfit(3, 3, 20, 20)") == near(-2 * np.log(1 / 0.15))


def test_galactocentric_positions_are_astropys(value):
    frame = Galactocentric(galcen_distance=8.3 * u.kpc, z_sun=0 * u.pc)
    star = SkyCoord(l=60 * u.deg, b=-25 * u.deg, distance=2 * u.kpc, frame="galactic").transform_to(frame)
    found = [
        value("sphere.galactocentric_x_kpc(60, -25, 2)"),
        value("sphere.galactocentric_y_kpc(60, -25, 2)"),
        value("sphere.galactocentric_z_kpc(-25, 2)"),
    ]
    np.testing.assert_allclose(found, star.cartesian.xyz.to_value(u.kpc), atol=2e-3)
