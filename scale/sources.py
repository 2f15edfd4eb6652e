"""Where the rows of a survey are: the workspace's one sorted file, or a HATS catalog that is read in place.

`SKY/catalogs/<survey>.parquet` is what `candlesql ingest` makes; `SKY/catalogs/<survey>.hats` is a HATS catalog, or a
link to one, with the survey's columns by their own names or by another one of theirs.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import duckdb

from ..catalogs.elements import with_elements
from ..catalogs.fields import choose, is_sentinel, typed_field
from ..catalogs.readers import hats, open_file
from ..catalogs.releases import check_release
from ..catalogs.survey import Survey, load_survey, survey_files
from ..errors import UserError
from ..workspace.connection import in_memory
from ..workspace.folder import Sky
from ..workspace.ledger import fingerprint
from ..workspace.query import parquet_rows, stand_in
from .tiles import Range, Tile, condition, tiles_of_counts

PLACE = re.compile(r"Norder=(\d+)/.*?Npix=(\d+)")
#: The finest tiles that a catalog in one file is cut into.
FINEST = 8

_known_fields: dict[tuple[str, Path], tuple[str, str]] = {}


@dataclass(frozen=True)
class Source:
    """A survey, and the file or folder with its rows."""

    survey: Survey
    path: Path

    @property
    def is_hats(self) -> bool:
        return self.path.suffix == ".hats"

    def files(self, ranges: list[Range] | None = None) -> list[Path]:
        """The files with rows in the ranges; all without ranges."""
        if not self.is_hats:
            return [self.path]
        parts = _partitions(self.path)
        if ranges is None:
            return [file for file, _ in parts]
        return [file for file, tile in parts if _touches(tile.range, ranges)]

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
        """The partitions of a HATS catalog, or the largest pixels with at most `max_rows` rows of a file."""
        if self.is_hats:
            return [tile for _, tile in _partitions(self.path)]
        pixel = f"_healpix_29 >> {2 * (29 - FINEST)}"
        counts = connection.execute(f"select {pixel}, count(*) from {parquet_rows([self.path])} group by 1").fetchall()
        if any(cell is None for cell, _ in counts):
            raise UserError("has rows without a position, which belong to no part of the sky", file=self.path)
        return tiles_of_counts(dict(counts), FINEST, max_rows)

    def fingerprint(self) -> str:
        """Changes when its rows do."""
        if not self.is_hats:
            return fingerprint(self.path)
        stats = ((str(f.relative_to(self.path)), f.stat().st_size, f.stat().st_mtime_ns) for f in self.files())
        return hashlib.sha256(repr(list(stats)).encode()).hexdigest()


def no_rows(survey: Survey) -> str:
    """A query of the columns that a source of the survey gives, without a row."""
    return stand_in({"_healpix_29": "BIGINT"} | {name: column.type for name, column in survey.columns.items()})


def find_sources(sky: Sky) -> dict[str, Source]:
    """Every survey that the workspace has rows of."""
    found = {}
    for name in survey_files(sky.surveys):
        file = sky.catalog(name)
        for path in (file, file.with_suffix(".hats")):
            if path.exists() and name not in found:
                found[name] = Source(load_survey(name, sky.surveys), path)
    return found


def _touches(own: Range, ranges: list[Range]) -> bool:
    return any(first <= own[1] and own[0] <= last for first, last in ranges)


@lru_cache(maxsize=64)
def _partitions(folder: Path) -> list[tuple[Path, Tile]]:
    """The files of a HATS catalog with the pixels that they are of."""
    parts = []
    for file in hats.partitions(folder):
        place = PLACE.search(file.relative_to(folder).as_posix())
        if place:
            parts.append((file, Tile(int(place[1]), int(place[2]))))
    if not hats.is_catalog(folder) or not parts:
        raise UserError("is no HATS catalog: it has no hats.properties, or no partitions in dataset/", file=folder)
    return sorted(parts, key=lambda part: part[1].range)


def _fields(source: Source) -> tuple[str, str]:
    """What makes the survey's columns of a HATS catalog's: of their names, types and units, then without sentinels."""
    survey, key = source.survey, (source.survey.name, source.path)
    if key in _known_fields:
        return _known_fields[key]
    with in_memory() as connection:
        opened = with_elements(survey, open_file(connection, source.path))
        try:
            if "_healpix_29" not in opened.columns:
                raise UserError("has no column _healpix_29; write it again with hats-import or LSDB", file=source.path)
            check_release(connection, survey, opened)
            chosen = choose(survey, opened, {})
            raw = [typed_field(survey, c, chosen.get(n), opened, {}) for n, c in survey.columns.items()]
        finally:
            opened.close()
    tests = {name: is_sentinel(survey, column) for name, column in survey.columns.items()}
    cleaned = [f'if({test}, null, "{name}") as "{name}"' if test else f'"{name}"' for name, test in tests.items()]
    _known_fields[key] = ", ".join(raw), ", ".join(cleaned)
    return _known_fields[key]
