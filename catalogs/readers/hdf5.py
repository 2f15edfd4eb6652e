"""HDF5 tables as astropy, pandas and h5py write them, a slice at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from ...errors import MissingPackage, RefusedFile, UserError
from ...workspace.query import quoted
from . import ecsv, hdf5_pandas
from .boundary import refuse_expanding
from .chosen import chosen
from .hdf5_pandas import Part, Parts
from .source import FileColumn, Source, streamed

SLICE_ROWS = 50_000
META = "__table_column_meta__"
TYPES = {
    "b": "BOOLEAN",
    "S": "VARCHAR",
    "O": "VARCHAR",
    "U": "VARCHAR",
    "f4": "REAL",
    "f8": "DOUBLE",
    "f2": "REAL",
    "M": "TIMESTAMP",
}
WHOLE = {1: "TINYINT", 2: "SMALLINT", 4: "INTEGER", 8: "BIGINT"}


def read(connection: duckdb.DuckDBPyConnection, path: Path, table: str = "") -> Source:
    """Open the one table of an HDF5 file, or that at the path `table` in it.

    A table is a dataset of records (astropy, h5py; pandas with `format="table"`), a frame of
    pandas in its fixed format, or a group of columns.

    Raises
    ------
    UserError
        If it is no HDF5 file, or holds none or several.
    """
    with _opened(path) as file:
        tables = _tables(file, path)
        if not tables:
            raise RefusedFile("holds no table: neither records nor a group of columns of one length", file=path)
        name = chosen(path, list(tables), table if table in tables or table.isdigit() else f"/{table}" if table else "")
        parts, dtypes = _parts(file, name, tables[name], path)
        units = {n: _unit(file[part.dataset]) for n, part in parts.items() if not part.field}
        is_pandas = "pandas_type" in file[name].attrs
        said = _said(file, name, path)
        n_rows = _length(file, parts)
        for dataset in {part.dataset for part in parts.values()}:
            _refuse_elsewhere(file[dataset], path)
            refuse_expanding(int(file[dataset].size) * file[dataset].dtype.itemsize, path)
    names = list(parts)
    columns = {n: _column(f"c{i}", n, dtypes[n], said) for i, n in enumerate(names)}
    columns = {n: replace(c, unit=c.unit or units.get(n, "")) for n, c in columns.items()}
    if is_pandas:
        nan = quoted(hdf5_pandas.MISSING)
        columns = {n: replace(c, sql=f"nullif({c.sql}, {nan})") if c.is_text else c for n, c in columns.items()}
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
                    arrays = [_array(_values(slices[parts[n].dataset], parts[n], dtypes[n])) for n in wanted]
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema(wanted))
        except RefusedFile as error:
            failures.append(error)
            raise
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


def _tables(file: Any, path: Path) -> dict[str, list[str]]:
    """Path of each table to those of its datasets: one of records, or the columns of a group."""
    import h5py

    tables: dict[str, list[str]] = {}
    groups: dict[str, list[str]] = {}

    def visit(name: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset):
            if hdf5_pandas.is_fixed(item):
                tables[f"/{name}"] = []
        elif name.endswith(META) or hdf5_pandas.WORDS.search(name) or "/_i_table/" in name:
            return
        elif item.dtype.names and item.ndim == 1:
            tables[_shown(f"/{name}")] = [name]
        elif item.ndim in (1, 2) and not item.dtype.names:
            groups.setdefault(f"/{name.rpartition('/')[0]}", []).append(name)

    file.visititems(visit)
    if tables:
        return tables
    for group, names in groups.items():
        lengths = {file[n].shape[0] for n in names}
        if len(lengths) > 1:
            raise RefusedFile(f"the columns of group {group} differ in length: {sorted(lengths)}", file=path)
        if len(names) > 1:
            tables[group] = names
    return tables


def _refuse_elsewhere(dataset: Any, path: Path) -> None:
    """Values must stand in the file itself: its maker could name any other file of the reader's machine."""
    if dataset.external or dataset.is_virtual or Path(dataset.file.filename).resolve() != path.resolve():
        raise RefusedFile(f"the values of {dataset.name!r:.80} stand in another file, which is not read", file=path)


