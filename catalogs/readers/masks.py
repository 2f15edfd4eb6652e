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
    for name, column in {**source.columns, **source.vectors}.items():
        masked = _masked_by(name, column, source)
        if masked:
            masks[masked] = column
    if not masks:
        return source
    hidden = {mask.name for mask in masks.values()}
    columns, vectors = (
        {n: _masked(c, masks[n]) if n in masks else c for n, c in some.items() if n not in hidden}
        for some in (source.columns, source.vectors)
    )
    return replace(source, columns=columns, vectors=vectors)


def _masked_by(name: str, column: FileColumn, source: Source) -> str:
    """The column that this one is the mask of, if any; of a vector's elements, the element."""
    found = MASK.fullmatch(name)
    base = f"{found[1]}{found[3] or ''}" if found else ""
    if found and base in source.vectors:
        return base if column.type.startswith("BOOLEAN[") else ""
    if not found or base not in source.columns:
        return ""
    is_text = found[2] == ASTROPY and column.is_text and column.type in ("", "VARCHAR")
    return base if is_text or column.type == "BOOLEAN" else ""


def _masked(column: FileColumn, mask: FileColumn) -> FileColumn:
    needs = (*column.needs, mask.name)
    if mask.type.endswith("]"):
        return replace(column, sql=_masked_elements(column.sql, mask.sql, mask.type.count("[")), needs=needs)
    test = f"coalesce({mask.sql}::BOOLEAN, false)"
    return replace(column, sql=f"(case when not {test} then {column.sql} end)", needs=needs)


def _masked_elements(values: str, mask: str, depth: int, level: int = 0) -> str:
    """The SQL of lists, perhaps of lists, with each element NULL where that of the mask is true."""
    if not depth:
        return f"if(coalesce({mask}, false), null, {values})"
    each = _masked_elements(f"x{level}", f"{mask}[i{level}]", depth - 1, level + 1)
    return f"list_transform({values}, lambda x{level}, i{level}: {each})"
