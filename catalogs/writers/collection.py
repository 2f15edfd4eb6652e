"""HATS collections: a catalog, the margins of its partitions and an index of its identifiers, as LSDB reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy import units as u
from astropy_healpix import lonlat_to_healpix, nside_to_pixel_resolution

from ...udfs.names import identifier
from ...workspace.query import first_row, literal_path, parquet_rows, quoted
from .. import hats_layout as layout
from ..healpix import ORDER
from ..survey import Column
from . import hats

#: How far from a partition the rows of others are at least in its margin [arcsec].
MARGIN_ARCSEC = 10.0
#: How much farther it is looked for, in so many directions: a circle of that reaches into each partition of which a
#: corner or an edge is within the margin, corners being of 30 degrees or more.
FARTHER, DIRECTIONS = 1.3, 64
#: How much narrower than the mean side a pixel is anywhere on the sphere, at most.
NARROWEST = 3.2
#: Rows that are looked around at once.
AT_ONCE = 20_000
PAIRS, ROWS = "hats_margin_pairs", "hats_margin_rows"
OPTIONS = "format parquet, compression zstd"

Pixel = tuple[int, int]


@dataclass(frozen=True)
class Grid:
    """The partitions of a catalog: order and pixel of each, in the order of the sky."""

    pixels: list[Pixel]

    @cached_property
    def firsts(self) -> np.ndarray:
        """The first order-29 index of each."""
        return np.array([pixel << 2 * (ORDER - order) for order, pixel in self.pixels], np.int64)

    @cached_property
    def lasts(self) -> np.ndarray:
        return np.array([((pixel + 1) << 2 * (ORDER - order)) - 1 for order, pixel in self.pixels], np.int64)

    def of(self, index: np.ndarray) -> np.ndarray:
        """The number of the partition that holds an order-29 index, -1 where none does."""
        number = np.searchsorted(self.firsts, index, "right") - 1
        return np.where((number >= 0) & (index <= self.lasts[number]), number, -1)


def write(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path) -> None:
    """Write a query that has ra and dec [deg] as a collection, with an index of its identifiers if it has some.

    Raises
    ------
    UserError
        If it has no ra and dec, or a row lacks a position.
    """
    name = path.name.strip(".").removesuffix(".candlesql.tmp").removesuffix(".hats")
    pixels = hats.write(connection, query, columns, note, path / name)
    write_around(connection, path, name, pixels, _key_of(columns), note)


def _key_of(columns: list[Column]) -> str | None:
    """The column that says which star a row is, if one does."""
    main = [column.name for column in columns if column.ucd == "meta.id;meta.main"]
    return next(iter(["source_id"] if "source_id" in {column.name for column in columns} else main), None)


def write_around(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, pixels: list[Pixel], key: str | None, note: str
) -> None:
    """Make a collection of a folder that holds the catalog `name`: its margin, an index of the column `key` if there is
    one, and the file that names them."""
    grid = Grid(sorted(pixels, key=lambda at: at[1] << 2 * (ORDER - at[0])))
    said = {"obs_collection": name, layout.PRIMARY: name}
    margin = f"{name}_{MARGIN_ARCSEC:g}arcs"
    if _write_margin(connection, folder / name, folder / margin, grid, note):
        said |= {"all_margins": margin, "default_margin": margin}
    if key:
        index = f"{name}_{key}"
        _write_id_index(connection, folder / name, folder / index, grid, key)
        said |= {"all_indexes": f"{key} {index}", "default_index": key}
    (folder / layout.COLLECTION).write_text(layout.text_of(said), encoding="utf-8")


def _write_margin(connection: duckdb.DuckDBPyConnection, catalog: Path, margin: Path, grid: Grid, note: str) -> bool:
    """The rows of other partitions around each; whether there are any."""
    files = [hats.partition_file(catalog, *pixel) for pixel in grid.pixels]
    connection.execute(f"create or replace temp table {ROWS} as select 0 as place, * from {_rows(files)} limit 0")
    for number, file in enumerate(files):
        for pairs in _pairs(connection, file, grid, number):
            connection.register(PAIRS, pairs)
            connection.execute(
                f"insert into {ROWS} select place, rows.* exclude (file_row_number) from "
                f"read_parquet([{literal_path(file)}], file_row_number = true, hive_partitioning = false) as rows "
                f"inner join {PAIRS} on file_row_number = row_number"
            )
            connection.unregister(PAIRS)
    places = connection.execute(f"select place, count(*) from {ROWS} group by 1 order by 1").fetchall()
    metadata = _kept_metadata(files[0])
    for place, _ in places:
        file = hats.partition_file(margin, *grid.pixels[place])
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = f"select * exclude (place) from {ROWS} where place = {place} order by _healpix_29"
        connection.execute(f"copy ({rows}) to {quoted(file)} ({OPTIONS}{metadata})")
    connection.execute(f"drop table {ROWS}")
    if places:
        said = {layout.PRIMARY: catalog.name, "hats_margin_threshold": f"{MARGIN_ARCSEC:g}"}
        hats.write_index(margin, [(*grid.pixels[place], n) for place, n in places], note, "margin", said)
    return bool(places)


def _kept_metadata(file: Path) -> str:
    """The option of COPY that gives a file the metadata of another."""
    found = {key.decode(): value.decode() for key, value in (pq.read_metadata(file).metadata or {}).items()}
    kept = [f"{quoted(key)}: {quoted(value)}" for key, value in found.items() if key != "ARROW:schema"]
    return f", kv_metadata {{{', '.join(kept)}}}" if kept else ""


def _pairs(connection: duckdb.DuckDBPyConnection, file: Path, grid: Grid, number: int) -> Iterator[pa.Table]:
    """Rows of a partition's file, and the other partitions of whose margin they are."""
    (index,) = connection.execute(f"select _healpix_29 from {_rows([file])}").fetchnumpy().values()
    near = np.flatnonzero(_is_near_edge(np.asarray(index), grid.pixels[number][0]))
    if not len(near):
        return
    found = connection.execute(f'select ra, "dec" from {_rows([file])}').fetchnumpy()
    for start in range(0, len(near), AT_ONCE):
        rows = near[start : start + AT_ONCE]
        places = grid.of(_around(np.asarray(found["ra"])[rows], np.asarray(found["dec"])[rows]))
        row, direction = np.nonzero((places >= 0) & (places != number))
        pairs = np.unique(np.stack([rows[row], places[row, direction]]), axis=1)
        if pairs.size:
            yield pa.table({"row_number": pairs[0], "place": pairs[1]})


