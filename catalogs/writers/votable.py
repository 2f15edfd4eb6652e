"""VOTable, streamed: BINARY2 with strings of fixed width, so that every row is as long as the others."""

from __future__ import annotations

import base64
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from ..metadata import text_widths, votable_header
from ..survey import Column

#: DuckDB type to Arrow and numpy type of one value; any other is text. As in `metadata.TYPES`.
FORMATS = {
    "BOOLEAN": (pa.bool_(), "S1"),
    "TINYINT": (pa.int16(), ">i2"),
    "SMALLINT": (pa.int16(), ">i2"),
    "INTEGER": (pa.int32(), ">i4"),
    "BIGINT": (pa.int64(), ">i8"),
    "UBIGINT": (pa.int64(), ">i8"),
    "HUGEINT": (pa.float64(), ">f8"),
    "REAL": (pa.float32(), ">f4"),
    "FLOAT": (pa.float32(), ">f4"),
    "DOUBLE": (pa.float64(), ">f8"),
}


def write(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path) -> None:
    """Write a query as a VOTable; NULL is a bit in each row's mask."""
    widths = text_widths(connection, f"({query})", columns)
    head, tail = votable_header(columns, widths, note).split("</TABLE>")
    codes = [FORMATS[c.type][1] if c.type in FORMATS else f"S{2 * widths[c.name]}" for c in columns]
    n_mask = -(-len(columns) // 8)
    dtype = np.dtype([("mask", "u1", (n_mask,)), *((f"c{i}", code) for i, code in enumerate(codes))])
    with path.open("wb") as file:
        file.write(
            f"<?xml version='1.0' encoding='UTF-8'?>\n{head}<DATA><BINARY2><STREAM encoding='base64'>\n".encode()
        )
        rest = b""
        for batch in connection.sql(query).to_arrow_reader(100_000):
            data = rest + _records(batch, columns, dtype).tobytes()
            whole = len(data) - len(data) % 57
            file.write(base64.encodebytes(data[:whole]))
            rest = data[whole:]
        file.write(base64.encodebytes(rest))
        file.write(f"</STREAM></BINARY2></DATA></TABLE>{tail}\n".encode())


def _records(batch: pa.RecordBatch, columns: list[Column], dtype: np.dtype) -> np.ndarray:
    rows = np.zeros(batch.num_rows, dtype)
    for i, column in enumerate(columns):
        values = batch.column(column.name)
        missing = values.is_null().to_numpy(zero_copy_only=False)
        rows["mask"][:, i // 8] |= (missing * (128 >> i % 8)).astype("u1")
        if column.type == "BOOLEAN":
            filled: object = np.where(values.fill_null(False).to_numpy(zero_copy_only=False), b"T", b"F")
        elif column.type in FORMATS:
            filled = values.cast(FORMATS[column.type][0]).fill_null(0).to_numpy(zero_copy_only=False)
        else:
            texts = values.cast(pa.string()).fill_null("").to_pylist()
            filled = np.array([text.encode("utf-16-be") for text in texts], dtype[f"c{i}"])
        rows[f"c{i}"] = filled
    return rows
