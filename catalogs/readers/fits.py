"""FITS binary and ASCII tables, plain or gzipped, in slices of constant size.

The elements of a short vector are columns of their own, `NAME[1]` and so on; whole, vectors of any length,
variable-length arrays and bit fields are lists. Complex numbers are left out.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import numpy as np
import pyarrow as pa
from astropy.io.fits import Header

from ...errors import RefusedFile, UserError
from . import ecsv
from .fits_columns import Field, array_of, layout, whole_of
from .source import FileColumn, Source, streamed

BLOCK = 2880
#: Of one header: six or so stand for a column.
MOST_CARDS = 200_000
BEGIN, END = (f"--{word}-ASTROPY-SERIALIZED-COLUMNS--" for word in ("BEGIN", "END"))
SLICE_BYTES, SLICE_ROWS = 1 << 23, 1 << 16
#: What the variable-length arrays of a slice take together: rows that all point to one place would make any number.
MOST_OF_ARRAYS = 1 << 26
DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error)


class Table:
    """A table of a FITS file: its header, its layout, and its rows from the start as often as wanted."""

    def __init__(self, path: Path, hdu: str = "") -> None:
        self.path, self.hdu = path, hdu
        self.failure: UserError | None = None
        try:
            with _opened(path) as stream:
                self.header = _table_header(stream, path, hdu)
                if not isinstance(stream, gzip.GzipFile):
                    _refuse_more(stream, path, self.header, hdu)
        except (OSError, ValueError, *DAMAGE) as error:
            raise RefusedFile(f"not a readable FITS file ({error})", file=path) from None
        self.row_size, self.n_rows = self.header["NAXIS1"], self.header["NAXIS2"]
        self.fields, self.left_out = layout(self.header, path)
        self.vectors = {name: field for name, field in self.fields.items() if field.is_whole}

    def batches(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        """The rows, in slices; what goes wrong is kept in `failure`, since DuckDB shows only its text."""
        fields = [self.fields[name] for name in names]
        spec = {"names": names, "formats": [f.numpy_type for f in fields], "offsets": [f.offset for f in fields]}
        dtype = np.dtype(spec | {"itemsize": self.row_size})  # type: ignore[call-overload]
        schema = self.schema(names)
        of_arrays = self.header.get("PCOUNT", 0) // max(1, self.n_rows) if any(field.heap for field in fields) else 0
        rows = max(1, min(SLICE_ROWS, SLICE_BYTES // max(1, self.row_size + of_arrays)))
        try:
            with _opened(self.path) as stream:
                _table_header(stream, self.path, self.hdu)
                heap = _Heap(self, stream.tell()).values if any(field.heap for field in fields) else _no_heap
                for start in range(0, self.n_rows, rows):
                    raw = stream.read(self.row_size * min(rows, self.n_rows - start))
                    if len(raw) < self.row_size * min(rows, self.n_rows - start):
                        raise EOFError(f"it ends after {start + len(raw) // self.row_size:,} rows")
                    slice_ = np.frombuffer(raw, dtype)
                    arrays = [
                        whole_of(f, slice_[f.name], heap)
                        if f.is_whole or f.heap or f.n_bits
                        else array_of(f, slice_[f.name])
                        for f in fields
                    ]
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema)
                self._check_end(stream, raw[-self.row_size :] if self.n_rows > 0 else b"")
        except UserError as error:
            self.failure = error
            raise
        except DAMAGE as error:
            self.failure = RefusedFile(
                f"truncated or damaged: its header promises {self.n_rows:,} rows ({error}); fetch it again",
                file=self.path,
            )
            raise self.failure from None

    def _check_end(self, stream: BinaryIO, last_row: bytes) -> None:
        """Refuse rows that are only the zeros that fill the last block, and bytes that no header speaks of."""
        if last_row and len(self.fields) > 1 and self.row_size < BLOCK and not last_row.strip(b"\0 "):
            raise RefusedFile(
                f"damaged: the last of the {self.n_rows:,} rows that its header promises is nothing but "
                "zeros or blanks; mend NAXIS2, or fetch it again",
                file=self.path,
            )
        if isinstance(stream, gzip.GzipFile):
            _refuse_more(stream, self.path, self.header, self.hdu, max(0, self.n_rows) * self.row_size)

    def schema(self, names: list[str]) -> pa.Schema:
        """Arrow names and types; the file's own names would not do, since SQL does not tell `G` from `g`."""
        return pa.schema([(self.fields[name].sql, self.fields[name].arrow_type) for name in names])


