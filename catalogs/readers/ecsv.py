"""What astropy writes of columns as YAML: in the header of an ECSV file, and in the metadata of a Parquet file."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ...errors import RefusedFile
from ...workspace.query import quoted
from .source import WHOLE_NUMBERS, FileColumn

#: ECSV datatype to DuckDB's type, and the subtype of columns with several values a row (APE 6).
TYPES = {
    "bool": "BOOLEAN",
    **WHOLE_NUMBERS,
    "float16": "REAL",
    "float32": "REAL",
    "float64": "DOUBLE",
    "string": "VARCHAR",
}
VECTOR = re.compile(r"(\w+)\[([\d,]+|null)\]")


def header(text: str, path: Path) -> dict[str, Any]:
    """The header as plain data.

    Raises
    ------
    UserError
        If it is damaged.
    """
    try:
        entries = yaml.load(text, Loader=_Loader)
        if not isinstance(entries, dict) or not all("name" in entry for entry in entries["datatype"]):
            raise KeyError("datatype")
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        said = (str(error).splitlines() or [""])[0]
        raise RefusedFile(f"its ECSV header is damaged ({said:.200})", file=path) from None
    return entries


def completed(column: FileColumn, entries: dict[str, Any]) -> FileColumn:
    """A column of a file that knows types, with what the header says of it too."""
    said = described(replace(column, is_text=False), entries)
    return replace(
        column,
        unit=said.unit or column.unit,
        ucd=said.ucd or column.ucd,
        description=said.description or column.description,
    )


def described(column: FileColumn, entries: dict[str, Any]) -> FileColumn:
    """The column with the unit, UCD and description that the header gives it."""
    said: dict[str, Any] = next((entry for entry in entries["datatype"] if entry["name"] == column.name), {})
    meta = said.get("meta")
    ucd = (dict(meta) if isinstance(meta, list | dict) else {}).get("ucd", "")
    unit, text = said.get("unit") or "", said.get("description") or ""
    column = replace(column, unit=_text(unit), ucd=_text(ucd), description=_text(text))
    if not column.is_text or "datatype" not in said:
        return column
    found = VECTOR.fullmatch(_text(said.get("subtype") or ""))
    if found and found[1] in TYPES:
        depth = 1 + found[2].count(",")
        form = "[" * depth + json.dumps(TYPES[found[1]]) + "]" * depth
        return replace(column, sql=f"from_json({column.sql}, {quoted(form)})", type=TYPES[found[1]] + "[]" * depth)
    return replace(column, type=TYPES.get(_text(said["datatype"]), ""))


def _text(value: Any) -> str:
    """A scalar as text: aliases can make more of a list than memory holds."""
    return str(value) if isinstance(value, str | int | float) else ""


class _Loader(yaml.SafeLoader):
    """Reads ordered maps, units and other tagged values as plain data."""


def _untagged(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.MappingNode):
        entries = loader.construct_mapping(node, deep=True)
        return entries.get("unit", entries)
    assert isinstance(node, yaml.SequenceNode)
    return loader.construct_sequence(node, deep=True)


_Loader.add_multi_constructor("!", _untagged)
