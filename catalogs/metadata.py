"""Units, UCDs and descriptions as formats write them: VOParquet (IVOA note 1.0), astropy's YAML, and W3C's CSVW."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree

import duckdb

from ..udfs.names import identifier
from ..workspace.query import first_row, quoted
from .survey import Column
from .units import standard

if TYPE_CHECKING:
    import numpy as np

VERSION_KEY = "IVOA.VOTable-Parquet.version"


CONTENT_KEY = "IVOA.VOTable-Parquet.content"


ASTROPY_KEY = "table_meta_yaml"


#: What W3C's "Model for Tabular Data and Metadata on the Web" adds to a file's name, and where units and UCDs go.
CSVW_SUFFIX, CSVW_UNIT, CSVW_UCD = "-metadata.json", "schema:unitText", "schema:propertyID"


CSVW_TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "byte",
    "SMALLINT": "short",
    "INTEGER": "int",
    "BIGINT": "long",
    "UTINYINT": "unsignedByte",
    "USMALLINT": "unsignedShort",
    "UINTEGER": "unsignedInt",
    "UBIGINT": "unsignedLong",
    "HUGEINT": "integer",
    "REAL": "float",
    "FLOAT": "float",
    "DOUBLE": "double",
    "DATE": "date",
}


#: DuckDB type to VOTable datatype and numpy name.
TYPES = {
    "BOOLEAN": ("boolean", "bool"),
    "TINYINT": ("short", "int8"),
    "SMALLINT": ("short", "int16"),
    "INTEGER": ("int", "int32"),
    "BIGINT": ("long", "int64"),
    "UTINYINT": ("unsignedByte", "uint8"),
    "USMALLINT": ("int", "uint16"),
    "UINTEGER": ("long", "uint32"),
    "UBIGINT": ("long", "uint64"),
    "HUGEINT": ("double", "float64"),
    "REAL": ("float", "float32"),
    "FLOAT": ("float", "float32"),
    "DOUBLE": ("double", "float64"),
}


def kv_metadata(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    columns: list[Column],
    description: str,
    masks: dict[str, np.ndarray] | None = None,
) -> str:
    """The KV_METADATA option of DuckDB's COPY for the rows of `relation`, which goes after FROM; `masks` tell which
    rows of a column are NULL."""
    widths = text_widths(connection, relation, columns)
    entries = {VERSION_KEY: "1.0", CONTENT_KEY: votable_header(columns, widths, description)}
    # astropy warns where the two describe a column differently.
    alike = [replace(column, description=with_unit(column, "vounit")) for column in columns]
    entries[ASTROPY_KEY] = astropy_header(alike, masks or {})
    entries |= {f"table::len::{name}": str(width) for name, width in widths.items()}
    return f"kv_metadata {{{', '.join(f'{quoted(key)}: {quoted(value)}' for key, value in entries.items())}}}"


def text_widths(connection: duckdb.DuckDBPyConnection, relation: str, columns: list[Column]) -> dict[str, int]:
    """Length in characters of the longest value of each column of text; readers without variable strings need it."""
    names = [column.name for column in columns if column.type not in TYPES and column.type[-1:] not in ("]", ")")]
    if not names:
        return {}
    longest = ", ".join(f"max(length({identifier(name)}::varchar))" for name in names)
    row = first_row(connection, f"select {longest} from {relation}")
    return {name: max(1, n or 1) for name, n in zip(names, row, strict=True)}


def votable_header(
    columns: list[Column], widths: dict[str, int], description: str, lengths: dict[str, str] | None = None
) -> str:
    """The VOTable header of a table with these columns (`Column.type` in DuckDB's names); `lengths` are those of lists,
    "*" for a variable one. A unit that the standard does not have stands in the description."""
    root = ElementTree.Element("VOTABLE", version="1.4", xmlns="http://www.ivoa.net/xml/VOTable/v1.3")
    resource = ElementTree.SubElement(root, "RESOURCE")
    for epoch in sorted({column.epoch for column in columns if column.epoch is not None}):
        ElementTree.SubElement(resource, "COOSYS", ID=_frame(epoch), system="ICRS", epoch=f"J{epoch}")
    table = ElementTree.SubElement(resource, "TABLE")
    ElementTree.SubElement(table, "DESCRIPTION").text = description
    for column in columns:
        is_list = column.type.endswith("[]")
        datatype = TYPES.get(column.type.removesuffix("[]"), ("unicodeChar", ""))[0]
        element = ElementTree.SubElement(table, "FIELD", name=column.name, datatype=datatype)
        if is_list or datatype == "unicodeChar":
            size = (lengths or {}).get(column.name, "*") if is_list else str(widths.get(column.name, 1))
            element.set("arraysize", size)
        unit = standard(column.unit, "vounit")
        frame = "" if column.epoch is None else _frame(column.epoch)
        for key, value in (("unit", unit), ("ucd", column.ucd), ("ref", frame)):
            if value:
                element.set(key, value)
        if said := with_unit(column, "vounit"):
            ElementTree.SubElement(element, "DESCRIPTION").text = said
    for i, line in enumerate(description.splitlines(), 1):
        param = ElementTree.SubElement(table, "PARAM", name=f"provenance_{i}", datatype="unicodeChar", arraysize="*")
        param.set("value", line)
    return ElementTree.tostring(root, encoding="unicode")


def with_unit(column: Column, form: str) -> str:
    """A column's description, with the unit where a standard ("fits" or "vounit") has none for it."""
    is_lost = column.unit and not standard(column.unit, form)
    return f"{column.description} [{column.unit}]".strip() if is_lost else column.description


def _frame(epoch: float) -> str:
    return f"ICRS_J{epoch}"


def astropy_header(
    columns: list[Column], masks: dict[str, np.ndarray] | None = None, lengths: dict[str, int] | None = None
) -> str:
    """The YAML of `Table.read(file)`, as in the header of an ECSV file, where `lengths` are those of lists (0 for a
    variable one); `masks` tell which rows of a column are missing."""
    lines = ["datatype:"]
    for column in columns:
        entry: dict[str, Any] = {"name": column.name, "datatype": TYPES.get(column.type, ("", "string"))[1]}
        if column.type.endswith("[]") and lengths is not None:
            length = lengths.get(column.name, 0)
            one = TYPES[column.type.removesuffix("[]")][1]
            entry["subtype"] = f"{one}[{length or 'null'}]"
        if column.type == "JSON":
            entry["subtype"] = "json"
        if column.unit:
            entry["unit"] = column.unit
        if column.description:
            entry["description"] = column.description
        if column.ucd:
            entry["meta"] = {"ucd": column.ucd}
        lines.append("- {" + ", ".join(f"{key}: {json.dumps(value)}" for key, value in entry.items()) + "}")
    if masks:
        lines += ["meta:", "  __serialized_columns__:"]
    for name, mask in (masks or {}).items():
        twice = base64.b64encode(base64.b64encode(mask.tobytes())).decode()
        lines += [
            f"    {json.dumps(name)}:",
            "      __class__: astropy.table.column.MaskedColumn",
            f"      data: !astropy.table.SerializedColumn {{name: {json.dumps(name)}}}",
            f'      mask: !numpy.ndarray {{buffer: !!binary "{twice}", dtype: bool, order: C, shape: [{len(mask)}]}}',
        ]
    return "\n".join(lines)


def csvw_header(columns: list[Column], description: str, name: str) -> str:
    """The JSON that stands beside the CSV file `name`; the lines of `description` are where it comes from."""
    table = {
        "@context": "http://www.w3.org/ns/csvw",
        "url": quote(name),
        "dc:title": description.partition("\n")[0],
        "dc:provenance": description.splitlines(),
        "tableSchema": {"columns": [_csvw_column(column) for column in columns]},
    }
    return json.dumps(table, ensure_ascii=False, indent=1) + "\n"


def _csvw_column(column: Column) -> dict[str, str]:
    entry = {"titles": column.name, "datatype": CSVW_TYPES.get(column.type, "string")}
    if re.fullmatch("[A-Za-z0-9][A-Za-z0-9_]*", column.name):
        entry = {"name": column.name} | entry
    said = {CSVW_UNIT: column.unit, CSVW_UCD: column.ucd, "dc:description": column.description}
    return entry | {key: value for key, value in said.items() if value}


def plain(kind: str) -> str:
    """DuckDB's name of a type in the words of survey files."""
    return "REAL" if kind == "FLOAT" else kind
