"""The parallax zero point of Gaia DR3 against the package of its authors."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import BarycentricMeanEcliptic, SkyCoord
from candlesql.sql import files

zpt = pytest.importorskip("zero_point.zpt", reason="gaiadr3-zeropoint is not installed")


@pytest.fixture(scope="module")
def macros():
    with duckdb.connect() as connection:
        for schema in ("quality", "sphere", "stats", "cuts"):
            connection.execute(f"create schema {schema}")
        for item in files.items():
            wanted = item.path.name in ("zero_point.sql", "geometry.sql") or item.name == "stats.hypot"
            if item.is_macro and wanted:
                connection.execute(item.body)
        yield connection


def test_it_is_that_of_the_package_over_its_whole_range(macros):
    zpt.load_tables()
    rng = np.random.default_rng(1)
    n = 20_000
    nodes = np.array([6, 10.8, 11.2, 11.8, 12.2, 12.9, 13.1, 15.9, 16.1, 17.5, 19, 20, 21])
    stars = {
        "g": np.concatenate([rng.uniform(5, 22, n - len(nodes)), nodes]),
        "nu_eff": rng.uniform(1.0, 2.0, n),
        "pseudocolour": rng.uniform(1.0, 2.0, n),
        "ecl_lat": np.degrees(np.arcsin(rng.uniform(-1, 1, n))),
        "solved": rng.choice([31, 95], n),
    }
    with pytest.warns(UserWarning):
        wanted = zpt.get_zpt(*stars.values())
    macros.register("stars", stars | {"i": np.arange(n)})
    found = macros.execute(
        "select quality.gaia_dr3_parallax_zero_point(g, nu_eff, pseudocolour, ecl_lat, solved) as z from stars order by i"
    ).fetchnumpy()["z"]
    np.testing.assert_allclose(found, wanted, atol=6e-7)  # the package rounds to the sixth decimal


@pytest.mark.parametrize(
    "star", ["null, 1.5, 1.5, 0, 31", "15, null, 1.5, 0, 31", "15, 1.5, null, 0, 95", "15, 1.5, 1.5, 0, 3"]
)
def test_what_it_needs_must_be_known(macros, star):
    assert macros.execute(f"select quality.gaia_dr3_parallax_zero_point({star})").fetchone() == (None,)


def test_ecliptic_latitudes_are_those_of_astropy(macros):
    places = SkyCoord([0, 90, 180, 270, 266.4], [0, 66.56, -23.4, 10, -28.9], unit="deg")
    wanted = np.sin(places.transform_to(BarycentricMeanEcliptic(equinox="J2000")).lat.to_value(u.rad))
    rows = ", ".join(f"({ra}, {dec})" for ra, dec in zip(places.ra.deg, places.dec.deg, strict=True))
    found = macros.execute(
        f'select quality.sine_of_ecliptic_latitude(ra, "dec") as s from (values {rows}) as t(ra, "dec")'
    ).fetchnumpy()["s"]
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_the_wavenumber_of_a_colour(macros):
    """The Sun: BP - RP = 0.82, about 1.55 per micron; equation 4 of Lindegren et al. 2021b is the inverse."""
    (found,) = macros.execute("select quality.wavenumber_of_colour(0.82)").fetchone()
    assert np.tan(np.pi / 1.61 * (1.76 - found)) / 0.531 == pytest.approx(0.82)
    assert found == pytest.approx(1.55, abs=0.01)
