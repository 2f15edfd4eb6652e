"""What a W3C CSVW file says of the columns of the CSV file that it stands beside (`m.csv-metadata.json`)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from ...errors import RefusedFile
from ...workspace.short import short_text
from ..metadata import CSVW_SUFFIX, CSVW_UCD, CSVW_UNIT
from .source import FileColumn


def described(columns: dict[str, FileColumn], path: Path) -> dict[str, FileColumn]:
    """The columns of the CSV file `path` with their units, UCDs and descriptions, where there is such a file of it.

    Raises
    ------
    UserError
        If that file is damaged, or describes other columns.
    """
    beside = path.with_name(path.name + CSVW_SUFFIX)
    if not beside.is_file():
        return columns
    try:
        said = json.loads(short_text(beside))
        if unquote(said["url"]) != path.name:
            return columns
        entries = {entry.get("titles") or entry["name"]: entry for entry in said["tableSchema"]["columns"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedFile(f"damaged, or no CSVW file ({error}); mend it, or take it away", file=beside) from None
    other = [name for name in columns if name not in entries] or [name for name in entries if name not in columns]
    if other:
        raise RefusedFile(f"does not fit {path.name}: column {other[0]} is in one only; take it away", file=beside)
    return {name: _with(column, entries[name]) for name, column in columns.items()}


def _with(column: FileColumn, entry: dict[str, str]) -> FileColumn:
    unit, ucd = entry.get(CSVW_UNIT, ""), entry.get(CSVW_UCD, "")
    return replace(column, unit=unit, ucd=ucd, description=entry.get("dc:description", ""))