def _shown(name: str) -> str:
    """Of a table of pandas the name that one gave it."""
    return name.removesuffix("/table") or name


def _parts(file: Any, name: str, where: list[str], path: Path) -> tuple[dict[str, Part], dict[str, np.dtype]]:
    """Each column's place, and the dtype of its values."""
    found: Parts = hdf5_pandas.of_fixed(file[name], path) if hdf5_pandas.is_fixed(file[name]) else {}
    for dataset in map(file.get, where if not found else ()):
        if not dataset.dtype.names:
            found[dataset.name.rpartition("/")[2]] = (
                Part(dataset.name),
                np.dtype((dataset.dtype, dataset.shape[1:])),
            )
        else:
            fields = {field: (Part(dataset.name, field), dataset.dtype[field]) for field in dataset.dtype.names}
            found |= hdf5_pandas.of_table(dataset) or fields
    return {name: part for name, (part, _) in found.items()}, {name: dtype for name, (_, dtype) in found.items()}


def _said(file: Any, name: str, path: Path) -> dict[str, Any]:
    """The YAML that astropy writes beside a table."""
    for place in (f"{name.strip('/')}.{META}", f"{name.strip('/')}/{META}"):
        if place in file:
            lines = [line.decode() if isinstance(line, bytes) else str(line) for line in file[place][()]]
            return ecsv.header("\n".join(lines), path)
    return {}


def _length(file: Any, parts: dict[str, Part]) -> int:
    return min((file[part.dataset].shape[0] for part in parts.values()), default=0)


def _values(slice_: np.ndarray, part: Part, dtype: np.dtype) -> np.ndarray:
    values = slice_[part.field] if part.field else slice_
    values = values[:, part.element] if part.element >= 0 else values
    return np.ascontiguousarray(values).view(dtype) if dtype.kind in "bM" else values


def _unit(dataset: Any) -> str:
    """What an attribute of a column says of its unit."""
    said = next((dataset.attrs[name] for name in ("unit", "units") if name in dataset.attrs), "")
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said if isinstance(said, str) else ""


def _column(sql: str, name: str, dtype: np.dtype, said: dict[str, Any]) -> FileColumn:
    base = dtype.base
    of_list = _of_list(base)
    if of_list and not dtype.shape and of_list.kind in "fiub":
        one = _column(sql, name, of_list, {})
        return replace(one, type=f"{one.type}[]" if one.type else "", is_float=False)
    type_ = TYPES.get(base.kind) or TYPES.get(base.str[1:], "")
    if base.kind in "iu":
        type_ = ("U" if base.kind == "u" else "") + WHOLE[base.itemsize]
    if dtype.shape:
        type_ = type_ + "".join(f"[{n}]" for n in dtype.shape[::-1]) if base.kind in "fiub" else ""
    column = FileColumn(name, sql, is_text=type_ == "VARCHAR", is_float=base.kind == "f", type=type_)
    if not said:
        return column
    return replace(ecsv.described(replace(column, is_text=False), said), is_text=column.is_text)


def _of_list(dtype: np.dtype) -> np.dtype | None:
    """The type of the elements of lists of variable length, as h5py keeps it."""
    element = dict(dtype.metadata or {}).get("vlen")
    return np.dtype(element) if element not in (None, str, bytes) else None


def _array(values: np.ndarray) -> pa.Array:
    of_list = _of_list(values.dtype)
    if of_list:
        return pa.array([None if v is None else v.tolist() for v in values], pa.list_(pa.from_numpy_dtype(of_list)))
    if values.dtype.kind == "M":
        return pa.array(values.astype("M8[us]"))
    if values.dtype.kind in "SO":
        texts = [v.decode() if isinstance(v, bytes) else None if v is None else str(v) for v in values.ravel().tolist()]
        return pa.array([text.rstrip("\0") if text else None for text in texts], pa.string())
    if values.dtype.kind in "Vcm":
        return pa.nulls(len(values), pa.string())
    values = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("=")))
    if values.ndim == 1:
        return pa.array(
            values.astype(np.float32) if values.dtype.itemsize == 2 and values.dtype.kind == "f" else values
        )
    array = pa.array(values.reshape(-1))
    for length in values.shape[:0:-1]:
        array = pa.FixedSizeListArray.from_arrays(array, length)
    return array