def _is_near_edge(index: np.ndarray, order: int) -> np.ndarray:
    """Which places can be so close to an edge of the pixel of an order that they are in."""
    side = 1 << (ORDER - order)
    cell_arcsec = nside_to_pixel_resolution(2**ORDER).to_value(u.arcsec) / NARROWEST
    width = min(side, int(FARTHER * MARGIN_ARCSEC / cell_arcsec) + 1)
    near = np.zeros(len(index), bool)
    for along in (_every_second_bit(index), _every_second_bit(index >> 1)):
        along &= side - 1
        near |= (along < width) | (along >= side - width)
    return near


def _every_second_bit(number: np.ndarray) -> np.ndarray:
    """Bits 0, 2, 4 … of 64 put together."""
    x = number.astype(np.int64) & 0x5555555555555555
    for shift, mask in (
        (1, 0x3333333333333333),
        (2, 0x0F0F0F0F0F0F0F0F),
        (4, 0x00FF00FF00FF00FF),
        (8, 0x0000FFFF0000FFFF),
        (16, 0x00000000FFFFFFFF),
    ):
        x = (x | (x >> shift)) & mask
    return x


def _around(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """The order-29 indices on a circle around each place [deg]: a row each, a column for each direction."""
    lon, lat = np.radians(ra)[:, None], np.radians(dec)[:, None]
    radius = np.radians(FARTHER * MARGIN_ARCSEC / 3600)
    angle = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False)
    north, east = np.sin(radius) * np.cos(angle), np.sin(radius) * np.sin(angle)
    x = np.cos(radius) * np.cos(lat) - north * np.sin(lat)
    z = np.cos(radius) * np.sin(lat) + north * np.cos(lat)
    longitude, latitude = lon + np.arctan2(east, x), np.arctan2(z, np.hypot(x, east))
    return lonlat_to_healpix(longitude * u.rad, latitude * u.rad, 2**ORDER, order="nested")


def _write_id_index(connection: duckdb.DuckDBPyConnection, catalog: Path, index: Path, grid: Grid, key: str) -> None:
    """In which partition each identifier is, sorted by identifier."""
    file = index / "dataset" / "index" / "part.0.parquet"
    file.parent.mkdir(parents=True)
    files = [hats.partition_file(catalog, *pixel) for pixel in grid.pixels]
    found = "regexp_extract(filename, 'Norder=(\\d+)/Dir=(\\d+)/Npix=(\\d+)', {})"
    order, folder, pixel = (found.format(group) for group in (1, 2, 3))
    source = parquet_rows(files, "filename = true", "hive_partitioning = false")
    query = (
        f"select {identifier(key)}, {order}::tinyint as Norder, {folder}::bigint as Dir, {pixel}::bigint as Npix "
        f"from {source} where {identifier(key)} is not null order by 1"
    )
    (rows,) = first_row(connection, f"copy ({query}) to {quoted(file)} ({OPTIONS})")
    metadata = pq.read_metadata(file)
    metadata.set_file_path("index/part.0.parquet")
    metadata.write_metadata_file(index / "dataset" / "_metadata")
    pq.write_metadata(pq.read_schema(file), index / "dataset" / "_common_metadata")
    said = {
        "obs_collection": index.name,
        "dataproduct_type": "index",
        "hats_nrows": rows,
        layout.PRIMARY: catalog.name,
        "hats_index_column": key,
    }
    (index / layout.PROPERTIES[0]).write_text(layout.text_of(said | hats.made_by()), encoding="utf-8")


def _rows(files: list[Path]) -> str:
    return parquet_rows(files, "hive_partitioning = false")
