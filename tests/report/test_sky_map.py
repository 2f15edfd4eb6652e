"""`candlesql map`: counts by pixel against healpy, and the picture."""

import numpy as np
import pytest
from astropy.io import fits
from candlesql import UserError, sky_map


@pytest.fixture(scope="module")
def sky(new_sky, write_rows, gaia_rows, tmp_path_factory):
    """Two stars of one pixel, and one on the other side of the sky."""
    folder = tmp_path_factory.mktemp("map")
    places = [(1, 10.0, 0.0), (2, 10.001, 0.0), (3, 200.0, -89.5)]
    rows = [gaia_rows[0] | {"source_id": i, "ra": ra, "dec": dec} for i, ra, dec in places]
    return new_sky(folder / "sky", {"gaia_dr2": write_rows(folder / "g.csv", rows)})


def test_a_map_counts_rows_by_pixel(sky, candlesql, tmp_path):
    healpy = pytest.importorskip("healpy")
    done = candlesql("map", sky, "staging.gaia_dr2", tmp_path / "m.fits", "--order", "5")
    assert (done.code, done.err) == (0, "")
    counts = healpy.read_map(tmp_path / "m.fits", field=0, nest=True)
    nside = 2**5
    assert len(counts) == 12 * nside**2
    assert {i: counts[i] for i in np.flatnonzero(counts)} == {
        healpy.ang2pix(nside, 10, 0, nest=True, lonlat=True): 2,
        healpy.ang2pix(nside, 200, -89.5, nest=True, lonlat=True): 1,
    }
    density = healpy.read_map(tmp_path / "m.fits", field=1, nest=True)
    assert density.sum() * healpy.nside2pixarea(nside, degrees=True) == pytest.approx(3)
    with fits.open(tmp_path / "m.fits") as file:
        header = file[1].header
    assert (header["ORDERING"], header["COORDSYS"], header["NSIDE"]) == ("NESTED", "C", 32)
    assert "staging.gaia_dr2 by candlesql" in "".join(header["HISTORY"])


def test_a_map_is_drawn(sky, tmp_path):
    pytest.importorskip("matplotlib")
    assert sky_map(sky, "staging.gaia_dr2", tmp_path / "m.png", order=3) == (3, 0)
    assert (tmp_path / "m.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("view", "file", "order", "said"),
    [
        ("match.gaia_dr2_twomass", "m.fits", 5, "has no ra and dec"),
        ("staging.gaia_dr3", "m.fits", 5, "has no rows"),
        ("staging.gaia_dr2", "m.csv", 5, "is no map; it writes .fits, .png"),
        ("staging.gaia_dr2", "m.fits", 12, "--order 12"),
        ("staging.gaia_dr2", "no/m.fits", 5, "does not exist"),
        ("staging.gaia_dr9", "m.fits", 5, "no view staging.gaia_dr9"),
    ],
)
def test_what_cannot_be_mapped_is_told_in_a_line(sky, tmp_path, view, file, order, said):
    with pytest.raises(UserError, match=said):
        sky_map(sky, view, tmp_path / file, order)
    assert list(tmp_path.iterdir()) == []
