"""HATS catalogs (LSDB): a folder of HEALPix partitions, written by DuckDB alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from ...errors import UserError
from ...udfs.names import identifier
from ...workspace.query import first_row, literal_path, quoted
from .. import hats_layout, healpix
from ..metadata import kv_metadata
from ..survey import Column

MAX_ROWS, MAX_ORDER = 1_000_000, 10
INDEX = Column("_healpix_29", "BIGINT", ucd="pos.healpix", description="HEALPix index, order 29, NESTED")


def write(
    connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path
) -> list[tuple[int, int]]:
    """Write a query that has ra and dec [deg] as a HATS catalog with at most a million rows a partition; returns order
    and pixel of each partition.

    Raises
    ------
    UserError
        If it has no ra and dec, or a row lacks a position.
    """
    names = [column.name for column in columns]
    if not {"ra", "dec"} <= set(names):
        raise UserError(f"a HATS catalog needs columns ra and dec; the view has {', '.join(names[:8])}")
    rest = [column for column in columns if column.name != INDEX.name]
    healpix.register(connection)
    fields = ", ".join(identifier(column.name) for column in rest)
    path.mkdir(parents=True, exist_ok=True)
    whole = path / "sorted.parquet"
    connection.execute(
        f'copy (select healpix_29(ra, "dec") as _healpix_29, {fields} from ({query}) order by _healpix_29) '
        f"to {quoted(whole)} (format parquet, compression snappy)"
    )
    indexed = f"from read_parquet({literal_path(whole)})"
    (missing,) = first_row(connection, f"select count(*) {indexed} where _healpix_29 is null")
    if missing:
        raise UserError(f"{missing:,} rows have no position, which a HATS catalog cannot hold; export those with one")
    order, pixels = _partitions(connection, indexed)
    for pixel, _ in pixels:
        shift = 2 * (healpix.ORDER - order)
        inside = f"_healpix_29 between {pixel << shift} and {((pixel + 1) << shift) - 1}"
        file = partition_file(path, order, pixel)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = f"select * {indexed} where {inside}"
        metadata = kv_metadata(connection, f"({part})", [INDEX, *rest], note)
        connection.execute(
            f"copy ({part} order by _healpix_29) to {quoted(file)} (format parquet, compression zstd, {metadata})"
        )
    whole.unlink()
    write_index(path, [(order, pixel, rows) for pixel, rows in pixels], note)
    return [(order, pixel) for pixel, _ in pixels]


def partition_file(path: Path, order: int, pixel: int) -> Path:
    """Where the rows of a pixel are in the catalog at `path`."""
    return path / hats_layout.partition_name(order, pixel)


def write_index(
    path: Path,
    pixels: list[tuple[int, int, int]],
    note: str,
    kind: str = "object",
    further: Mapping[str, object] | None = None,
) -> None:
    """What makes a HATS catalog of a folder of partitions, given their orders, pixels and numbers of rows; `kind` and
    `further` are properties."""
    file = partition_file(path, *pixels[0][:2])
    pq.write_metadata(pq.read_schema(file), path / "dataset" / "_common_metadata")
    lines = ["Norder,Npix", *(f"{order},{pixel}" for order, pixel, _ in pixels)]
    (path / "partition_info.csv").write_text("\n".join(lines) + "\n")
    said = {**_properties(path.name, pixels), "dataproduct_type": kind, **(further or {})}
    (path / hats_layout.PROPERTIES[0]).write_text(hats_layout.text_of(said), encoding="utf-8")
    (path / "provenance.txt").write_text(note + "\n", encoding="utf-8")


def _partitions(connection: duckdb.DuckDBPyConnection, indexed: str) -> tuple[int, list[tuple[int, int]]]:
    """The lowest order at which no pixel has too many rows, and its pixels with their numbers of rows."""
    for order in range(MAX_ORDER + 1):
        pixel = f"_healpix_29 >> {2 * (healpix.ORDER - order)}"
        pixels = connection.execute(f"select {pixel}, count(*) {indexed} group by 1 order by 1").fetchall()
        if max(n for _, n in pixels) <= MAX_ROWS:
            break
    return order, pixels


def _properties(name: str, pixels: list[tuple[int, int, int]]) -> dict[str, object]:
    return {
        "obs_collection": name,
        "hats_nrows": sum(n for _, _, n in pixels),
        "hats_col_ra": "ra",
        "hats_col_dec": "dec",
        "hats_col_healpix": INDEX.name,
        "hats_col_healpix_order": healpix.ORDER,
        "hats_npix_suffix": ".parquet",
        "hats_max_rows": max(n for _, _, n in pixels),
        "hats_order": max(order for order, _, _ in pixels),
        "moc_sky_fraction": f"{math.fsum(1 / (12 * 4**order) for order, _, _ in pixels):.5f}",
    } | made_by()


def made_by() -> dict[str, object]:
    """The properties that say what wrote a catalog, and when."""
    return {
        "hats_builder": f"candlesql {version('candlesql')}",
        "hats_creation_date": f"{datetime.now(UTC):%Y-%m-%dT%H:%MUTC}",
        "hats_version": "v0.1",
    }
