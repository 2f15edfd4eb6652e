"""FITS binary tables, streamed: the row count is asked for first, so memory stays constant."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.io import fits

from ...sql.query import first_row
from ..survey import Column

FORMATS = {
    "BOOLEAN": ("L", "u1"),
    "TINYINT": ("I", ">i2"),
    "SMALLINT": ("I", ">i2"),
    "INTEGER": ("J", ">i4"),
    "BIGINT": ("K", ">i8"),
    "UBIGINT": ("K", ">i8"),
    "REAL": ("E", ">f4"),
    "FLOAT": ("E", ">f4"),
    "DOUBLE": ("D", ">f8"),
}
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
        for batch in connection.execute(query).fetch_record_batch(100_000):
            written += file.write(_records(batch, layout, dtype).tobytes())
        file.write(b"\0" * (-written % BLOCK))


def _text_widths(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column]) -> dict[str, int]:
    names = [c.name for c in columns if c.type not in FORMATS]
    if not names:
        return {}
    longest = ", ".join(f'max(strlen("{name}"::varchar))' for name in names)
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
        if column.unit:
            header[f"TUNIT{i}"] = column.unit
        if form in NULLS:
            header[f"TNULL{i}"] = NULLS[form]
    for line in note.splitlines():
        header.add_history(line.encode("ascii", "replace").decode())
    return header


def _records(batch: pa.RecordBatch, layout: list[tuple[Column, str, str]], dtype: np.dtype) -> np.ndarray:
    rows = np.zeros(batch.num_rows, dtype)
    for column, form, _ in layout:
        values = batch.column(column.name)
        if form == "L":
            letters = pc.if_else(values, ord("T"), ord("F"))
            rows[column.name] = letters.fill_null(0).to_numpy(zero_copy_only=False)
        elif form in NULLS:
            rows[column.name] = values.fill_null(NULLS[form]).to_numpy(zero_copy_only=False)
        elif form in ("E", "D"):
            rows[column.name] = values.to_numpy(zero_copy_only=False)
        else:
            text = values.cast(pa.string()).fill_null("").to_numpy(zero_copy_only=False)
            rows[column.name] = [t.encode("utf-8") for t in text]
    return rows
