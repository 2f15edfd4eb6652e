"""FITS binary tables, streamed: the row count is asked for first, so memory stays constant."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.io import fits

from ...workspace.query import first_row, identifier
from ..survey import Column

#: DuckDB type to FITS form and numpy type; anything else is written as text.
FORMATS = {
    "BOOLEAN": ("L", "u1"),
    "TINYINT": ("I", ">i2"),
    "SMALLINT": ("I", ">i2"),
    "INTEGER": ("J", ">i4"),
    "BIGINT": ("K", ">i8"),
    "UBIGINT": ("D", ">f8"),
    "HUGEINT": ("D", ">f8"),
    "REAL": ("E", ">f4"),
    "FLOAT": ("E", ">f4"),
    "DOUBLE": ("D", ">f8"),
}
ARROW = {"I": pa.int16(), "J": pa.int32(), "K": pa.int64(), "E": pa.float32(), "D": pa.float64()}
NULLS = {"I": -(2**15), "J": -(2**31), "K": -(2**63)}
BLOCK = 2880


def write(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path) -> None:
    """Write a query as one binary table; NULL is NaN, TNULL, or an empty string."""
    (n_rows,) = first_row(connection, f"select count(*) from ({query})")
    widths = _text_widths(connection, query, columns)
    layout = [(c, *FORMATS.get(c.type, (f"{widths.get(c.name, 1)}A", f"S{widths.get(c.name, 1)}"))) for c in columns]
    dtype = np.dtype([(column.name, code) for column, _, code in layout])
    header = _header(layout, dtype.itemsize, n_rows, note)
    with path.open("wb") as file:
        file.write(fits.PrimaryHDU().header.tostring().encode("ascii"))
        file.write(header.tostring().encode("ascii"))
        written = 0
        for batch in connection.sql(query).to_arrow_reader(100_000):
            written += file.write(_records(batch, layout, dtype).tobytes())
        file.write(b"\0" * (-written % BLOCK))


def _text_widths(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column]) -> dict[str, int]:
    names = [c.name for c in columns if c.type not in FORMATS]
    if not names:
        return {}
    longest = ", ".join(f"max(strlen({identifier(name)}::varchar))" for name in names)
    row = first_row(connection, f"select {longest} from ({query})")
    return {name: max(1, n or 1) for name, n in zip(names, row, strict=True)}


def _header(layout: list[tuple[Column, str, str]], row_size: int, n_rows: int, note: str) -> fits.Header:
    cards = [
        ("XTENSION", "BINTABLE"),
        ("BITPIX", 8),
        ("NAXIS", 2),
        ("NAXIS1", row_size),
        ("NAXIS2", n_rows),
        ("PCOUNT", 0),
        ("GCOUNT", 1),
        ("TFIELDS", len(layout)),
    ]
    header = fits.Header(cards)
    for i, (column, form, _) in enumerate(layout, 1):
        header[f"TTYPE{i}"] = (
            column.name,
            column.description[:40].encode("ascii", "replace").decode(),
        )
        header[f"TFORM{i}"] = form
        for keyword, value in (("TUNIT", column.unit), ("TUCD", column.ucd), ("TCOMM", column.description)):
            if value:
                header[f"{keyword}{i}"] = _ascii(value)
        if form in NULLS:
            header[f"TNULL{i}"] = NULLS[form]
    for line in note.splitlines():
        header.add_history(_ascii(line))
    return header


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _records(batch: pa.RecordBatch, layout: list[tuple[Column, str, str]], dtype: np.dtype) -> np.ndarray:
    rows = np.zeros(batch.num_rows, dtype)
    for column, form, _ in layout:
        values = batch.column(column.name)
        if form == "L":
            values = pc.if_else(values, ord("T"), ord("F")).fill_null(0)
        elif form in NULLS:
            values = values.cast(ARROW[form]).fill_null(NULLS[form])
        elif form in ARROW:
            values = values.cast(ARROW[form])
        else:
            values = pa.array([t.encode() for t in values.cast(pa.string()).fill_null("").to_pylist()], pa.binary())
        rows[column.name] = values.to_numpy(zero_copy_only=False)
    return rows