def read(connection: duckdb.DuckDBPyConnection, path: Path, hdu: str = "") -> Source:
    """Open the one table of a FITS file, or that with the number (the primary is 0) or EXTNAME `hdu`.

    Raises
    ------
    UserError
        If the file is truncated, is no FITS file, or holds no table or several.
    """
    table = Table(path, hdu)

    relation, close = streamed(connection, table.schema, table.batches, list(table.fields))
    columns = _described(table)
    vectors = {name: columns[name] for name in table.vectors}
    kept = {name: column for name, column in columns.items() if name not in vectors}
    if not kept and not vectors:
        raise RefusedFile("its table has no column that is read", file=path)
    return Source(path, kept, relation, table.left_out, lambda: table.failure, close, vectors)


class _Heap:
    """The bytes of variable-length arrays, behind the rows."""

    def __init__(self, table: Table, at: int) -> None:
        self.stream = _opened(table.path)
        self.at = at + table.header.get("THEAP", table.n_rows * table.row_size)

    def values(self, field: Field, places: np.ndarray) -> list[np.ndarray]:
        """The raw values of each row, whose lengths and offsets are `places`, (rows, 2)."""
        size = np.dtype(field.code).itemsize
        needed = int(places[:, 0].clip(0).sum(dtype=float)) * size
        if places.min(initial=0) < 0 or needed > MOST_OF_ARRAYS:
            raise EOFError(f"the arrays of {len(places):,} rows say that they take {needed:,} bytes")
        arrays = []
        for length, offset in places.tolist():
            self.stream.seek(self.at + offset)
            raw = self.stream.read(length * size)
            if len(raw) < length * size:
                raise EOFError("the array of a row lies beyond its end")
            arrays.append(np.frombuffer(raw, field.code))
        return arrays


def _no_heap(field: Field, places: np.ndarray) -> list[np.ndarray]:
    raise AssertionError(f"{field.name} has no heap")


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if is_gzip else path.open("rb")  # type: ignore[return-value]


def _table_header(stream: BinaryIO, path: Path, hdu: str) -> Header:
    """Skip to the table; the stream is left at its rows."""
    if stream.read(6) != b"SIMPLE":
        raise ValueError("it does not begin with SIMPLE")
    stream.seek(0)
    number = 0
    while True:
        try:
            _refuse_endless(stream)
            header = Header.fromfile(stream)
        except EOFError:
            raise RefusedFile(f"{path}: holds no table" + (f" {hdu}" if hdu else "")) from None
        wanted = hdu in ("", str(number)) or hdu.lower() == str(header.get("EXTNAME", "")).strip().lower()
        if wanted and _is_table(header):
            break
        size = _n_bytes(header)
        stream.seek(size + -size % BLOCK, os.SEEK_CUR)
        number += 1
    if header.get("ZTABLE", False):
        raise RefusedFile("its table is compressed (ZTABLE), which is not read; unpack it with funpack", file=path)
    needed = header["NAXIS1"] * header["NAXIS2"]
    there = path.stat().st_size - stream.tell()
    if not isinstance(stream, gzip.GzipFile) and there < needed:
        raise RefusedFile(
            f"truncated: its header promises {header['NAXIS2']:,} rows ({needed:,} bytes), "
            f"{there:,} bytes are there; fetch it again",
            file=path,
        )
    return header


