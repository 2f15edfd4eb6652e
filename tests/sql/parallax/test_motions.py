"""The six-dimensional transformation against astropy."""

import astropy.units as u
import duckdb
import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import ICRS, Galactocentric, galactocentric_frame_defaults
from candlesql.sql import files

SCHEMAS = ("cuts", "stats", "sphere", "parallax")
FILES = ("cuts.sql", "geometry.sql", "galactocentric.sql")


@pytest.fixture(scope="module")
def macros():
    with duckdb.connect() as connection:
        for schema in SCHEMAS:
            connection.execute(f"create schema {schema}")
        for item in files.items():
            if item.is_macro and (item.path.name in FILES or item.name == "stats.hypot"):
                connection.execute(item.body)
        yield connection


def test_positions_and_velocities_are_those_of_astropy(macros):
    rng = np.random.default_rng(3)
    n = 500
    star = {
        "ra": rng.uniform(0, 360, n),
        "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, n))),
        "d": rng.uniform(0.1, 25, n),
        "pmra": rng.normal(0, 8, n),
        "pmdec": rng.normal(0, 8, n),
        "rv": rng.normal(0, 120, n),
    }
    macros.register("stars", pa.table({"i": np.arange(n), **star}))
    found = macros.execute(
        """with sky as (
               select i, d, sphere.galactic_longitude(ra, "dec") as l, sphere.galactic_latitude(ra, "dec") as b,
                   parallax.icrs_vx(ra, "dec", d, pmra, pmdec, rv) as vx,
                   parallax.icrs_vy(ra, "dec", d, pmra, pmdec, rv) as vy,
                   parallax.icrs_vz("dec", d, pmdec, rv) as vz
               from stars)
           select sphere.galactocentric_x_kpc(l, b, d) as x, sphere.galactocentric_y_kpc(l, b, d) as y,
               sphere.galactocentric_z_kpc(b, d) as z,
               parallax.vx_km_s(vx, vy, vz) as vx, parallax.vy_km_s(vx, vy, vz) as vy,
               parallax.vz_km_s(vx, vy, vz) as vz
           from sky order by i"""
    ).fetchnumpy()
    icrs = ICRS(
        ra=star["ra"] * u.deg,
        dec=star["dec"] * u.deg,
        distance=star["d"] * u.kpc,
        pm_ra_cosdec=star["pmra"] * u.mas / u.yr,
        pm_dec=star["pmdec"] * u.mas / u.yr,
        radial_velocity=star["rv"] * u.km / u.s,
    )
    with galactocentric_frame_defaults.set("v4.0"):
        wanted = icrs.transform_to(Galactocentric(galcen_distance=8.3 * u.kpc, z_sun=0 * u.pc))
    for axis in "xyz":
        np.testing.assert_allclose(found[axis], getattr(wanted, axis).to_value(u.kpc), atol=1e-4)
        speed = getattr(wanted, f"v_{axis}").to_value(u.km / u.s)
        np.testing.assert_allclose(found[f"v{axis}"], speed, atol=1e-4)
