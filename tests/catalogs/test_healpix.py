"""The sort key against healpy's C++ implementation."""

import duckdb
import numpy as np
import pytest
from candlesql.catalogs import healpix

CORNERS = [(0, 90), (0, -90), (123.4, 90), (0, 0), (360, 0), (359.9999999, 1e-9), (45, 41.8103149), (180, -41.8103149)]


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        healpix.register(connection)
        yield connection


def test_agrees_with_healpy(connection):
    healpy = pytest.importorskip("healpy")
    rng = np.random.default_rng(1)
    ra, dec = rng.uniform(0, 360, 5000), np.degrees(np.arcsin(rng.uniform(-1, 1, 5000)))
    ra, dec = (
        np.concatenate([values, column]) for values, column in zip((ra, dec), np.transpose(CORNERS), strict=True)
    )
    stars = {"ra": ra, "dec": dec}  # noqa: F841 - DuckDB finds it by name
    ours = connection.execute("select healpix_29(ra, dec) as i from stars").fetchnumpy()["i"]
    theirs = healpy.ang2pix(2**29, ra, dec, nest=True, lonlat=True)
    assert (ours >> 20 == theirs >> 20).all()
    assert (ours == theirs).mean() > 0.999


def test_gaia_source_id_holds_the_index_of_order_12(connection):
    """source_id / 2^35 is the HEALPix index of order 12 of the Gaia position (Gaia documentation, 20.1.1)."""
    (index,) = connection.execute("select healpix_29(45.00432028915398, 0.021047763781174733)").fetchone()
    assert index >> 2 * (29 - 12) == 34361129088 >> 35


def test_no_position_has_no_index(connection):
    row = connection.execute("select healpix_29(null, 0), healpix_29(0, null), healpix_29(0, 91), healpix_29('nan', 0)")
    assert row.fetchone() == (None, None, None, None)
