"""Units, UCDs and descriptions inside Parquet: VOParquet (IVOA note 1.0) and astropy's own form, side by side."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import duckdb

from ..sql.query import first_row, identifier, quoted
from .survey import Column

VERSION_KEY = "IVOA.VOTable-Parquet.version"
CONTENT_KEY = "IVOA.VOTable-Parquet.content"
ASTROPY_KEY = "table_meta_yaml"
#: DuckDB type to VOTable datatype and numpy name.
TYPES = {
    "BOOLEAN": ("boolean", "bool"),
    "TINYINT": ("short", "int8"),
    "SMALLINT": ("short", "int16"),
    "INTEGER": ("int", "int32"),
    "BIGINT": ("long", "int64"),
    "UBIGINT": ("long", "uint64"),
    "HUGEINT": ("double", "float64"),
    "REAL": ("float", "float32"),
    "FLOAT": ("float", "float32"),
    "DOUBLE": ("double", "float64"),
}


def kv_metadata(connection: duckdb.DuckDBPyConnection, relation: str, columns: list[Column], description: str) -> str:
    """The KV_METADATA option of DuckDB's COPY for the rows of `relation`, which goes after FROM."""
    widths = text_widths(connection, relation, columns)
    entries = {VERSION_KEY: "1.0", CONTENT_KEY: votable_header(columns, widths, description)}
    entries[ASTROPY_KEY] = astropy_header(columns)
    entries |= {f"table::len::{name}": str(width) for name, width in widths.items()}
    return f"kv_metadata {{{', '.join(f'{quoted(key)}: {quoted(value)}' for key, value in entries.items())}}}"


def text_widths(connection: duckdb.DuckDBPyConnection, relation: str, columns: list[Column]) -> dict[str, int]:
    """Length in characters of the longest value of each column of text; readers without variable strings need it."""
    names = [column.name for column in columns if column.type not in TYPES]
    if not names:
        return {}
    longest = ", ".join(f"max(length({identifier(name)}::varchar))" for name in names)
    row = first_row(connection, f"select {longest} from {relation}")
    return {name: max(1, n or 1) for name, n in zip(names, row, strict=True)}


def votable_header(columns: list[Column], widths: dict[str, int], description: str) -> str:
    """The VOTable header of a table with these columns (`Column.type` in DuckDB's names)."""
    root = ElementTree.Element("VOTABLE", version="1.4", xmlns="http://www.ivoa.net/xml/VOTable/v1.3")
    table = ElementTree.SubElement(ElementTree.SubElement(root, "RESOURCE"), "TABLE")
    ElementTree.SubElement(table, "DESCRIPTION").text = description
    for column in columns:
        datatype = TYPES.get(column.type, ("unicodeChar", ""))[0]
        element = ElementTree.SubElement(table, "FIELD", name=column.name, datatype=datatype)
        if datatype == "unicodeChar":
            element.set("arraysize", str(widths.get(column.name, 1)))
        if column.unit:
            element.set("unit", column.unit)
        if column.ucd:
            element.set("ucd", column.ucd)
        if column.description:
            ElementTree.SubElement(element, "DESCRIPTION").text = column.description
    return ElementTree.tostring(root, encoding="unicode")


def astropy_header(columns: list[Column]) -> str:
    """The YAML of `Table.read(file)`, as in the header of an ECSV file."""
    lines = ["datatype:"]
    for column in columns:
        entry = {"name": column.name, "datatype": TYPES.get(column.type, ("", "string"))[1]}
        if column.unit:
            entry["unit"] = column.unit
        if column.description:
            entry["description"] = column.description
        lines.append("- {" + ", ".join(f"{key}: {json.dumps(value)}" for key, value in entry.items()) + "}")
    return "\n".join(lines)
