"""Parquet: DuckDB reads it in place; units come from VOParquet metadata, or from astropy's, where the file has them."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from ...errors import RefusedFile
from ...workspace.query import quoted
from . import ecsv
from .source import FileColumn, Source

VOTABLE_KEY = b"IVOA.VOTable-Parquet.content"
ASTROPY_KEY = b"table_meta_yaml"
NESTED = ("STRUCT", "MAP", "UNION", "LIST")


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open a Parquet file.

    Raises
    ------
    UserError
        If the file is truncated or no Parquet.
    """
    literal = quoted(path)
    relation = f"read_parquet([{literal}], hive_partitioning = false)"
    try:
        types = {row[0]: row[1] for row in connection.execute(f"describe select * from {relation}").fetchall()}
        notes = dict(connection.execute(f"select key, value from parquet_kv_metadata({literal})").fetchall())
    except duckdb.Error as error:
        raise RefusedFile(f"not a readable Parquet file ({str(error).splitlines()[0]})", file=path) from None
    left_out = tuple(n for n, type_ in types.items() if type_.startswith(NESTED) or type_.endswith("]"))
    columns = {
        name: FileColumn(name, '"' + name.replace('"', '""') + '"', is_float=type_ in ("FLOAT", "DOUBLE"))
        for name, type_ in types.items()
        if name not in left_out
    }
    return Source(path, described(columns, notes, path), lambda names: relation, left_out)


def described(columns: dict[str, FileColumn], notes: dict[bytes, bytes], path: Path) -> dict[str, FileColumn]:
    """The columns with what a file's key-value metadata says of them."""
    if VOTABLE_KEY in notes:
        said = _votable_fields(notes[VOTABLE_KEY], path)
        return {name: replace(column, **said.get(name, {})) for name, column in columns.items()}
    if ASTROPY_KEY in notes:
        entries = ecsv.header(notes[ASTROPY_KEY].decode(), path)
        return {name: ecsv.described(column, entries) for name, column in columns.items()}
    return columns


def _votable_fields(votable: bytes, path: Path) -> dict[str, dict[str, Any]]:
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
