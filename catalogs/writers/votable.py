"""VOTable, streamed: BINARY2, with strings of fixed width."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from ...errors import RefusedFile
from ..metadata import votable_header
from ..survey import Column
from .kinds import Facts, element, facts_of, refuse_missing_elements

SUFFIX = ".vot"
#: DuckDB type to Arrow and numpy type of one value; any other is text. As in `metadata.TYPES`.
FORMATS = {
    "BOOLEAN": (pa.bool_(), "S1"),
    "TINYINT": (pa.int16(), ">i2"),
    "SMALLINT": (pa.int16(), ">i2"),
    "INTEGER": (pa.int32(), ">i4"),
    "BIGINT": (pa.int64(), ">i8"),
    "UTINYINT": (pa.uint8(), "u1"),
    "USMALLINT": (pa.int32(), ">i4"),
    "UINTEGER": (pa.int64(), ">i8"),
    "UBIGINT": (pa.int64(), ">i8"),
    "REAL": (pa.float32(), ">f4"),
    "DOUBLE": (pa.float64(), ">f8"),
}
#: Bytes of a line of base64, and rows that are written at once.
LINE, AT_ONCE = 57, 100_000


def write(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path) -> None:
    """Write a query as a VOTable; NULL is a bit in each row's mask.

    Raises
    ------
    UserError
        If a whole number is too large for the format's largest type, 64 bits with sign.
    """
    facts = facts_of(connection, query, columns)
    for column in columns:
        _refuse_unholdable(column, facts)
    widths = {column.name: max(1, facts.width.get(column.name, 1)) for column in columns}
    lengths = {c.name: str(facts.fixed(c.name) or "*") for c in columns if element(c)}
    head, tail = votable_header(columns, widths, note, lengths).split("</TABLE>")
    with path.open("wb") as file:
        file.write(
            f"<?xml version='1.0' encoding='UTF-8'?>\n{head}<DATA><BINARY2><STREAM encoding='base64'>\n".encode()
        )
        rest = b""
        for batch in connection.sql(query).to_arrow_reader(AT_ONCE):
            data = rest + b"".join(_records(batch, columns, widths, facts))
            whole = len(data) - len(data) % LINE
            file.write(base64.encodebytes(data[:whole]))
            rest = data[whole:]
        file.write(base64.encodebytes(rest))
        file.write(f"</STREAM></BINARY2></DATA></TABLE>{tail}\n".encode())


def _refuse_unholdable(column: Column, facts: Facts) -> None:
    refuse_missing_elements(column, facts, SUFFIX)
    is_too_large = column.type == "UBIGINT" and facts.high.get(column.name, 0) >= 2**63
    if is_too_large or element(column) == "UBIGINT":
        raise RefusedFile(
            f"column {column.name} is {column.type}, and VOTable has no unsigned numbers of 64 bits",
            column=column.name,
            hint="write .parquet, .fits or .ecsv, or cast it to VARCHAR in a view of your own",
        )


def _records(batch: pa.RecordBatch, columns: list[Column], widths: dict[str, int], facts: Facts) -> Iterator[bytes]:
    """The rows of a batch, in one piece, or where lists differ in length one by one."""
    n_mask = -(-len(columns) // 8)
    mask = np.zeros((batch.num_rows, n_mask), "u1")
    stretches: list[list[tuple[str, np.ndarray]] | list[bytes]] = [[("mask", mask)]]
    for i, column in enumerate(columns):
        values = batch.column(column.name)
        missing = np.asarray(values.is_null())
        mask[:, i // 8] |= (missing * (128 >> i % 8)).astype("u1")
        if element(column) and not facts.fixed(column.name):
            stretches += [_lists(values, element(column)), []]
        else:
            array = _array(values, column, widths, facts)
            stretches[-1].append((column.name, array))  # type: ignore[arg-type]
    packed = [s if s and isinstance(s[0], bytes) else _packed(s, batch.num_rows) for s in stretches if s]  # type: ignore[arg-type]
    if len(packed) == 1 and isinstance(packed[0], np.ndarray):
        yield packed[0].tobytes()
        return
    rows = [p if isinstance(p, list) else [row.tobytes() for row in p] for p in packed]
    yield from (b"".join(row) for row in zip(*rows, strict=True))


def _packed(stretch: list[tuple[str, np.ndarray]], n_rows: int) -> np.ndarray:
    dtype = [(f"c{i}", array.dtype, array.shape[1:]) for i, (_, array) in enumerate(stretch)]
    rows = np.zeros(n_rows, np.dtype(dtype))
    for i, (_, array) in enumerate(stretch):
        rows[f"c{i}"] = array
    return rows


def _array(values: pa.Array, column: Column, widths: dict[str, int], facts: Facts) -> np.ndarray:
    """Values of a fixed size, (rows) or (rows, elements)."""
    one = element(column)
    if one:
        return _numbers(values.flatten(), one).reshape(-1, facts.fixed(column.name))
    if column.type in FORMATS:
        return _numbers(values, column.type)
    texts = values.fill_null("").to_pylist()
    return np.array([text.encode("utf-16-be") for text in texts], f"S{2 * widths[column.name]}")


def _numbers(values: pa.Array, kind: str) -> np.ndarray:
    arrow, code = FORMATS[kind]
    if kind == "BOOLEAN":
        words = np.where(np.asarray(values.fill_null(False)), b"T", b"F").astype("S1")
        return np.where(np.asarray(values.is_null()), b"?", words)
    filled = values.cast(arrow)
    filled = filled.fill_null(float("nan") if pa.types.is_floating(arrow) else 0)
    return np.asarray(filled).astype(code)


def _lists(values: pa.Array, kind: str) -> list[bytes]:
    """Each list as its length and its elements."""
    numbers = _numbers(values.flatten(), kind)
    lists, start = [], 0
    for length in (n or 0 for n in pa.compute.list_value_length(values).to_pylist()):
        lists.append(struct.pack(">i", length) + numbers[start : start + length].tobytes())
        start += length
    return lists
