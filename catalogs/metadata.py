"""Units, UCDs and descriptions inside Parquet: VOParquet (IVOA note 1.0), a VOTable header without data."""

from __future__ import annotations

from xml.etree import ElementTree

from .survey import Column

VERSION_KEY = "IVOA.VOTable-Parquet.version"
CONTENT_KEY = "IVOA.VOTable-Parquet.content"
DATATYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "short",
    "SMALLINT": "short",
    "INTEGER": "int",
    "BIGINT": "long",
    "UBIGINT": "long",
    "HUGEINT": "long",
    "REAL": "float",
    "FLOAT": "float",
    "DOUBLE": "double",
    "VARCHAR": "unicodeChar",
}


def votable_header(columns: list[Column], description: str) -> str:
    """The VOTable header of a table with these columns (`Column.type` in DuckDB's names)."""
    root = ElementTree.Element("VOTABLE", version="1.4", xmlns="http://www.ivoa.net/xml/VOTable/v1.3")
    table = ElementTree.SubElement(ElementTree.SubElement(root, "RESOURCE"), "TABLE")
    ElementTree.SubElement(table, "DESCRIPTION").text = description
    for column in columns:
        field = ElementTree.SubElement(table, "FIELD", name=column.name, datatype=DATATYPES.get(column.type, "char"))
        if DATATYPES.get(column.type, "char") in ("unicodeChar", "char"):
            field.set("arraysize", "*")
        if column.unit:
            field.set("unit", column.unit)
        if column.ucd:
            field.set("ucd", column.ucd)
        if column.description:
            ElementTree.SubElement(field, "DESCRIPTION").text = column.description
    return ElementTree.tostring(root, encoding="unicode")


def kv_metadata(columns: list[Column], description: str, extra: dict[str, str] | None = None) -> str:
    """The KV_METADATA option of DuckDB's COPY."""
    entries = {VERSION_KEY: "1.0", CONTENT_KEY: votable_header(columns, description)} | (extra or {})
    pairs = ", ".join(f"'{key}': '{_escaped(value)}'" for key, value in entries.items())
    return f"kv_metadata {{{pairs}}}"


def _escaped(text: str) -> str:
    return text.replace("'", "''")
