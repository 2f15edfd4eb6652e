"""MOC files in a workspace; the expected stars are those that mocpy finds in the region."""

import numpy as np
import pytest
from astropy import units as u
from candlesql import open_sky

mocpy = pytest.importorskip("mocpy")


@pytest.fixture
def moc():
    north = mocpy.MOC.from_cone(150 * u.deg, 45 * u.deg, radius=3 * u.deg, max_depth=10)
    return north.union(mocpy.MOC.from_cone(200 * u.deg, -89.6 * u.deg, radius=0.5 * u.deg, max_depth=12))


@pytest.mark.parametrize(("name", "form"), [("m.fits", "fits"), ("m.json", "json"), ("m.txt", "ascii")])
def test_stars_in_a_region(candlesql, own_sky, moc, tmp_path, name, form):
    moc.save(tmp_path / name, format=form)
    done = candlesql("region", own_sky, "mine", tmp_path / name)
    assert (done.code, done.err) == (0, "")
    assert "% of the sky in region.mine" in done.out
    with open_sky(own_sky) as connection:
        stars = connection.execute('select source_id, ra, "dec" from staging.gaia_dr2').fetchnumpy()
        found = connection.execute("select source_id from sphere.region('gaia_dr2', 'mine')").fetchall()
    inside = moc.contains_lonlat(stars["ra"] * u.deg, stars["dec"] * u.deg)
    assert sorted(row[0] for row in found) == sorted(np.array(stars["source_id"])[inside].tolist())
    assert len(found) == 2


@pytest.mark.parametrize(
    ("name", "file", "content", "said"),
    [
        ("x; drop table y", "m.fits", b"x", "a name has small letters"),
        ("mine", "m.fits", b"SIMPLE", "m.fits: not a readable MOC"),
        ("mine", "m.json", b"{}", "m.json: an empty region"),
        ("mine", "m.json", b'{"29": [3458764513820540928]}', "names cells that are not on the sky"),
        ("mine", "m.json", b'{"0": [99999999999]}', "names cells that are not on the sky"),
        ("mine", "m.png", b"x", "a MOC is .fits"),
        ("mine", "none.fits", None, "no such file"),
    ],
)
def test_region_that_is_none(candlesql, tiny_sky, tmp_path, name, file, content, said):
    if content is not None:
        (tmp_path / file).write_bytes(content)
    done = candlesql("region", tiny_sky, name, tmp_path / file)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert said in done.err
