"""HDF5 as pandas lays it out: `format="table"` in blocks of one type, the fixed format as a matrix a type.

Both name their columns by pickles or beside the values; a pickle is looked at and never run.
"""

from __future__ import annotations

import pickletools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import RefusedFile

#: Tables that hold the words of a categorical column.
WORDS = re.compile(r"/meta/[^/]+/meta/table$")
BLOCK = re.compile(r"block\d+_values")
#: How pandas writes a missing text where it is not told otherwise.
MISSING = "nan"
#: Of a column that is not read.
UNREAD = np.dtype("V1")


@dataclass(frozen=True)
class Part:
    """Where the values of a column are: a dataset, and a field of it, and an element of that; "" and -1 for none."""

    dataset: str
    field: str = ""
    element: int = -1


Parts = dict[str, tuple[Part, np.dtype]]


def is_fixed(item: Any) -> bool:
    """Whether a group is a frame in the fixed format."""
    return _attribute(item, "pandas_type") == "frame"


def of_fixed(group: Any, path: Path) -> Parts:
    """The columns of a frame in the fixed format.

    Raises
    ------
    UserError
        If it has columns of text, which stand there as pickles, or several levels of names.
    """
    if _attribute(group, "axis0_variety") == "multi":
        raise RefusedFile(f"{group.name} has several levels of column names; write it with one", file=path)
    parts: Parts = _index(group["axis1"], Part(group["axis1"].name), _attribute(group["axis1"], "name"))
    for name in filter(BLOCK.fullmatch, group):
        values, items = group[name], group[name.replace("values", "items")][()]
        if values.dtype.kind == "O":
            raise RefusedFile(
                f"{group.name} has text, which pandas keeps as a pickle in its fixed format, and pickles are not read",
                file=path,
                hint='write it with format="table"',
            )
        for i, column in enumerate(items):
            said = _attribute(values, "value_type") or ("bool" if _is_bits(values) else "")
            parts[_text(column)] = (Part(values.name, element=i), _meant(values.dtype, said, ""))
    return parts


def of_table(dataset: Any) -> Parts:
    """The columns of a frame that pandas wrote with `format="table"`; none if it did not."""
    if _attribute(dataset.parent, "pandas_type") != "frame_table":
        return {}
    info = [text for text in _words(dataset.parent.attrs.get("info", b"")) if text != "index"]
    named = info[info.index("index_name") + 1] if "index_name" in info else ""
    parts: Parts = _index(dataset, Part(dataset.name, "index"), named)
    for field in dataset.dtype.names:
        if field == "index":
            continue
        said, meta = (_attribute(dataset, f"{field}_{end}") for end in ("dtype", "meta"))
        base = dataset.dtype[field].base
        columns = _words(dataset.attrs.get(f"{field}_kind", b"")) or [field]
        for i, column in enumerate(columns):
            element = i if dataset.dtype[field].shape else -1
            parts[column] = (Part(dataset.name, field, element), _meant(base, said, meta))
    return parts


def _index(dataset: Any, part: Part, name: str) -> Parts:
    """The rows' labels, unless they only count the rows."""
    name = (_words(name.encode("latin-1")) or [""])[0] if name.endswith(".") else name
    labels = dataset[part.field] if part.field else dataset[()]
    counts = labels.dtype.kind in "iu" and np.array_equal(labels, np.arange(len(labels)))
    return {} if counts and not name else {name or "index": (part, labels.dtype)}


def _meant(stored: np.dtype, said: str, meta: str) -> np.dtype:
    """The type of values that HDF5 has no type for."""
    if meta == "category":
        return UNREAD
    if said == "bool" or said.startswith("datetime64["):
        return np.dtype(said)
    return stored


def _is_bits(dataset: Any) -> bool:
    import h5py

    return bool(dataset.id.get_type().get_class() == h5py.h5t.BITFIELD)


def _attribute(item: Any, name: str) -> str:
    return _text(item.attrs.get(name, ""))


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _words(pickle: Any) -> list[str]:
    """The texts in a pickle."""
    try:
        return [str(text) for code, text, _ in pickletools.genops(bytes(pickle)) if "UNICODE" in code.name]
    except (ValueError, TypeError):
        return []
