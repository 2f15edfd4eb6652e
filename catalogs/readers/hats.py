"""HATS catalogs (LSDB): a folder of HEALPix partitions in Parquet, read in place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb

from ...errors import RefusedFile
from ...workspace.query import parquet_rows
from . import parquet
from .source import Source

PROPERTIES = ("hats.properties", "properties")
COLLECTION, PRIMARY = "collection.properties", "hats_primary_table_url"


def is_catalog(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (*PROPERTIES, COLLECTION))


def partitions(folder: Path) -> list[Path]:
    """The Parquet files that hold rows, in the order of their pixels' names."""
    return sorted(p for p in (_rows_of(folder) / "dataset").glob("Norder=*/**/*.parquet") if p.is_file())


def _rows_of(folder: Path) -> Path:
    """Where a catalog's own files are: of a collection, which LSDB writes, beside those of its margins and indexes."""
    if not (folder / COLLECTION).is_file():
        return folder
    lines = (line.partition("=") for line in (folder / COLLECTION).read_text(encoding="utf-8").splitlines())
    named = {key.strip(): value.strip() for key, _, value in lines}
    if not named.get(PRIMARY):
        raise RefusedFile(f"{folder / COLLECTION}: does not say which catalog it is of ({PRIMARY} is missing)")
    return folder / named[PRIMARY]


def read(connection: duckdb.DuckDBPyConnection, folder: Path) -> Source:
    """Open a HATS catalog; units and descriptions come from its first partition.

    Raises
    ------
    UserError
        If the folder is none, its partitions are missing, or their columns differ.
    """
    if not is_catalog(folder):
        raise RefusedFile("is a folder, and no HATS catalog (it has no hats.properties)", file=folder)
    files = partitions(folder)
    if not files:
        raise RefusedFile("a HATS catalog without partitions; fetch its folder dataset/ too", file=folder)
    source = parquet.read(connection, files[0])
    relation = parquet_rows(files, "hive_partitioning = false")
    return replace(source, path=folder, relation=lambda names: relation)
