"""What astropy writes of columns as YAML: in the header of an ECSV file, and in the metadata of a Parquet file."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import yaml

from ...errors import RefusedFile
from ...workspace.query import quoted
from ..remote.address import Place
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
#: What a header may be: twenty thousand columns take a quarter of it.
MOST_LETTERS, MOST_VALUES, DEEPEST = 1 << 24, 1_000_000, 50
#: A whole number of YAML: those of more digits would take long to make, and none is one.
MOST_DIGITS = 100
VECTOR = re.compile(r"(\w+)\[([\d,]+|null)\]")


def header(text: str, path: Place) -> dict[str, Any]:
    """The header as plain data.

    Raises
    ------
    UserError
        If it is damaged.
    """
    try:
        _refuse_unfolding(text)
        entries = yaml.load(text, Loader=_Loader)
        if not isinstance(entries, dict) or not all("name" in entry for entry in entries["datatype"]):
            raise KeyError("datatype")
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        said = (str(error).splitlines() or [""])[0]
        raise RefusedFile(f"its ECSV header is damaged ({said:.200})", file=path) from None
    return entries


def _refuse_unfolding(text: str) -> None:
    """A header is no longer, deeper, or, with its aliases written out, larger than that of a wide catalog.

    Raises
    ------
    ValueError
        If it is.
    """
    if len(text) > MOST_LETTERS:
        raise ValueError(f"it has more than {MOST_LETTERS:,} letters")
    sizes: dict[str, int] = {}
    opened: list[tuple[str | None, int]] = []
    n = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            n += sizes.get(event.anchor, 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            opened.append((event.anchor, n))
            n += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, start = opened.pop()
            if anchor:
                sizes[anchor] = n - start
        elif isinstance(event, yaml.ScalarEvent):
            n += 1
        if len(opened) > DEEPEST or n > MOST_VALUES:
            raise ValueError(f"it has more than {MOST_VALUES:,} values, or lies more than {DEEPEST} deep")


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
    if "of each" not in entries:
        entries["of each"] = {entry["name"]: entry for entry in reversed(entries["datatype"])}
    said: dict[str, Any] = entries["of each"].get(column.name, {})
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


class _Loader(yaml.CSafeLoader):
    """Reads ordered maps, units and other tagged values as plain data."""


def _untagged(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.MappingNode):
        entries = loader.construct_mapping(node, deep=True)
        return entries.get("unit", entries)
    assert isinstance(node, yaml.SequenceNode)
    return loader.construct_sequence(node, deep=True)


def _whole_number(loader: _Loader, node: yaml.ScalarNode) -> Any:
    return node.value if len(node.value) > MOST_DIGITS else loader.construct_yaml_int(node)


_Loader.add_multi_constructor("!", _untagged)
_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)
