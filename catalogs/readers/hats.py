"""HATS catalogs (LSDB): a folder of HEALPix partitions in Parquet, read in place."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import duckdb

from ...errors import RefusedFile
from ...workspace.query import first_row, parquet_rows
from ...workspace.short import LONGEST_LINE, short_text
from .. import hats_layout
from ..hats_layout import COLLECTION, INFO, PRIMARY, PROPERTIES
from . import parquet
from .source import Source


def is_catalog(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (*PROPERTIES, COLLECTION))


def partitions(folder: Path) -> list[Path]:
    """The Parquet files that hold rows, in the order of their pixels' names."""
    return sorted(p for p in (rows_of(folder) / "dataset").glob("Norder=*/**/*.parquet") if p.is_file())


def rows_of(folder: Path) -> Path:
    """Where a catalog's own files are: of a collection, which LSDB writes, beside those of its margins and indexes."""
    if not (folder / COLLECTION).is_file():
        return folder
    named = _entries(folder / COLLECTION)
    if not named.get(PRIMARY):
        raise RefusedFile(f"{folder / COLLECTION}: does not say which catalog it is of ({PRIMARY} is missing)")
    primary = folder / named[PRIMARY]
    if not primary.resolve().is_relative_to(folder.resolve()):
        raise RefusedFile(f"its {COLLECTION} names a catalog that is not in it ({named[PRIMARY]!r:.80})", file=folder)
    return primary


def _entries(file: Path) -> dict[str, str]:
    return hats_layout.entries(short_text(file))


def read(connection: duckdb.DuckDBPyConnection, folder: Path) -> Source:
    """Open a HATS catalog: the types of its partitions united, units and descriptions from the first that has a column.

    Raises
    ------
    UserError
        If the folder is none, or not all of its partitions and rows are there.
    """
    if not is_catalog(folder):
        raise RefusedFile("is a folder, and no HATS catalog (it has no hats.properties)", file=folder)
    files = partitions(folder)
    if not files:
        raise RefusedFile("a HATS catalog without partitions; fetch its folder dataset/ too", file=folder)
    _refuse_incomplete(connection, folder, files)
    relation = parquet_rows(files, "hive_partitioning = false", "union_by_name = true")
    source = parquet.opened(connection, folder, relation, files[0])
    for file in files[1:]:
        if all(column.unit or column.description for column in source.columns.values()):
            break
        said = parquet.described(source.columns, parquet.notes_of(connection, file), folder)
        source = replace(
            source, columns={n: c if c.unit or c.description else said[n] for n, c in source.columns.items()}
        )
    return source


def _refuse_incomplete(connection: duckdb.DuckDBPyConnection, folder: Path, files: list[Path]) -> None:
    """Refuse a catalog whose partitions or rows are fewer, or others, than its own lists say."""
    catalog = rows_of(folder)
    there = {(int(found[1]), int(found[2])) for found in map(_pixel, files) if found}
    listed = _listed(catalog / INFO)
    for missing in sorted(listed - there if listed else ()):
        raise RefusedFile(
            f"{len(listed - there):,} of the {len(listed):,} partitions in its {INFO} are missing, the first is "
            f"Norder={missing[0]}, Npix={missing[1]}; fetch it again",
            file=folder,
        )
    for other in sorted(there - listed if listed else ()):
        raise RefusedFile(
            f"partition Norder={other[0]}, Npix={other[1]} is not in its {INFO}; take it away, or fetch it again",
            file=folder,
        )
    properties = next((catalog / name for name in PROPERTIES if (catalog / name).is_file()), None)
    promised = hats_layout.promised_rows(_entries(properties)) if properties else None
    if promised is None:
        return
    try:
        (rows,) = first_row(connection, f"select sum(num_rows) from {_metadata(files)}")
    except duckdb.Error as error:
        raise RefusedFile(
            f"a partition is no readable Parquet file ({str(error).splitlines()[0]})", file=folder
        ) from None
    if rows != promised:
        raise RefusedFile(
            f"its hats.properties says {promised:,} rows, {rows:,} are there; fetch it again", file=folder
        )


def _metadata(files: list[Path]) -> str:
    return parquet_rows(files).replace("read_parquet", "parquet_file_metadata", 1)


def _pixel(file: Path) -> re.Match[str] | None:
    return re.search(r"Norder=(\d+)/.*Npix=(\d+)", file.as_posix())


def _listed(info: Path) -> set[tuple[int, int]]:
    """Order and pixel of each partition that a catalog's list names; none where there is no list."""
    if not info.is_file():
        return set()
    return set(hats_layout.listed(short_text(info, LONGEST_LINE), info.parent))
