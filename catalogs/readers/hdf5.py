"""HDF5 tables as astropy, pandas (format "table") and h5py write them, a slice at a time."""

from __future__ import annotations

import pickletools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from ...errors import MissingPackage, RefusedFile, UserError
from . import ecsv
from .chosen import chosen
from .source import FileColumn, Source, streamed

SLICE_ROWS = 50_000
META = "__table_column_meta__"
TYPES = {"b": "BOOLEAN", "S": "VARCHAR", "O": "VARCHAR", "U": "VARCHAR", "f4": "REAL", "f8": "DOUBLE", "f2": "REAL"}
WHOLE = {1: "TINYINT", 2: "SMALLINT", 4: "INTEGER", 8: "BIGINT"}


@dataclass(frozen=True)
class Part:
    """Where the values of a column are: a dataset, and a field of it, and an element of that; "" and -1 for none."""

    dataset: str
    field: str = ""
    element: int = -1


def read(connection: duckdb.DuckDBPyConnection, path: Path, table: str = "") -> Source:
    """Open the one table of an HDF5 file, or that at the path `table` in it.

    A table is a dataset of records (astropy, h5py; pandas with `format="table"`), or a group of columns.

    Raises
    ------
    UserError
        If it is no HDF5 file, or holds none or several.
    """
    with _opened(path) as file:
        tables = _tables(file)
        if not tables:
            raise RefusedFile(
                "holds no table: neither records nor a group of columns of one length; of pandas write it with "
                'format="table"',
                file=path,
            )
        name = chosen(path, list(tables), table if table in tables or table.isdigit() else f"/{table}" if table else "")
        parts, dtypes = _parts(file, tables[name])
        said = _said(file, name, path)
        n_rows = _length(file, parts)
    names = list(parts)
    columns = {n: _column(f"c{i}", n, dtypes[n], parts[n], said) for i, n in enumerate(names)}
    failures: list[UserError] = []

    def schema(wanted: list[str]) -> pa.Schema:
        return pa.schema([(f"c{names.index(n)}", _array(np.empty(0, dtypes[n])).type) for n in wanted])

    def batches(wanted: list[str]) -> Iterator[pa.RecordBatch]:
        try:
            with _opened(path) as file:
                for start in range(0, n_rows, SLICE_ROWS):
                    slices: dict[str, Any] = {}
                    for part in (parts[n] for n in wanted):
                        if part.dataset not in slices:
                            slices[part.dataset] = file[part.dataset][start : start + SLICE_ROWS]
                    arrays = [_array(_values(slices[parts[n].dataset], parts[n])) for n in wanted]
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema(wanted))
        except (OSError, pa.ArrowInvalid, UnicodeDecodeError) as error:
            failures.append(RefusedFile(f"truncated or damaged ({error}); fetch it again", file=path))
            raise failures[0] from None

    relation, close = streamed(connection, schema, batches, names)
    left_out = tuple(n for n, c in columns.items() if not c.type or c.type.endswith("]"))
    vectors = {n: columns[n] for n in left_out if columns[n].type}
    kept = {n: c for n, c in columns.items() if n not in left_out}
    return Source(path, kept, relation, left_out, lambda: failures[0] if failures else None, close, vectors)


def _opened(path: Path) -> Any:
    try:
        import h5py
    except ImportError:
        raise MissingPackage("HDF5 files need h5py", hint="pip install 'candlesql[formats]'") from None
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise RefusedFile(f"not a readable HDF5 file ({error})", file=path) from None


def _tables(file: Any) -> dict[str, list[str]]:
    """Path of each table to those of its datasets: one of records, or the columns of a group."""
    import h5py

    tables: dict[str, list[str]] = {}
    groups: dict[str, list[str]] = {}

    def visit(name: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset) or name.endswith(META):
            return
        if item.dtype.names and item.ndim == 1:
            tables[f"/{name}"] = [name]
        elif item.ndim in (1, 2) and not item.dtype.names:
            groups.setdefault(f"/{name.rpartition('/')[0]}", []).append(name)

    file.visititems(visit)
    for group, names in groups.items():
        is_pandas = "pandas_type" in file[group].attrs or group.endswith("/_i_table/index")
        if not tables and not is_pandas and len({file[n].shape[0] for n in names}) == 1 and len(names) > 1:
            tables[group] = names
    index = [name for name in tables if "/_i_table/" in name]
    return {_shown(name): where for name, where in tables.items() if name not in index}


