"""FITS binary and ASCII tables, plain or gzipped, in slices of constant size."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from astropy.io import fits
from astropy.table import Table

from ...errors import UserError
from .source import FileColumn, Source

ROWS = 200_000


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open the first table of a FITS file.

    Raises
    ------
    UserError
        If the file is truncated, is no FITS file, or holds no table.
    """
    try:
        hdus = fits.open(path, memmap=path.suffix != ".gz", ignore_missing_end=False)
        hdu = next((h for h in hdus if isinstance(h, fits.BinTableHDU | fits.TableHDU)), None)
    except (OSError, EOFError, ValueError) as error:
        raise UserError(f"{path}: not a readable FITS file ({error})") from None
    if hdu is None:
        raise UserError(f"{path}: holds no table")
    _refuse_truncated(path, hdu)
    names = [name for name in hdu.columns.names if _is_flat(hdu.columns[name])]
    columns = {name: _described(hdu, name) for name in names}
    first = _batch(hdu, names, slice(0, 1))
    batches = pa.RecordBatchReader.from_batches(first.schema, _batches(hdu, names, first.schema))
    relation = f"fits_{uuid.uuid4().hex}"
    connection.register(relation, batches)
    return Source(path, relation, columns, close=hdus.close)


def _refuse_truncated(path: Path, hdu: fits.BinTableHDU) -> None:
    if path.suffix == ".gz":
        return
    info = hdu.fileinfo()
    needed = hdu.header["NAXIS1"] * hdu.header["NAXIS2"]
    there = path.stat().st_size - info["datLoc"]
    if there < needed:
        raise UserError(
            f"{path}: truncated: its header promises {hdu.header['NAXIS2']:,} rows ({needed:,} bytes), "
            f"{there:,} bytes are there; fetch it again"
        )


def _is_flat(column: fits.Column) -> bool:
    """One value a row: vector and variable-length columns have no place in a survey's table."""
    shape = column.dtype.shape if column.dtype is not None else ()
    return not shape and not str(column.format).lstrip("0123456789").startswith(("P", "Q"))


def _described(hdu: fits.BinTableHDU, name: str) -> FileColumn:
    position = hdu.columns.names.index(name) + 1
    header = hdu.header
    return FileColumn(
        name,
        hdu.columns[name].unit or "",
        header.get(f"TUCD{position}", ""),
        header.get(f"TCOMM{position}", "") or header.comments[f"TTYPE{position}"],
    )


def _batches(hdu: fits.BinTableHDU, names: list[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for start in range(0, hdu.header["NAXIS2"], ROWS):
        yield _batch(hdu, names, slice(start, start + ROWS)).cast(schema)


def _batch(hdu: fits.BinTableHDU, names: list[str], rows: slice) -> pa.RecordBatch:
    """A slice of the table; TNULL, TSCAL, TZERO and string padding resolved by astropy."""
    table = Table(hdu.data[rows], copy=False)
    arrays = [_array(hdu, table, name) for name in names]
    return pa.RecordBatch.from_arrays(arrays, names=names)


def _array(hdu: fits.BinTableHDU, table: Table, name: str) -> pa.Array:
    values = np.asarray(table[name])
    null = hdu.columns[name].null
    mask = None
    if isinstance(null, int) and values.dtype.kind in "iu":
        mask = values == null
    if values.dtype.kind in "SU":
        text = np.char.strip(values.astype(str))
        return pa.array(text, type=pa.string(), mask=text == "")
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    return pa.array(values, mask=mask)
