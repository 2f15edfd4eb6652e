"""Missing values that are told beside the value: boolean columns `NAME.mask` (astropy) and `NAME_mask`."""

from __future__ import annotations

import re
from dataclasses import replace

from .source import FileColumn, Source

ASTROPY = ".mask"
MASK = re.compile(r"(.+)(\.mask|_mask)(\[\d+\])?")


def with_masks(source: Source) -> Source:
    """The source with each masked column NULL where its mask says so, and without the masks."""
    masks = {}
    for name, column in source.columns.items():
        masked = _masked_by(name, column, source)
        if masked:
            masks[masked] = column
    if not masks:
        return source
    hidden = {mask.name for mask in masks.values()}
    columns = {
        name: _masked(column, masks[name]) if name in masks else column
        for name, column in source.columns.items()
        if name not in hidden
    }

    return replace(source, columns=columns)


def _masked_by(name: str, column: FileColumn, source: Source) -> str:
    """The column that this one is the mask of, if any; of a vector's elements, the element."""
    found = MASK.fullmatch(name)
    base = f"{found[1]}{found[3] or ''}" if found else ""
    if not found or base not in source.columns:
        return ""
    is_text = found[2] == ASTROPY and column.is_text and column.type in ("", "VARCHAR")
    return base if is_text or column.type == "BOOLEAN" else ""


def _masked(column: FileColumn, mask: FileColumn) -> FileColumn:
    test = f"coalesce({mask.sql}::BOOLEAN, false)"
    return replace(column, sql=f"(case when not {test} then {column.sql} end)", needs=(*column.needs, mask.name))