def _refuse_endless(stream: BinaryIO) -> None:
    """A header ends within MOST_CARDS cards; the stream stays where it is."""
    start, blocks = stream.tell(), 0
    while block := stream.read(BLOCK):
        blocks += 1
        if any(block[i : i + 8].rstrip() == b"END" for i in range(0, len(block), 80)):
            break
        if blocks * BLOCK > MOST_CARDS * 80:
            raise ValueError(f"a header has more than {MOST_CARDS:,} cards")
    stream.seek(start)


def _refuse_more(stream: BinaryIO, path: Path, header: Header, hdu: str, n_read: int = 0) -> None:
    """What stands behind the table must be another HDU, and no table unless this one was asked for.

    `n_read` bytes of the table are read already: of a gzipped file all rows are, since looking there beforehand would
    unpack all of it twice.
    """
    names = [str(header.get("EXTNAME", "")).strip() or "(no name)"]
    size = _n_bytes(header)
    stream.seek(size - n_read, os.SEEK_CUR)
    while True:
        filling = stream.read(-size % BLOCK)
        block = stream.read(BLOCK)
        is_end = not block.strip(b"\0 \r\n")
        if (_is_table(header) and filling.strip(b"\0 \r\n")) or not (is_end or block.startswith(b"XTENSION")):
            raise RefusedFile(
                f"damaged: after the {header.get('NAXIS2', 0):,} rows that its header promises come other "
                "bytes; mend NAXIS2, or fetch it again",
                file=path,
            )
        if is_end:
            break
        stream.seek(-len(block), os.SEEK_CUR)
        _refuse_endless(stream)
        header = Header.fromfile(stream)
        if _is_table(header):
            names.append(str(header.get("EXTNAME", "")).strip() or "(no name)")
        size = _n_bytes(header)
        stream.seek(size, os.SEEK_CUR)
    if len(names) > 1 and not hdu:
        raise RefusedFile(
            f"holds {len(names)} tables: {', '.join(names[:8])}; say which by number or name, as in "
            f"'{path.name}[1]' or '{path.name}[{names[0]}]'",
            file=path,
        )


def _is_table(header: Header) -> bool:
    return header.get("XTENSION", "").strip() in ("BINTABLE", "TABLE") and not header.get("ZIMAGE", False)


def _n_bytes(header: Header) -> int:
    """Size of the data behind a header, without what fills the last block."""
    axes = [header[f"NAXIS{i + 1}"] for i in range(header["NAXIS"])]
    return max(0, abs(header["BITPIX"]) // 8 * (int(np.prod(axes)) + header.get("PCOUNT", 0))) if axes else 0


def _described(table: Table) -> dict[str, FileColumn]:
    header = table.header
    columns = {
        name: FileColumn(
            name,
            field.sql,
            str(header.get(f"TUNIT{field.place}", "")).strip(),
            str(header.get(f"TUCD{field.place}", "")),
            str(header.get(f"TCOMM{field.place}", "") or header.comments[f"TTYPE{field.place}"]),
            is_text=field.is_text and not field.is_whole,
            is_float=field.is_scaled or field.code in (">f4", ">f8"),
            part_of=field.part_of,
            type=field.declared,
        )
        for name, field in table.fields.items()
    }
    entries = _by_astropy(header, table.path)
    return {name: ecsv.completed(column, entries) for name, column in columns.items()} if entries else columns


def _by_astropy(header: Header, path: Path) -> dict[str, Any]:
    """The YAML that astropy writes of columns into comments, whose lines go on behind a backslash."""
    comments = [str(line) for line in header.get("COMMENT", ())]
    if BEGIN not in comments or END not in comments:
        return {}
    lines = comments[comments.index(BEGIN) + 1 : comments.index(END)]
    return ecsv.header("\n".join(lines).replace("\\\n", ""), path)
