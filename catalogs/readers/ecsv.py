"""What astropy writes of columns as YAML: in the header of an ECSV file, and in the metadata of a Parquet file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ...errors import RefusedFile
from .source import FileColumn


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


def described(column: FileColumn, entries: dict[str, Any]) -> FileColumn:
    """The column with the unit, UCD and description that the header gives it."""
    said: dict[str, Any] = next((entry for entry in entries["datatype"] if entry["name"] == column.name), {})
    meta = said.get("meta")
    ucd = (dict(meta) if isinstance(meta, list | dict) else {}).get("ucd", "")
    unit, text = said.get("unit") or "", said.get("description") or ""
    return replace(column, unit=_text(unit), ucd=_text(ucd), description=_text(text))


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
