"""Tiles of the sky: HEALPix pixels, the ranges of the order-29 index that they are, and the margins around them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from ..catalogs.healpix import ORDER

#: Mean edge of the twelve pixels of order 0 [arcsec].
EDGE_ARCSEC = math.degrees(math.sqrt(math.pi / 3)) * 3600
#: How much narrower than the mean edge a pixel is anywhere on the sphere, at most.
NARROWEST = 3.2
#: How many orders finer than the tile the cells of its margin are at most: finer ones are less sky to read, but so many
#: ranges that DuckDB plans longer than it reads.
MARGIN_DEPTH = 4

Range = tuple[int, int]
#: The range of rows that have no index.
NO_INDEX = (-1, -1)


@dataclass(frozen=True, order=True)
class Tile:
    """A HEALPix pixel, NESTED."""

    order: int
    pixel: int

    @property
    def name(self) -> str:
        return "nowhere" if self == NOWHERE else f"{self.order}-{self.pixel}"

    @property
    def range(self) -> Range:
        """The first and the last order-29 index in it."""
        if self == NOWHERE:
            return NO_INDEX
        shift = 2 * (ORDER - self.order)
        return self.pixel << shift, ((self.pixel + 1) << shift) - 1

    def children(self) -> list[Tile]:
        return [Tile(self.order + 1, 4 * self.pixel + k) for k in range(4)]

    def with_margin(self, margin_arcsec: float) -> list[Range]:
        """Ranges that hold the tile and all of the sky within `margin_arcsec` of it, in order."""
        from cdshealpix.nested import external_neighbours, neighbours

        if margin_arcsec <= 0 or self == NOWHERE:
            return [self.range]
        narrowest_enough = math.floor(math.log2(EDGE_ARCSEC / (NARROWEST * margin_arcsec)))
        depth = min(narrowest_enough, self.order + MARGIN_DEPTH, ORDER)
        if depth > self.order:
            edges, corners = external_neighbours(self.pixel, self.order, depth - self.order)
            around = [*edges.ravel().tolist(), *corners.ravel().tolist()]
            cells = [Tile(depth, pixel) for pixel in around if pixel >= 0]
            return merged([self.range, *(cell.range for cell in cells)])
        depth = max(depth, 0)
        above = neighbours(self.pixel >> 2 * (self.order - depth), depth)
        return merged([Tile(depth, int(pixel)).range for pixel in above.ravel() if pixel >= 0])


#: The tile of rows without a position.
NOWHERE = Tile(-1, 0)


def merged(ranges: list[Range]) -> list[Range]:
    """The same cells in as few ranges as there can be, in order."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def condition(ranges: list[Range]) -> str:
    """The SQL test of a row for lying in one of the ranges."""
    return " or ".join(
        "_healpix_29 is null" if (first, last) == NO_INDEX else f"(_healpix_29 between {first} and {last})"
        for first, last in ranges
    )


def tiles_of_counts(counts: dict[int, int], order: int, max_rows: int) -> list[Tile]:
    """The largest pixels with at most `max_rows` rows each, given the rows of each pixel of an order."""
    levels = [Counter(counts)]
    for _ in range(order):
        above: Counter[int] = Counter()
        for pixel, rows in levels[-1].items():
            above[pixel >> 2] += rows
        levels.append(above)
    levels.reverse()
    tiles, pending = [], [Tile(0, pixel) for pixel in levels[0]]
    while pending:
        tile = pending.pop()
        if levels[tile.order][tile.pixel] <= max_rows or tile.order == order:
            tiles.append(tile)
        else:
            pending += [child for child in tile.children() if levels[child.order][child.pixel]]
    return sorted(tiles, key=lambda tile: tile.range)


def disjoint(tiles: list[Tile]) -> list[Tile]:
    """Tiles that cover the same sky, none within another: one that holds smaller ones is cut until it does not."""
    wanted, found = set(tiles), []
    cut = {above for tile in wanted for above in _above(tile)}
    pending = [tile for tile in wanted if not wanted & _above(tile)]
    while pending:
        tile = pending.pop()
        if tile in cut:
            pending += tile.children()
        else:
            found.append(tile)
    return sorted(found, key=lambda tile: tile.range)


def _above(tile: Tile) -> set[Tile]:
    """The pixels of lower orders that hold a tile."""
    return {Tile(tile.order - k, tile.pixel >> 2 * k) for k in range(1, tile.order + 1)}
