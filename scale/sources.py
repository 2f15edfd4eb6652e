"""Where the rows of a survey are: the workspace's one sorted file, or a HATS catalog that is read in place.

`SKY/catalogs/<survey>.parquet` is what `candlesql ingest` makes; `SKY/catalogs/<survey>.hats` is a HATS catalog, or a
link to one, with the survey's columns by their own names or by another one of theirs; `SKY/catalogs/<survey>.url` holds
the address of one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from ..catalogs.in_place import ADDRESS, FOLDER, address_in, fields_in_place, word_for
from ..catalogs.readers import hats
from ..catalogs.remote.address import Address, Place
from ..catalogs.remote.filesystem import objects_of
from ..catalogs.remote.hats import RemoteCatalog
from ..catalogs.remote.objects import Objects
from ..catalogs.survey import Survey, load_survey, survey_files
from ..errors import UserError
from ..sql.template import is_known
from ..workspace.folder import Sky
from ..workspace.ledger import fingerprint
from ..workspace.query import parquet_rows, stand_in
from .tiles import NOWHERE, Range, Tile, condition, tiles_of_counts

PLACE = re.compile(r"Norder=(\d+)/.*?Npix=(\d+)")
#: The finest tiles that a catalog in one file is cut into.
FINEST = 8

_known_fields: dict[tuple[str, str], tuple[str, str]] = {}


@dataclass(frozen=True)
class Source:
    """A survey, and the file or folder with its rows, or the file that says at which address its `catalog` is."""

    survey: Survey
    path: Path
    catalog: RemoteCatalog | None = None

    @property
    def is_hats(self) -> bool:
        return self.path.suffix in (FOLDER, ADDRESS)

    @property
    def place(self) -> Place:
        return self.catalog.place if self.catalog else self.path

    def files(self, ranges: list[Range] | None = None) -> list[Place]:
        """The files with rows in the ranges; all without ranges."""
        if not self.is_hats:
            return [self.path]
        parts = self._partitions()
        if ranges is None:
            return [file for file, _ in parts]
        return [file for file, tile in parts if _touches(tile.range, ranges)]

    def _partitions(self) -> list[tuple[Place, Tile]]:
        """The files of a HATS catalog with the pixels that they are of."""
        if self.catalog is None:
            return [*_partitions(self.path)]
        found: list[tuple[Place, Tile]] = [
            (part.address, Tile(part.order, part.pixel)) for part in self.catalog.partitions
        ]
        return sorted(found, key=lambda part: part[1].range)

    def opened(self, file: Place) -> Any:
        """A file of it, for what reads its footer."""
        return self.catalog.objects.open(file) if self.catalog and isinstance(file, Address) else file

    def select(self, ranges: list[Range] | None = None) -> str:
        """A query of the survey's columns, in its types and units, and `_healpix_29`, in the ranges."""
        files = self.files(ranges)
        where = f" where {condition(ranges)}" if ranges is not None else ""
        if not files:
            return no_rows(self.survey)
        relation = parquet_rows(files, "hive_partitioning = false")
        if not self.is_hats:
            return f"select * from {relation}{where}"
        raw, cleaned = _fields(self)
        return f"select _healpix_29, {cleaned} from (select _healpix_29, {raw} from {relation}{where})"

    def tiles(self, connection: duckdb.DuckDBPyConnection, max_rows: int) -> list[Tile]:
        """The partitions of a HATS catalog; or pixels with at most `max_rows` rows of a file, and NOWHERE."""
        if self.is_hats:
            return [tile for _, tile in self._partitions()]
        pixel = f"_healpix_29 >> {2 * (29 - FINEST)}"
        rows = connection.execute(f"select {pixel}, count(*) from {parquet_rows([self.path])} group by 1").fetchall()
        counts = dict(rows)
        nowhere = [NOWHERE] if counts.pop(None, 0) else []
        return [*nowhere, *tiles_of_counts(counts, FINEST, max_rows)]

    def fingerprint(self) -> str:
        """Changes when its rows do."""
        if not self.is_hats:
            return fingerprint(self.path)
        if self.catalog:
            return self.catalog.fingerprint()
        stats = (
            (str(f.relative_to(self.path)), f.stat().st_size, f.stat().st_mtime_ns) for f, _ in _partitions(self.path)
        )
        return hashlib.sha256(repr(list(stats)).encode()).hexdigest()


def no_rows(survey: Survey) -> str:
    """A query of the columns that a source of the survey gives, without a row."""
    return stand_in({"_healpix_29": "BIGINT"} | {name: column.type for name, column in survey.columns.items()})


def find_sources(sky: Sky, told: dict[str, str] | None = None) -> dict[str, Source]:
    """Every survey that the workspace has rows of.

    Parameters
    ----------
    told
        Where the user's own word is known, as a worker knows it from the plan: survey to the address that was meant.

    Raises
    ------
    UserError
        If the workspace names an address that this user has not named.
    """
    found = {}
    for name in survey_files(sky.surveys):
        file = sky.catalog(name)
        for path in (file, file.with_suffix(FOLDER), file.with_suffix(ADDRESS)):
            if path.exists() and name not in found:
                catalog = _catalog_at(name, path, told) if path.suffix == ADDRESS else None
                found[name] = Source(load_survey(name, sky.surveys), path, catalog)
    return found


def _catalog_at(survey: str, file: Path, told: dict[str, str] | None) -> RemoteCatalog:
    address = address_in(file)
    meant = told.get(survey) == str(address) if told is not None else is_known(word_for(survey, address))
    if not meant:
        raise UserError(
            f"names {address}, which you have not named: if you mean it, candlesql ingest SKY {survey} {address} "
            "--in-place",
            file=file,
        )
    return RemoteCatalog(Objects(), address)


def addresses_of(sources: Iterable[Source]) -> dict[str, str]:
    """Survey to address, of those that are read at one."""
    return {source.survey.name: str(source.place) for source in sources if source.catalog}


def reach(connection: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Let the connection read what lies at addresses."""
    if any(source.catalog for source in sources):
        objects_of(connection)


def _touches(own: Range, ranges: list[Range]) -> bool:
    return any(first <= own[1] and own[0] <= last for first, last in ranges)


@lru_cache(maxsize=64)
def _partitions(folder: Path) -> list[tuple[Path, Tile]]:
    """The files of a HATS catalog with the pixels that they are of."""
    parts: list[tuple[Path, Tile]] = []
    for file in hats.partitions(folder):
        place = PLACE.search(file.relative_to(folder).as_posix())
        if place:
            parts.append((file, Tile(int(place[1]), int(place[2]))))
    if not hats.is_catalog(folder) or not parts:
        raise UserError("is no HATS catalog: it has no hats.properties, or no partitions in dataset/", file=folder)
    return sorted(parts, key=lambda part: part[1].range)


def _fields(source: Source) -> tuple[str, str]:
    key = (source.survey.name, str(source.place))
    if key not in _known_fields:
        _known_fields[key] = fields_in_place(source.survey, source.catalog or source.path)
    return _known_fields[key]
