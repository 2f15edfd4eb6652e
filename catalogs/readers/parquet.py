"""Parquet: DuckDB reads it in place; units come from VOParquet metadata where the file carries it."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import duckdb

from ...errors import UserError
from ...sql.query import first_row, quoted
from .source import FileColumn, Source

VOTABLE_KEY = b"IVOA.VOTable-Parquet.content"


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open a Parquet file.

    Raises
    ------
    UserError
        If the file is truncated or no Parquet.
    """
    literal = quoted(path)
    relation = f"read_parquet({literal})"
    try:
        names = [row[0] for row in connection.execute(f"describe select * from {relation}").fetchall()]
        row = first_row(
            connection,
            f"select value from parquet_kv_metadata({literal}) where key = ?",
            [VOTABLE_KEY],
        )
    except duckdb.Error as error:
        raise UserError(f"{path}: not a readable Parquet file ({str(error).splitlines()[0]})") from None
    said = _fields(row[0]) if row else {}
    return Source(path, relation, {name: said.get(name, FileColumn(name)) for name in names})


def _fields(votable: bytes) -> dict[str, FileColumn]:
    """Units, UCDs and descriptions of the FIELD elements of a VOTable header."""
    columns = {}
    for _, element in ElementTree.iterparse(io.BytesIO(votable)):
        if element.tag.rpartition("}")[2] == "FIELD":
            description = next((c.text or "" for c in element if c.tag.rpartition("}")[2] == "DESCRIPTION"), "")
            name = element.get("name", "")
            columns[name] = FileColumn(name, element.get("unit", ""), element.get("ucd", ""), description)
    return columns
