"""A cone out of a HATS catalog, in a folder or behind an address: only the partitions and columns that it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import RefusedFile, UserError
from ..udfs.names import identifier
from ..workspace.connection import in_memory
from ..workspace.query import quoted
from . import hats_layout
from .hats_layout import PROPERTIES
from .healpix import ORDER
from .metadata import kv_metadata
from .readers import FileColumn, parquet
from .readers.hats import rows_of
from .remote.address import Address, place_of
from .remote.hats import RemoteCatalog
from .remote.objects import Objects
from .survey import Column, Survey
from .writers import hats


def fetch_cone(
    place: str, survey: Survey, ra: float, dec: float, radius: float, work: Path, separation: str
) -> list[Path]:
    """The rows of a HATS catalog within a cone [deg], as a HATS catalog in `work`, so that its partitions are read as
    those of any other.

    A partition that is there already, from a try before, is not read again. `separation` is the statement that makes
    the macro `sphere.separation_arcsec`.

    Raises
    ------
    UserError
        If the catalog cannot be read, or no row of it lies in the cone.
    """
    catalog = _Catalog(place)
    parts = []
    for order, pixel in _touched(catalog.partitions(), ra, dec, radius):
        part = hats.partition_file(work, order, pixel)
        part.parent.mkdir(parents=True, exist_ok=True)
        if not part.exists():
            _copy_rows(catalog, order, pixel, survey, (ra, dec, radius), part, separation)
        parts.append(part)
    n_rows = sum(pq.ParquetFile(part).metadata.num_rows for part in parts)
    if not n_rows:
        raise RefusedFile(f"has no row within {radius:g} deg of {ra:g}, {dec:g}", file=catalog.place)
    (work / PROPERTIES[0]).write_text(f"hats_nrows={n_rows}\n", encoding="utf-8")
    return [work]


class _Catalog:
    """The files of a HATS catalog, here or behind an address."""

    def __init__(self, place: str) -> None:
        self.place, self.objects = place_of(place), Objects()
        self.remote = RemoteCatalog(self.objects, self.place) if isinstance(self.place, Address) else None
        self.folder = Path() if isinstance(self.place, Address) else rows_of(self.place)

    def partitions(self) -> list[tuple[int, int]]:
        """Order and pixel of each."""
        if self.remote:
            return [(partition.order, partition.pixel) for partition in self.remote.partitions]
        info = self.folder / hats_layout.INFO
        try:
            return hats_layout.listed(info.read_text(encoding="utf-8"), self.place)
        except OSError as error:
            raise UserError(f"{info}: cannot be read ({error.strerror})") from None

    def open(self, order: int, pixel: int) -> Any:
        if self.remote:
            file = next(p.address for p in self.remote.partitions if (p.order, p.pixel) == (order, pixel))
            return self.objects.open(file)
        path = hats.partition_file(self.folder, order, pixel)
        try:
            return path.open("rb")
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror})") from None


def _touched(partitions: list[tuple[int, int]], ra: float, dec: float, radius: float) -> list[tuple[int, int]]:
    """The partitions that a cone may have a part in: their centres are closer than the radius and their own."""
    from astropy import units as u
    from astropy_healpix import healpix_to_lonlat, nside_to_pixel_resolution

    touched = []
    for order in sorted({order for order, _ in partitions}):
        pixels = np.array([pixel for its, pixel in partitions if its == order])
        lon, lat = (angle.rad for angle in healpix_to_lonlat(pixels, 2**order, order="nested"))
        cosine = np.sin(lat) * np.sin(np.radians(dec)) + np.cos(lat) * np.cos(np.radians(dec)) * np.cos(
            lon - np.radians(ra)
        )
        # No corner is farther from the centre than 1.2 of the side of a square of the same area.
        own = 1.2 * nside_to_pixel_resolution(2**order).to_value(u.rad)
        near = np.arccos(np.clip(cosine, -1, 1)) <= np.radians(radius) + own
        touched += [(order, int(pixel)) for pixel in pixels[near]]
    return touched


def _copy_rows(
    catalog: _Catalog,
    order: int,
    pixel: int,
    survey: Survey,
    cone: tuple[float, float, float],
    part: Path,
    separation: str,
) -> None:
    """The rows of a partition that are in the cone, in the columns that the survey knows."""
    name = hats_layout.partition_name(order, pixel)
    with catalog.open(order, pixel) as stream, in_memory() as connection:
        try:
            file = pq.ParquetFile(stream)
        except pa.ArrowInvalid as error:
            raise UserError(f"{catalog.place}/{name}: not a readable Parquet file ({error})") from None
        wanted = _wanted(survey, file.schema_arrow.names)
        groups = _groups(file, cone)
        if not {survey.ra, survey.dec} <= set(wanted):
            raise RefusedFile(f"has no columns {survey.ra} and {survey.dec} of {survey.name}", file=catalog.place)
        for schema in ("sphere", "stats"):
            connection.execute(f"create schema {schema}")
        connection.execute(separation)
        columns = list(wanted.values())
        rows = file.read_row_groups(groups, columns=columns) if groups else file.schema_arrow.empty_table()
        connection.register("partition_rows", rows.select(columns))
        place = f"{identifier(wanted[survey.ra])}, {identifier(wanted[survey.dec])}"
        notes = {key: value for key, value in (file.schema_arrow.metadata or {}).items()}
        said = parquet.described({n: FileColumn(n, n) for n in columns}, notes, part)
        kept = [Column(n, kind, said[n].unit, said[n].ucd, said[n].description) for n, kind in _kinds(connection)]
        query = (
            f"select * from partition_rows where sphere.separation_arcsec({place}, {cone[0]!r}::double, "
            f"{cone[1]!r}::double) <= 3600 * {cone[2]!r}::double"
        )
        metadata = kv_metadata(connection, f"({query})", kept, f"{catalog.place}/{name}")
        temporary = part.with_suffix(".tmp")
        connection.execute(f"copy ({query}) to {quoted(temporary)} (format parquet, {metadata})")
        temporary.replace(part)


def _kinds(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    rows = connection.execute("select column_name, column_type from (describe from partition_rows)").fetchall()
    return [(name, "REAL" if kind == "FLOAT" else kind) for name, kind in rows]


def _wanted(survey: Survey, there: list[str]) -> dict[str, str]:
    """Survey column to the catalog's, by name or another known one, whatever the case."""
    by_case = {name.lower(): name for name in reversed(there)} | {name: name for name in there}
    found = {}
    for name, column in survey.columns.items():
        known = (name, *column.aka)
        match = next((by_case[k] for k in (*known, *(k.lower() for k in known)) if k in by_case), None)
        if match and not column.derived:
            found[name] = match
    return found


def _groups(file: pq.ParquetFile, cone: tuple[float, float, float]) -> list[int]:
    """The row groups whose range of declination and HEALPix index may hold a part of the cone."""
    groups = range(file.metadata.num_row_groups)
    names = file.schema_arrow.names
    if "_healpix_29" not in names or not len(groups):
        return list(groups)
    at = names.index("_healpix_29")
    kept = []
    for k in groups:
        statistics = file.metadata.row_group(k).column(at).statistics
        if statistics is None or not statistics.has_min_max or _may_hold(statistics.min, statistics.max, cone):
            kept.append(k)
    return kept


def _may_hold(low: int, high: int, cone: tuple[float, float, float]) -> bool:
    """Whether any cell of order 8 or coarser between two indices may touch the cone."""
    order = 8
    while order and (high >> 2 * (ORDER - order)) - (low >> 2 * (ORDER - order)) > 1000:
        order -= 1
    shift = 2 * (ORDER - order)
    return bool(_touched([(order, pixel) for pixel in range(low >> shift, (high >> shift) + 1)], *cone))
