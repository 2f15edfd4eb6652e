"""A cone out of a HATS catalog, in a folder or behind an address: only the partitions and columns that it needs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import MissingPackage, RefusedFile, UserError
from ..udfs.names import identifier
from ..workspace.query import quoted
from .healpix import ORDER
from .metadata import kv_metadata
from .readers import FileColumn, parquet
from .readers.hats import PROPERTIES
from .survey import Column, Survey
from .writers import hats

TIMEOUT = 60


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
    catalog = _Catalog(place.rstrip("/"))
    parts = []
    for order, pixel in _touched(catalog.partitions(), ra, dec, radius):
        part = hats.partition_file(work, order, pixel)
        part.parent.mkdir(parents=True, exist_ok=True)
        if not part.exists():
            _copy_rows(catalog, order, pixel, survey, (ra, dec, radius), part, separation)
        parts.append(part)
    n_rows = sum(pq.ParquetFile(part).metadata.num_rows for part in parts)
    if not n_rows:
        raise RefusedFile(f"has no row within {radius:g} deg of {ra:g}, {dec:g}", file=place)
    (work / PROPERTIES[0]).write_text(f"hats_nrows={n_rows}\n", encoding="utf-8")
    return [work]


class _Catalog:
    """The files of a HATS catalog."""

    def __init__(self, place: str) -> None:
        self.place, self.is_remote = place, place.startswith(("http://", "https://"))

    def open(self, name: str) -> Any:
        if self.is_remote:
            return _RemoteFile(f"{self.place}/{name}")
        try:
            return (Path(self.place) / name).open("rb")
        except OSError as error:
            raise UserError(f"{self.place}/{name}: cannot be read ({error.strerror})") from None

    def partitions(self) -> list[tuple[int, int]]:
        """Order and pixel of each."""
        with self.open("partition_info.csv") as file:
            lines = file.read().decode().split()
        names = lines[0].split(",")
        try:
            at = names.index("Norder"), names.index("Npix")
            return [(int(cells[at[0]]), int(cells[at[1]])) for cells in (line.split(",") for line in lines[1:])]
        except (ValueError, IndexError):
            raise RefusedFile("its partition_info.csv does not list Norder and Npix", file=self.place) from None


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
    name = f"dataset/Norder={order}/Dir={pixel // 10_000 * 10_000}/Npix={pixel}.parquet"
    with catalog.open(name) as stream, duckdb.connect() as connection:
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


class _RemoteFile(io.RawIOBase):
    """A file behind an address, read in the pieces that are asked for (HTTP ranges)."""

    def __init__(self, address: str) -> None:
        super().__init__()
        from .archive import patiently

        try:
            import requests
        except ImportError:
            raise MissingPackage("fetch needs pyvo: pip install 'candlesql[fetch]'") from None
        self.address, self.place, self.session, self.patiently = address, 0, requests.Session(), patiently
        self.size = int(self._get("bytes=0-0").headers.get("Content-Range", "/-1").rpartition("/")[2])
        if self.size < 0:
            raise RefusedFile("the server does not give parts of files, which reading a cone needs", file=address)

    def _get(self, part: str) -> Any:
        import requests

        def get() -> Any:
            response = self.session.get(self.address, headers={"Range": part}, timeout=TIMEOUT)
            if 400 <= response.status_code < 500:
                raise RefusedFile(f"the server says {response.status_code} {response.reason}", file=self.address)
            response.raise_for_status()
            promised = int(response.headers.get("Content-Length", len(response.content)))
            if len(response.content) != promised:
                raise requests.ConnectionError(f"{len(response.content):,} of {promised:,} bytes came")
            return response

        return self.patiently(get)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.size}[whence]
        return self.place

    def read(self, size: int = -1) -> bytes:
        end = self.size if size < 0 else min(self.size, self.place + size)
        if end <= self.place:
            return b""
        data = self._get(f"bytes={self.place}-{end - 1}").content
        self.place += len(data)
        return data

    def close(self) -> None:
        if not self.closed:
            self.session.close()
        super().close()
