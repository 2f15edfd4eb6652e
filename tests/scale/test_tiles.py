"""Tiles and their margins, against astropy."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy_healpix import HEALPix

pytest.importorskip("cdshealpix", reason="needs the extra `scale`")

from candlesql.scale.tiles import Tile, disjoint, merged, tiles_of_counts

SPHERE = HEALPix(2**29, order="nested")


def inside(ranges: list[tuple[int, int]], index: np.ndarray) -> np.ndarray:
    return np.any([(index >= first) & (index <= last) for first, last in ranges], axis=0)


@pytest.mark.parametrize("tile", [Tile(0, 4), Tile(1, 3), Tile(2, 0), Tile(3, 63), Tile(5, 12287), Tile(8, 300_000)])
@pytest.mark.parametrize("margin_arcsec", [1.0, 60.0, 600.0])
def test_a_margin_holds_everything_that_near(tile, margin_arcsec):
    pixel = HEALPix(2**tile.order, order="nested")
    lon, lat = pixel.boundaries_lonlat([tile.pixel], step=64)
    edge = SkyCoord(lon.ravel(), lat.ravel())
    rng = np.random.default_rng(1)
    angles = rng.uniform(0, 360, (8, len(edge))) * u.deg
    near = edge[None].directional_offset_by(angles, 0.999 * margin_arcsec * u.arcsec)
    index = SPHERE.lonlat_to_healpix(near.ra, near.dec)
    assert inside(tile.with_margin(margin_arcsec), index).all()


def test_a_margin_is_a_small_part_more():
    first, last = Tile(3, 100).range
    rows = sum(b - a + 1 for a, b in Tile(3, 100).with_margin(2.0))
    assert rows < 1.3 * (last - first + 1)


def test_the_range_of_a_tile_is_what_astropy_puts_into_it():
    lon, lat = HEALPix(2**4, order="nested").healpix_to_lonlat([1234])
    index = int(SPHERE.lonlat_to_healpix(lon, lat)[0])
    first, last = Tile(4, 1234).range
    assert first <= index <= last


def test_ranges_that_touch_are_one():
    assert merged([(5, 9), (0, 4), (20, 30), (25, 40)]) == [(0, 9), (20, 40)]


def test_crowded_pixels_are_cut_and_empty_ones_left_out():
    counts = {0: 6, 1: 1, 2: 1, 3: 1, 16: 2}
    assert tiles_of_counts(counts, 2, 5) == [Tile(2, 0), Tile(2, 1), Tile(2, 2), Tile(2, 3), Tile(0, 1)]
    assert tiles_of_counts(counts, 2, 9) == [Tile(0, 0), Tile(0, 1)]


def test_a_tile_that_holds_another_is_cut_around_it():
    assert disjoint([Tile(0, 0), Tile(1, 2), Tile(0, 5)]) == [
        Tile(1, 0),
        Tile(1, 1),
        Tile(1, 2),
        Tile(1, 3),
        Tile(0, 5),
    ]
    assert disjoint([Tile(2, 7), Tile(2, 7)]) == [Tile(2, 7)]
