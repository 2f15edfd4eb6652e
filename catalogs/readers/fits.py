"""FITS binary and ASCII tables, plain or gzipped, in slices of constant size.

The elements of a short vector are columns of their own, `NAME[1]` and so on; whole, vectors of any length and
variable-length arrays of numbers are lists. Complex numbers and bit fields are left out.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.io.fits import Header

from ...errors import RefusedFile, UserError
from .source import FileColumn, Source, streamed

BLOCK = 2880
#: Of one header: six or so stand for a column.
MOST_CARDS = 200_000
SLICE_BYTES, SLICE_ROWS = 1 << 23, 1 << 16
MAX_ELEMENTS = 64
FORM = re.compile(r"\s*(\d*)\s*([LXBIJKAEDCMPQ])\s*(.*)")
ASCII_FORM = re.compile(r"\s*([AIFED])\s*(\d+)")
#: numpy type of one value, big-endian as stored, and its size in bytes.
CODES = {"L": "u1", "B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}
SIZES = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16, "P": 8, "Q": 16}
#: Integer zero points that only mean the other signedness; FITS standard 4.0, section 7.3.2.
RESIGNED = {("u1", -128): "i1", (">i2", 2**15): "u2", (">i4", 2**31): "u4", (">i8", 2**63): "u8"}
#: Arrow's names of types, in DuckDB's.
ARROW_NAMES = {
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "float": "REAL",
    "double": "DOUBLE",
}
DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True)
class Field:
    """Where a column's bytes lie in a row, and how they become values."""

    name: str
    sql: str
    code: str
    offset: int
    place: int
    scale: float = 1
    zero: float = 0
    null: str | int | None = None
    is_logical: bool = False
    is_ascii: str = ""
    part_of: str = ""
    count: int = 1
    heap: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it is a vector or a variable-length array."""
        return self.count > 1 or bool(self.heap)

    @property
    def numpy_type(self) -> object:
        """Of what stands in the row: of a variable-length array its length and place."""
        if self.heap:
            return (">i4" if self.heap == "P" else ">i8", (2,))
        return (self.code, (self.count,)) if self.count > 1 else self.code

    @property
    def declared(self) -> str:
        """DuckDB's name of its type."""
        if self.is_text:
            return {"": "VARCHAR", "A": "VARCHAR", "I": "BIGINT"}.get(self.is_ascii, "DOUBLE")
        one = "BOOLEAN" if self.is_logical else "DOUBLE" if self.is_scaled else ARROW_NAMES[str(self.one_type)]
        return one + ("[]" if self.heap else f"[{self.count}]" if self.count > 1 else "")

    @property
    def is_text(self) -> bool:
        return self.code.startswith("S")

    @property
    def is_scaled(self) -> bool:
        return self.scale != 1 or (self.zero != 0 and (self.code, self.zero) not in RESIGNED)

    @property
    def one_type(self) -> pa.DataType:
        return _array(self, np.empty(0, self.code)).type

    @property
    def arrow_type(self) -> pa.DataType:
        if self.heap:
            return pa.list_(self.one_type)
        return pa.list_(self.one_type, self.count) if self.count > 1 else self.one_type


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
        self.fields, self.left_out = _layout(self.header, path)
        self.vectors = {name: field for name, field in self.fields.items() if field.is_whole}

    def batches(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        """The rows, in slices; what goes wrong is kept in `failure`, since DuckDB shows only its text."""
        fields = [self.fields[name] for name in names]
        spec = {"names": names, "formats": [f.numpy_type for f in fields], "offsets": [f.offset for f in fields]}
        dtype = np.dtype(spec | {"itemsize": self.row_size})  # type: ignore[call-overload]
        schema = self.schema(names)
        rows = max(1, min(SLICE_ROWS, SLICE_BYTES // max(1, self.row_size)))
        try:
            with _opened(self.path) as stream:
                _table_header(stream, self.path, self.hdu)
                heap = _Heap(self, stream.tell()) if any(field.heap for field in fields) else None
                for start in range(0, self.n_rows, rows):
                    raw = stream.read(self.row_size * min(rows, self.n_rows - start))
                    if len(raw) < self.row_size * min(rows, self.n_rows - start):
                        raise EOFError(f"it ends after {start + len(raw) // self.row_size:,} rows")
                    slice_ = np.frombuffer(raw, dtype)
                    arrays = [
                        _whole(f, slice_[f.name], heap) if f.is_whole else _array(f, slice_[f.name]) for f in fields
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
        arrays = []
        for length, offset in places.tolist():
            self.stream.seek(self.at + offset)
            raw = self.stream.read(length * size)
            if len(raw) < length * size:
                raise EOFError("the array of a row lies beyond its end")
            arrays.append(np.frombuffer(raw, field.code))
        return arrays


def _whole(field: Field, raw: np.ndarray, heap: _Heap | None) -> pa.Array:
    """A column of vectors as lists."""
    if heap is None or not field.heap:
        return pa.FixedSizeListArray.from_arrays(_array(field, np.ascontiguousarray(raw).reshape(-1)), field.count)
    arrays = heap.values(field, raw)
    ends = np.cumsum([0, *(len(array) for array in arrays)])
    flat = np.concatenate(arrays) if arrays else np.empty(0, field.code)
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), _array(field, flat.astype(field.code)))


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


def _layout(header: Header, path: Path) -> tuple[dict[str, Field], tuple[str, ...]]:
    """The columns with one value a row, and the names of the others."""
    is_binary = header["XTENSION"].strip() == "BINTABLE"
    kept: dict[str, Field] = {}
    left_out = []
    offset = 0
    for i in range(1, header["TFIELDS"] + 1):
        name = str(header.get(f"TTYPE{i}", f"col{i}")).strip()
        name = name if name not in kept else f"{name}_{i}"
        scaling = {
            "scale": header.get(f"TSCAL{i}", 1),
            "zero": header.get(f"TZERO{i}", 0),
            "null": header.get(f"TNULL{i}"),
        }
        if is_binary:
            form = _binary_form(header, i, path)
            fields = [
                Field(label, "", form.code, offset + place, i, is_logical=form.is_logical, part_of=whole, **scaling)
                for label, place, whole in form.elements(name)
            ]
            if form.code and (form.count > 1 or form.heap):
                whole = Field(
                    name,
                    "",
                    form.code,
                    offset,
                    i,
                    is_logical=form.is_logical,
                    count=form.count,
                    heap=form.heap,
                    **scaling,
                )
                kept[name] = replace(whole, sql=f"c{len(kept)}")
            offset += form.n_bytes
        else:
            fields = _ascii_field(header, i, name, scaling)
        for field in fields:
            kept[field.name] = replace(field, sql=f"c{len(kept)}")
        if not fields:
            left_out.append(name)
    if is_binary and offset != header["NAXIS1"]:
        raise RefusedFile(
            f"damaged: its columns fill {offset} bytes a row, its header says {header['NAXIS1']}", file=path
        )
    return kept, tuple(left_out)


@dataclass(frozen=True)
class _Form:
    """A TFORM: numpy code of one value ("" for a column that is left out), how many there are, bytes a row."""

    code: str
    count: int
    n_bytes: int
    is_logical: bool
    heap: str = ""

    def elements(self, name: str) -> list[tuple[str, int, str]]:
        """Name, offset and the vector's name of each value."""
        if not self.code or self.heap or self.count > MAX_ELEMENTS:
            return []
        if self.count == 1:
            return [(name, 0, "")]
        return [(f"{name}[{k + 1}]", k * self.n_bytes // self.count, name) for k in range(self.count)]


def _binary_form(header: Header, i: int, path: Path) -> _Form:
    found = FORM.fullmatch(str(header[f"TFORM{i}"]))
    if not found:
        raise RefusedFile(f"damaged: TFORM{i} is {header[f'TFORM{i}']!r}", file=path)
    repeat, letter, rest = int(found[1] or 1), found[2], found[3]
    size = -(-repeat // 8) if letter == "X" else repeat * SIZES[letter]
    if letter == "A":
        is_list = "," in str(header.get(f"TDIM{i}", "")) or (rest.isdigit() and int(rest) < repeat)
        return _Form(f"S{repeat}" if repeat and not is_list else "", 1, size, False)
    if letter in "PQ" and repeat and rest[:1] in CODES:
        return _Form(CODES[rest[0]], 1, size, rest[0] == "L", letter)
    return _Form(CODES.get(letter, "") if repeat else "", repeat, size, letter == "L")


def _ascii_field(header: Header, i: int, name: str, scaling: dict) -> list[Field]:
    found = ASCII_FORM.match(str(header[f"TFORM{i}"]))
    if not found or scaling["scale"] != 1 or scaling["zero"] != 0:
        return []
    return [Field(name, "", f"S{found[2]}", header[f"TBCOL{i}"] - 1, i, null=scaling["null"], is_ascii=found[1])]


def _described(table: Table) -> dict[str, FileColumn]:
    header = table.header
    return {
        name: FileColumn(
            name,
            field.sql,
            str(header.get(f"TUNIT{field.place}", "")).strip(),
            str(header.get(f"TUCD{field.place}", "")),
            str(header.get(f"TCOMM{field.place}", "") or header.comments[f"TTYPE{field.place}"]),
            is_text=field.is_text,
            is_float=field.is_scaled or field.code in (">f4", ">f8"),
            part_of=field.part_of,
            type=field.declared,
        )
        for name, field in table.fields.items()
    }


def _array(field: Field, raw: np.ndarray) -> pa.Array:
    """A column of a slice; undefined values are NULL, NaN stays."""
    if field.is_text:
        return _text(field, raw)
    if field.is_logical:
        return pa.array(raw == ord("T"), mask=(raw != ord("T")) & (raw != ord("F")))
    is_integer = field.code[-2] in "iu"
    mask = raw == int(field.null) if is_integer and field.null is not None else None
    values = raw.astype(raw.dtype.newbyteorder("="))
    if field.is_scaled:
        values = values.astype(np.float64) * field.scale + field.zero
    elif field.zero != 0:
        values = values.view(RESIGNED[field.code, int(field.zero)])
        values = values + np.array(field.zero).astype(values.dtype)
    return pa.array(values, mask=mask)


def _text(field: Field, raw: np.ndarray) -> pa.Array:
    """Strings without the blanks and NULs that pad them; an empty one is NULL."""
    values = pa.array(raw, type=pa.binary())
    try:
        text = values.cast(pa.string())
    except pa.ArrowInvalid:
        text = pa.array([value.decode("latin-1") for value in raw.tolist()], type=pa.string())
    text = pc.utf8_trim(pc.replace_substring_regex(text, r"(?s)\x00.*", ""), " \t\r\n")
    missing = [""]
    if field.is_ascii and field.null is not None:
        missing.append(str(field.null).strip()[: int(field.code[1:])])
    text = pc.if_else(pc.is_in(text, pa.array(missing)), pa.scalar(None, pa.string()), text)
    return pc.replace_substring_regex(text, r"^([+-]?[0-9.]+)[Dd]([+-]?[0-9]+)$", r"\1E\2") if field.is_ascii else text
