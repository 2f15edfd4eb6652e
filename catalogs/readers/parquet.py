"""Parquet: DuckDB reads it in place; units come from VOParquet metadata, or from astropy's, where the file has them."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import pyarrow.parquet as pq

from ...errors import RefusedFile
from ...udfs.names import identifier
from ...workspace.query import literal_path
from ..parquet_footer import too_wide
from ..remote.address import Address, Place
from ..remote.filesystem import objects_of
from . import ecsv
from .source import FileColumn, Source

VOTABLE_KEY = b"IVOA.VOTable-Parquet.content"
ASTROPY_KEY = b"table_meta_yaml"
SUFFIXES = (".parquet", ".parq", ".pq")
NESTED = ("STRUCT", "MAP", "UNION", "LIST")
NO_NAMES: Mapping[str, str] = MappingProxyType({})


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open a Parquet file.

    Raises
    ------
    UserError
        If the file is truncated or no Parquet.
    """
    return opened(connection, path, f"read_parquet([{literal_path(path)}], hive_partitioning = false)", path)


def opened(connection: duckdb.DuckDBPyConnection, path: Place, relation: str, first: Place) -> Source:
    """The rows of `relation`, which are those of `path`; the file `first` says what they are."""
    if isinstance(first, Path) and (said := too_wide(first)):
        raise RefusedFile(said, file=path)
    try:
        types = {row[0]: row[1] for row in connection.execute(f"describe select * from {relation}").fetchall()}
    except duckdb.Error as error:
        raise RefusedFile(f"not a readable Parquet file ({str(error).splitlines()[0]})", file=path) from None
    return of_types(path, types, relation, notes_of(connection, first), _own_names(connection, first, list(types)))


def _own_names(connection: duckdb.DuckDBPyConnection, path: Place, names: list[str]) -> dict[str, str]:
    """DuckDB's name of a column to the file's, where they differ: it reads `g` beside `G` as `g_1`."""
    if not any(re.fullmatch(r".+_\d+", name) for name in names):
        return {}
    file = objects_of(connection).open(path) if isinstance(path, Address) else path
    own = pq.read_schema(file).names
    twice = next((name for name in own if own.count(name) > 1), None)
    if twice is not None:
        raise RefusedFile(f"two of its columns are called {twice}; rename one of them", file=path, column=twice)
    pairs = zip(names, own, strict=True) if len(own) == len(names) else ()
    return {theirs: name for theirs, name in pairs if theirs != name and theirs.startswith(f"{name}_")}


def of_types(
    path: Place, types: dict[str, str], relation: str, notes: dict[bytes, bytes], own: Mapping[str, str] = NO_NAMES
) -> Source:
    """The source of a relation whose columns have DuckDB's types, what metadata says of them, and other names of the
    file's own."""
    made = [replace(column_of(n, type_), name=own.get(n, n)) for n, type_ in types.items()]
    columns = described({column.name: column for column in made}, notes, path)
    left_out = tuple(own.get(n, n) for n, kind in types.items() if kind.startswith(NESTED) or kind.endswith("]"))
    vectors = {name: columns[name] for name in left_out}
    kept = {name: column for name, column in columns.items() if name not in left_out}
    return Source(path, kept, lambda names: relation, left_out, vectors=vectors)


def notes_of(connection: duckdb.DuckDBPyConnection, path: Place) -> dict[bytes, bytes]:
    """A file's key-value metadata.

    Raises
    ------
    UserError
        If it is no Parquet file.
    """
    try:
        return dict(connection.execute(f"select key, value from parquet_kv_metadata({literal_path(path)})").fetchall())
    except duckdb.Error as error:
        raise RefusedFile(f"not a readable Parquet file ({str(error).splitlines()[0]})", file=path) from None


def refuse_lost_values(
    connection: duckdb.DuckDBPyConnection, source: Source, files: list[Path], part: Path, chosen: dict[str, str]
) -> None:
    """Refuse Parquet files of which more came back as NULL in `part` than their own statistics count: a page whose
    levels are damaged is read as NULL, without a word.

    Parameters
    ----------
    chosen
        Column of `part` to column of the files.

    Raises
    ------
    RefusedFile
        If a column of numbers lost values.
    """
    said, found = (_nulls(connection, each) for each in (files, [part]))
    for ours, theirs in chosen.items():
        is_plain = not source.columns[theirs].is_text and source.columns[theirs].sql == identifier(theirs)
        counted = said.get(theirs)
        if is_plain and counted is not None and (found.get(ours) or 0) > counted:
            raise RefusedFile(
                f"column {theirs}: {found[ours] - counted:,} values came back as NULL that the file counts as values; "
                "it is damaged: fetch it again",
                file=source.path,
            )


def _nulls(connection: duckdb.DuckDBPyConnection, files: list[Path]) -> dict[str, int]:
    """NULLs by column as the statistics of Parquet files count them, where they do in every row group that has the
    column; in the rows of one that has not, all are."""
    names = ", ".join(map(literal_path, files))
    return dict(
        connection.execute(
            "with chunks as (select file_name, row_group_id, path_in_schema, row_group_num_rows as n, "
            f"stats_null_count as nulls from parquet_metadata([{names}])), "
            "groups as (select distinct file_name, row_group_id, n from chunks) "
            "select path_in_schema, (sum(nulls) + (select sum(n) from groups) - sum(n))::bigint from chunks "
            "group by path_in_schema having count(*) = count(nulls)"
        ).fetchall()
    )


def column_of(name: str, type_: str) -> FileColumn:
    """A column of a file that knows types, given DuckDB's name of its type; bytes are text."""
    sql = f"decode({identifier(name)})" if type_ == "BLOB" else identifier(name)
    declared = {"BLOB": "VARCHAR", '"NULL"': "", "FLOAT": "REAL"}.get(type_, type_)
    is_text = declared in ("VARCHAR", "JSON") or declared.startswith("ENUM")
    return FileColumn(name, sql, is_text=is_text, is_float=type_ in ("FLOAT", "DOUBLE"), type=declared)


def described(columns: dict[str, FileColumn], notes: dict[bytes, bytes], path: Place) -> dict[str, FileColumn]:
    """The columns with what a file's key-value metadata says of them."""
    if VOTABLE_KEY in notes:
        said = _votable_fields(notes[VOTABLE_KEY], path)
        columns = {name: replace(column, **said.get(name, {})) for name, column in columns.items()}
    if ASTROPY_KEY in notes:
        entries = ecsv.header(notes[ASTROPY_KEY].decode(), path)
        columns = {name: ecsv.completed(column, entries) for name, column in columns.items()}
    return columns


def _votable_fields(votable: bytes, path: Place) -> dict[str, dict[str, Any]]:
    """Units, UCDs and descriptions of the FIELD elements of a VOTable header."""
    said = {}
    try:
        for _, element in ElementTree.iterparse(io.BytesIO(votable)):
            if element.tag.rpartition("}")[2] == "FIELD":
                description = next((c.text or "" for c in element if c.tag.rpartition("}")[2] == "DESCRIPTION"), "")
                said[element.get("name", "")] = {
                    "unit": element.get("unit", ""),
                    "ucd": element.get("ucd", ""),
                    "description": description,
                }
    except ElementTree.ParseError as error:
        raise RefusedFile(f"its VOTable metadata is damaged ({error})", file=path) from None
    return said