def _shown(name: str) -> str:
    """Of a table of pandas the name that one gave it."""
    return name.removesuffix("/table") or name


def _parts(file: Any, where: list[str]) -> tuple[dict[str, Part], dict[str, np.dtype]]:
    """Each column's place, and the dtype of its values."""
    parts: dict[str, Part] = {}
    dtypes: dict[str, np.dtype] = {}
    for name in where:
        dataset = file[name]
        if not dataset.dtype.names:
            short = name.rpartition("/")[2]
            parts[short] = Part(name)
            dtypes[short] = np.dtype((dataset.dtype, dataset.shape[1:]))
            continue
        for field in dataset.dtype.names:
            blocks = _pandas_names(dataset, field)
            for i, column in enumerate(blocks):
                parts[column] = Part(name, field, i)
                dtypes[column] = dataset.dtype[field].base
            if not blocks and not (field == "index" and "pandas_type" in dataset.parent.attrs):
                parts[field] = Part(name, field)
                dtypes[field] = dataset.dtype[field]
    return parts, dtypes


def _pandas_names(dataset: Any, field: str) -> list[str]:
    """The columns that pandas keeps together in a block of values of one type."""
    kinds = dataset.attrs.get(f"{field}_kind") if field.startswith("values_block_") else None
    if kinds is None:
        return []
    # It is a pickle, which is looked at and never run.
    return [str(text) for code, text, _ in pickletools.genops(bytes(kinds)) if "UNICODE" in code.name]


def _said(file: Any, name: str, path: Path) -> dict[str, Any]:
    """The YAML that astropy writes beside a table."""
    for place in (f"{name.strip('/')}.{META}", f"{name.strip('/')}/{META}"):
        if place in file:
            lines = [line.decode() if isinstance(line, bytes) else str(line) for line in file[place][()]]
            return ecsv.header("\n".join(lines), path)
    return {}


def _length(file: Any, parts: dict[str, Part]) -> int:
    return min((file[part.dataset].shape[0] for part in parts.values()), default=0)


def _values(slice_: np.ndarray, part: Part) -> np.ndarray:
    values = slice_[part.field] if part.field else slice_
    return values[:, part.element] if part.element >= 0 else values


def _column(sql: str, name: str, dtype: np.dtype, part: Part, said: dict[str, Any]) -> FileColumn:
    base = dtype.base
    type_ = TYPES.get(base.kind) or TYPES.get(base.str[1:], "")
    if base.kind in "iu":
        type_ = ("U" if base.kind == "u" else "") + WHOLE[base.itemsize]
    if dtype.shape:
        type_ = f"{type_}[{dtype.shape[0]}]" if len(dtype.shape) == 1 and base.kind in "fiub" else ""
    column = FileColumn(name, sql, is_text=type_ == "VARCHAR", is_float=base.kind == "f", type=type_)
    if not said:
        return column
    return replace(ecsv.described(replace(column, is_text=False), said), is_text=column.is_text)


def _array(values: np.ndarray) -> pa.Array:
    if values.dtype.kind in "SO":
        texts = [v.decode() if isinstance(v, bytes) else None if v is None else str(v) for v in values.ravel().tolist()]
        return pa.array([text.rstrip("\0") if text else None for text in texts], pa.string())
    if values.dtype.kind in "VcmM":
        return pa.nulls(len(values), pa.string())
    values = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("=")))
    if values.ndim == 1:
        return pa.array(
            values.astype(np.float32) if values.dtype.itemsize == 2 and values.dtype.kind == "f" else values
        )
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), int(np.prod(values.shape[1:])))
