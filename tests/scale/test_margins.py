"""Near stars whose neighbours lie in another tile, far across its edge: no match is lost there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy_healpix import HEALPix

pytest.importorskip("distributed", reason="needs the extra `scale`")

from candlesql.catalogs.healpix import ORDER as ORDER_OF_INDEX
from candlesql.commands.match import match_surveys
from candlesql.scale import plan, tiles
from candlesql.scale.bench import Bench
from candlesql.sql.open import open_sky
from candlesql.tests.scale.conftest import seen_from_earth
from candlesql.workspace.folder import find_sky

#: pmra, pmdec [mas/yr], parallax [mas], radial velocity [km/s]: Barnard's star, Proxima Centauri, Kapteyn's star, and a
#: parallax that only an error gives, which takes a star farther than the proper motion of any star here does.
NEAR = [
    (-801.5509, 10362.3942, 546.9759, -110.47),
    (-3781.7410, 769.4651, 768.0665, -21.94),
    (6491.2233, -5708.6142, 254.1986, 245.05),
    (0.0, 0.0, 120_000.0, 0.0),
]
#: When the 2MASS neighbours were seen: Gaia DR2 has its stars where they were 15 and 16 years later.
DATES = [2451263.5, 2451900.25]
ORDER = 8
FINE = HEALPix(2**ORDER, order="nested")


def edges() -> SkyCoord:
    """A corner of the sky where two pixels meet, for each of the stars: on all faces, and near both poles."""
    pixels = np.linspace(0, FINE.npix - 1, len(NEAR) * len(DATES)).astype(int)
    lon, lat = FINE.boundaries_lonlat(pixels, step=2)
    return SkyCoord(lon[:, 1], lat[:, 1])


@pytest.fixture(scope="module")
def near_sky(new_sky, write_rows, gaia_rows, tmp_path_factory):
    """The stars of NEAR, each halfway across an edge between the two surveys; the workspace, and the pairs."""
    gaia, twomass, pairs = [], [], {}
    for k, edge in enumerate(edges()):
        motion, date = NEAR[k % len(NEAR)], DATES[k // len(NEAR)]
        east, north = edge.spherical_offsets_to(seen_from_earth(edge, *motion, date))
        star = edge.spherical_offsets_by(-east / 2, -north / 2)
        seen = seen_from_earth(star, *motion, date)
        row = dict(zip(("pmra", "pmdec", "parallax", "radial_velocity"), motion, strict=True))
        gaia.append(gaia_rows[0] | row | {"source_id": k, "ra": star.ra.deg, "dec": star.dec.deg})
        twomass.append({"designation": f"seen {k}", "ra": seen.ra.deg, "dec": seen.dec.deg, "j_date": date})
        pairs[k] = star, seen
    folder = tmp_path_factory.mktemp("near")
    files = {
        name: write_rows(folder / f"{name}.csv", rows) for name, rows in (("gaia_dr2", gaia), ("twomass", twomass))
    }
    return new_sky(folder / "sky", files), pairs


def pixel_of(place: SkyCoord) -> int:
    return int(FINE.lonlat_to_healpix(place.ra, place.dec))


def test_every_pair_lies_across_an_edge(near_sky):
    _, pairs = near_sky
    assert all(pixel_of(star) != pixel_of(seen) for star, seen in pairs.values())
    assert min(star.separation(seen) for star, seen in pairs.values()) > 15 * u.arcsec


def test_the_union_of_the_tiles_is_the_match_of_the_whole(near_sky, monkeypatch, tmp_path):
    sky, pairs = find_sky(near_sky[0]), near_sky[1]
    monkeypatch.setattr(tiles, "MARGIN_DEPTH", ORDER_OF_INDEX)
    stars = [tiles.Tile(ORDER, pixel_of(star)) for star, _ in pairs.values()]
    with open_sky(sky.root, read_only=False) as connection:
        made = replace(plan.make_plan(connection, sky, "red_clump"), tiles=tuple(stars))
    bench = Bench(made, 1, 0, str(tmp_path))
    rows = []
    for tile in made.tiles:
        bench.point(tile)
        for source in made.neighbours:
            rows += bench.connection.execute(bench.match_query(source)).fetchall()
    bench.close()
    match_surveys(sky.root, "gaia_dr2", "twomass", 1.0, "best")
    with open_sky(sky.root) as connection:
        assert sorted(rows) == connection.execute("from match.gaia_dr2_twomass order by source_id").fetchall()
    assert {row[0]: row[1] for row in rows} == {k: f"seen {k}" for k in pairs}
