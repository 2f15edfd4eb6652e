"""Excel workbooks (.xlsx): one sheet, whose first row has the names; row by row."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ...errors import MissingPackage, RefusedFile
from .boundary import SMALL, refuse_many
from .chosen import chosen
from .source import FileColumn, Source, streamed

SLICE_ROWS = 10_000
#: Of what openpyxl reads whole, the texts of all cells among it, and of all; sheets are packed ten times.
MOST_BYTES, MOST_EXPANSION = 1 << 26, 100
#: Of the XML of one row, which openpyxl makes objects of [bytes]; Excel has 16,384 columns.
LONGEST_ROW = 1 << 22
#: Rows that Excel has.
MOST_ROWS = 1 << 20


def read(connection: duckdb.DuckDBPyConnection, path: Path, sheet: str = "") -> Source:
    """Open the one sheet of a workbook, or that called `sheet`; every value is text, to be cast by the ingest.

    Raises
    ------
    UserError
        If it is no workbook, holds several sheets, or has no names in its first row.
    """
    with closing(_workbook(path)) as book:
        name = chosen(path, list(book.sheetnames), sheet)
        header = next(book[name].iter_rows(values_only=True), ())
    refuse_many(len(header), path)
    names = [str(value).strip() if value is not None else "" for value in header]
    while names and not names[-1]:
        names.pop()
    if not names or "" in names or len(set(names)) < len(names):
        raise RefusedFile(f"sheet {name}: its first row must have a name for each column, each once", file=path)

    def schema(wanted: list[str]) -> pa.Schema:
        return pa.schema([(f"c{names.index(column)}", pa.string()) for column in wanted])

    def batches(wanted: list[str]) -> Iterator[pa.RecordBatch]:
        places = [names.index(column) for column in wanted]
        with closing(_workbook(path)) as book:
            rows = book[name].iter_rows(min_row=2, max_row=MOST_ROWS, values_only=True, max_col=len(names))
            while slice_ := list(islice(rows, SLICE_ROWS)):
                there = [row for row in slice_ if any(value is not None for value in row)]
                arrays = [pa.array([_text(row[i]) for row in there], pa.string()) for i in places]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema(wanted))

    relation, close = streamed(connection, schema, batches, names)
    columns = {column: FileColumn(column, f"c{i}", is_text=True) for i, column in enumerate(names)}
    return Source(path, columns, relation, close=close)


def _workbook(path: Path) -> Any:
    try:
        import openpyxl
    except ImportError:
        raise MissingPackage("Excel workbooks need openpyxl", hint="pip install 'candlesql[formats]'") from None
    try:
        with zipfile.ZipFile(path) as parts:
            sizes = {part.filename: part.file_size for part in parts.infolist()}
        kept = sum(size for name, size in sizes.items() if "/worksheets/" not in name)
        if kept > MOST_BYTES or sum(sizes.values()) > max(SMALL, MOST_EXPANSION * path.stat().st_size):
            raise ValueError(f"it unpacks to {sum(sizes.values()):,} bytes")
        _refuse_endless_rows(path, [name for name, size in sizes.items() if size > LONGEST_ROW])
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise RefusedFile(f"not a readable Excel workbook ({error})", file=path) from None


def _refuse_endless_rows(path: Path, names: list[str]) -> None:
    with zipfile.ZipFile(path) as parts:
        for name in names:
            with parts.open(name) as file:
                n_since, seam = 0, b""
                while block := file.read(1 << 20):
                    at = (seam + block).rfind(b"<row")
                    n_since = n_since + len(block) if at < 0 else len(seam) + len(block) - at
                    seam = block[-3:]
                    if n_since > LONGEST_ROW and "/worksheets/" in name:
                        raise ValueError(f"a row takes more than {LONGEST_ROW:,} bytes")


def _text(value: Any) -> str | None:
    """A cell as text; numbers that Excel holds as 1.0 and shows as 1 are whole."""
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return str(value)
