"""Parquet files and HATS catalogs behind an address, read there: only the columns and row groups that are needed."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from ...errors import RefusedFile
from ...workspace.query import first_row, parquet_rows
from ..remote.address import Address
from ..remote.filesystem import detach, objects_of
from ..remote.hats import RemoteCatalog, is_parquet
from . import parquet
from .source import Source


def read(connection: duckdb.DuckDBPyConnection, place: Address) -> Source:
    """Open what lies at an address.

    Raises
    ------
    RefusedFile
        If it cannot be read, is neither, or is not all there.
    """
    if is_parquet(place):
        return _opened(connection, place, [place])
    catalog = RemoteCatalog(objects_of(connection), place)
    files = [partition.address for partition in catalog.partitions]
    source = _opened(connection, place, files)
    try:
        _refuse_incomplete(connection, catalog, files)
    except BaseException:
        source.close()
        raise
    return replace(source, settled=catalog.refuse_replaced)


def opened_partitions(connection: duckdb.DuckDBPyConnection, catalog: RemoteCatalog) -> Source:
    """A HATS catalog as the first of its partitions says that it is; the others are not looked at."""
    return _opened(connection, catalog.place, [partition.address for partition in catalog.partitions])


def _opened(connection: duckdb.DuckDBPyConnection, place: Address, files: list[Address]) -> Source:
    objects = objects_of(connection)
    for file in files:
        objects.know(file)
    relation = parquet_rows(files, "hive_partitioning = false")
    try:
        source = parquet.opened(connection, place, relation, files[0])
    except RefusedFile:
        failure = objects.failure
        detach(connection)
        if failure:
            raise failure from None
        raise
    return replace(source, failure=lambda: objects.failure, close=lambda: detach(connection))


def _refuse_incomplete(connection: duckdb.DuckDBPyConnection, catalog: RemoteCatalog, files: list[Address]) -> None:
    """Refuse a catalog with a partition that is not there, or with other rows than its properties promise."""
    footers = parquet_rows(files).replace("read_parquet", "parquet_file_metadata", 1)
    try:
        (rows,) = first_row(connection, f"select sum(num_rows) from {footers}")
    except duckdb.Error as error:
        raise catalog.objects.failure or RefusedFile(
            f"a partition is no readable Parquet file ({str(error).splitlines()[0]})", file=catalog.place
        ) from None
    promised = catalog.promised_rows
    if promised is not None and rows != promised:
        raise RefusedFile(
            f"its hats.properties says {promised:,} rows, {rows:,} are there; it is damaged, or being written",
            file=catalog.place,
        )
