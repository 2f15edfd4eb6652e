"""FITS binary tables, streamed: what the columns hold is asked for first, so memory stays constant."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.io import fits

from ...errors import RefusedFile
from ...udfs.names import identifier
from ...workspace.query import first_row
from ..metadata import astropy_header, with_unit
from ..survey import Column
from ..units import is_only_astropys, standard
from .kinds import FLOATS, INTEGERS, SIGNED, UNSIGNED, Facts, element, facts_of, refuse_missing_elements

SUFFIX = ".fits"
LETTERS = {"TINYINT": "I", "SMALLINT": "I", "INTEGER": "J", "BIGINT": "K", "UTINYINT": "B", "USMALLINT": "I"}
LETTERS |= {"UINTEGER": "J", "UBIGINT": "K", "REAL": "E", "DOUBLE": "D", "BOOLEAN": "L"}
CODES = {"L": "u1", "B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}
ARROW = {"B": pa.uint8(), "I": pa.int16(), "J": pa.int32(), "K": pa.int64(), "E": pa.float32(), "D": pa.float64()}
#: Signed type with room for an unsigned one and a value that stands for NULL.
WIDER = {"UTINYINT": "SMALLINT", "USMALLINT": "INTEGER", "UINTEGER": "BIGINT", "UBIGINT": "BIGINT"}
WIDER |= {"TINYINT": "SMALLINT", "SMALLINT": "INTEGER", "INTEGER": "BIGINT"}
LARGEST = 2**63 - 1
BLOCK, AT_ONCE = 2880, 100_000


@dataclass(frozen=True)
class Layout:
    """How a column is written: FITS letter, values a row (-1 for a variable number), zero point, value for NULL."""

    column: Column
    letter: str
    count: int = 1
    zero: int = 0
    null: int | None = None

    @property
    def form(self) -> str:
        return f"1Q{self.letter}" if self.count < 0 else f"{self.count}{self.letter}"

    @property
    def code(self) -> object:
        if self.count < 0:
            return (">i8", (2,))
        if self.letter == "A":
            return f"S{self.count}"
        return (CODES[self.letter], (self.count,)) if self.count > 1 else CODES[self.letter]


def write(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path) -> None:
    """Write a query as one binary table; NULL is NaN, TNULL, or an empty string or list.

    Raises
    ------
    UserError
        If a column of whole numbers holds NULLs and leaves no number for them.
    """
    facts = facts_of(connection, query, columns)
    layout = [_layout(connection, query, column, facts) for column in columns]
    dtype = np.dtype([(f"c{i}", entry.code) for i, entry in enumerate(layout)])  # type: ignore[misc]
    n_heap = sum(facts.total.get(e.column.name, 0) * np.dtype(CODES[e.letter]).itemsize for e in layout if e.count < 0)
    heap_path = path.with_name(f"{path.name}.heap")
    try:
        with path.open("wb") as file, heap_path.open("w+b") as heap:
            file.write(fits.PrimaryHDU().header.tostring().encode("ascii"))
            file.write(_header(layout, dtype.itemsize, facts.n_rows, n_heap, note).tostring().encode("ascii"))
            written = 0
            for batch in connection.sql(query).to_arrow_reader(AT_ONCE):
                written += file.write(_records(batch, layout, dtype, heap).tobytes())
            heap.seek(0)
            shutil.copyfileobj(heap, file)
            file.write(b"\0" * (-(written + n_heap) % BLOCK))
    finally:
        heap_path.unlink(missing_ok=True)


def _layout(connection: duckdb.DuckDBPyConnection, query: str, column: Column, facts: Facts) -> Layout:
    name, one = column.name, element(column)
    if one:
        refuse_missing_elements(column, facts, SUFFIX)
        kind = one if one == "UTINYINT" else WIDER.get(one, one) if one in UNSIGNED else one
        return Layout(column, LETTERS[kind], facts.fixed(name) or -1)
    if column.type not in LETTERS:
        return Layout(column, "A", max(1, facts.width.get(name, 1)))
    if column.type not in INTEGERS:
        return Layout(column, LETTERS[column.type])
    if not facts.nulls[name]:
        zero = 2 ** (UNSIGNED[column.type] - 1) if column.type in UNSIGNED and column.type != "UTINYINT" else 0
        return Layout(column, LETTERS[column.type], zero=zero)
    return _with_null(connection, query, column, facts)


def _with_null(connection: duckdb.DuckDBPyConnection, query: str, column: Column, facts: Facts) -> Layout:
    """The narrowest layout with a number left for NULL; no zero point, since readers differ on TNULL beside one."""
    low, high = facts.low.get(column.name, 0), facts.high.get(column.name, 0)
    if column.type == "UTINYINT" and (high < 255 or low > 0):
        return Layout(column, "B", null=255 if high < 255 else 0)
    kind = column.type if column.type in SIGNED else WIDER[column.type]
    kind = "SMALLINT" if kind == "TINYINT" else kind
    while True:
        least, most = -(2 ** (SIGNED[kind] - 1)), 2 ** (SIGNED[kind] - 1) - 1
        if high <= most and (low > least or high < most):
            return Layout(column, LETTERS[kind], null=least if low > least else most)
        if kind == "BIGINT":
            break
        kind = WIDER[kind]
    free = _unused(connection, query, column) if high <= LARGEST else None
    if free is None:
        raise RefusedFile(
            f"column {column.name} is {column.type} with NULLs and numbers up to {high}, which FITS cannot hold",
            column=column.name,
            hint="write .parquet or .ecsv",
        )
    return Layout(column, "K", null=free)


def _unused(connection: duckdb.DuckDBPyConnection, query: str, column: Column) -> int | None:
    """One of a few numbers that the column does not hold."""
    for number in (-9999, *(-LARGEST + step for step in range(8))):
        if not first_row(connection, f"select 1 from ({query}) where {identifier(column.name)} = {number} limit 1"):
            return number
    return None


def _header(layout: list[Layout], row_size: int, n_rows: int, n_heap: int, note: str) -> fits.Header:
    cards = [
        ("XTENSION", "BINTABLE"),
        ("BITPIX", 8),
        ("NAXIS", 2),
        ("NAXIS1", row_size),
        ("NAXIS2", n_rows),
        ("PCOUNT", n_heap),
        ("GCOUNT", 1),
        ("TFIELDS", len(layout)),
    ]
    header = fits.Header(cards)
    for i, entry in enumerate(layout, 1):
        column = entry.column
        unit = standard(column.unit, "fits")
        header[f"TTYPE{i}"] = (column.name, column.description[:40].encode("ascii", "replace").decode())
        header[f"TFORM{i}"] = entry.form
        for keyword, value in (("TUNIT", unit), ("TUCD", column.ucd), ("TCOMM", with_unit(column, "fits"))):
            if value:
                header[f"{keyword}{i}"] = _ascii(value)
        if entry.zero:
            header[f"TZERO{i}"] = entry.zero
        if entry.null is not None:
            header[f"TNULL{i}"] = entry.null
    for line in note.splitlines():
        header.add_history(_ascii(line))
    for line in _for_astropy([entry.column for entry in layout]):
        header.add_comment(line)
    return header


def _for_astropy(columns: list[Column]) -> list[str]:
    """The lines from which astropy takes descriptions and UCDs, and units that FITS does not have."""
    text = astropy_header(columns)
    other = [column for column in columns if column.type in FLOATS and is_only_astropys(column.unit)]
    lines = ["meta:", "  __serialized_columns__:"] if other else ["meta: {__serialized_columns__: {}}"]
    for column in other:
        name = json.dumps(column.name)
        lines += [
            f"    {name}:",
            "      __class__: astropy.units.quantity.Quantity",
            f"      unit: !astropy.units.Unit {{unit: {json.dumps(column.unit)}}}",
            f"      value: !astropy.table.SerializedColumn {{name: {name}}}",
        ]
    cards = []
    for line in [*text.splitlines(), *lines]:
        pieces = [line[i : i + 70] for i in range(0, len(line), 70)]
        cards += [piece + "\\" for piece in pieces[:-1]] + pieces[-1:]
    return ["--BEGIN-ASTROPY-SERIALIZED-COLUMNS--", *cards, "--END-ASTROPY-SERIALIZED-COLUMNS--"]


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _records(batch: pa.RecordBatch, layout: list[Layout], dtype: np.dtype, heap: IO[bytes]) -> np.ndarray:
    rows = np.zeros(batch.num_rows, dtype)
    for i, entry in enumerate(layout):
        values = batch.column(entry.column.name)
        if entry.count < 0:
            rows[f"c{i}"] = _in_heap(values, entry, heap)
        elif element(entry.column):
            flat = _numbers(values.flatten(), entry)
            rows[f"c{i}"] = flat.reshape(-1, entry.count) if entry.count > 1 else flat
        elif entry.letter == "A":
            rows[f"c{i}"] = [text.encode() for text in values.fill_null("").to_pylist()]
        else:
            rows[f"c{i}"] = _numbers(values, entry)
    return rows


def _numbers(values: pa.Array, entry: Layout) -> np.ndarray:
    """As they stand in the file."""
    if entry.letter == "L":
        return np.asarray(pc.if_else(values, ord("T"), ord("F")).fill_null(0))
    if entry.letter in "ED":
        return np.asarray(values.cast(ARROW[entry.letter]))
    if entry.zero:
        raw = np.asarray(values)
        return (raw ^ np.array(entry.zero, raw.dtype)).view(f"i{raw.dtype.itemsize}")
    return np.asarray(values.cast(ARROW[entry.letter]).fill_null(entry.null or 0))


def _in_heap(values: pa.Array, entry: Layout, heap: IO[bytes]) -> np.ndarray:
    """Lengths and offsets of lists, (rows, 2), whose elements go to the heap."""
    lengths = np.asarray(pc.list_value_length(values).fill_null(0)).astype(np.int64)
    code = np.dtype(CODES[entry.letter])
    start = heap.tell()
    heap.write(_numbers(values.flatten(), entry).astype(code).tobytes())
    offsets = start + code.itemsize * np.concatenate([[0], np.cumsum(lengths)[:-1]]) if len(lengths) else lengths
    return np.column_stack([lengths, offsets])
