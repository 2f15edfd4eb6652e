"""CSV and ECSV, plain or gzipped, as archives and spreadsheets write them.

Every column is read as text and cast by the ingest, so that a value that does not fit can be named.
"""

from __future__ import annotations

import csv
import gzip
import re
import shutil
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import duckdb

from ...errors import RefusedFile
from ...workspace.query import quoted
from . import csvw, ecsv
from .source import FileColumn, Source

DELIMITERS = (",", "\t", ";", "|")
DAMAGE = (EOFError, OSError, zlib.error)
NULLS = ["", "null", "NULL", "NaN", "nan", "--"]


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open a table of text; an ECSV header gives delimiter, units and descriptions, a CSVW file beside it the latter.

    Raises
    ------
    UserError
        If the header is unreadable, has one column only (an unknown delimiter), or a name twice.
    """
    comments, names_line = _top(path)
    if names_line.count('"') % 2:
        raise RefusedFile("a name in its header runs over the end of the line; rename that column", file=path)
    said = _ecsv_header(path, comments)
    candidates = (*DELIMITERS, " ") if said else DELIMITERS
    delimiter = said.get("delimiter") or max(candidates, key=re.sub('"[^"]*"', "", names_line).count)
    names = next(csv.reader([names_line], delimiter=delimiter, skipinitialspace=True))
    if len(names) < 2:
        raise RefusedFile(
            f"its header has one column, {names[0][:40]!r}; fields must be separated by commas, tabs, "
            "semicolons or bars",
            file=path,
        )
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise RefusedFile(f"column {min(twice)} stands twice in its header; rename one of them", file=path)
    columns = {name: FileColumn(name, f"c{i}", is_text=True) for i, name in enumerate(names)}
    if said:
        columns = {name: ecsv.described(column, said) for name, column in columns.items()}
    else:
        columns = csvw.described(columns, path)
    kinds = ", ".join(f"'{column.sql}': 'VARCHAR'" for column in columns.values())
    top, rows, close = len(comments) + 1, path, lambda: None
    if any(re.search(rf'{re.escape(delimiter)}\s*"', line) for line in comments):
        folder = TemporaryDirectory(prefix="candlesql-")
        top, rows, close = 0, _rows_alone(path, top, Path(folder.name)), folder.cleanup
    relation = (
        f"read_csv({quoted(rows)}, auto_detect = false, delim = {quoted(delimiter)}, quote = '\"', escape = '\"', "
        f"header = false, skip = {top}, nullstr = {NULLS!r}, columns = {{{kinds}}})"
    )
    return Source(path, columns, lambda names: relation, close=close)


def _top(path: Path) -> tuple[list[str], str]:
    """The comment lines at the top, and the line of column names."""
    comments: list[str] = []
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    if is_gzip != (path.suffix.lower() == ".gz"):
        raise RefusedFile("its name and its content disagree on gzip; rename it", file=path)
    try:
        with _opened(path, "rt", encoding="utf-8-sig") as lines:
            for line in lines:
                if not line.startswith("#"):
                    return comments, line.rstrip("\r\n")
                comments.append(line)
    except (*DAMAGE, UnicodeDecodeError) as error:
        raise RefusedFile(f"truncated, or not what its name says ({error}); fetch it again", file=path) from None
    raise RefusedFile("has no line of column names", file=path)


def _rows_alone(path: Path, n_lines: int, folder: Path) -> Path:
    """A copy without the lines at the top: DuckDB heeds the quotation marks of lines that it skips, and loses rows
    where one of a comment's begins a field."""
    rows = folder / "rows.csv"
    try:
        with _opened(path, "rb") as file, rows.open("wb") as copy:
            for _ in range(n_lines):
                file.readline()
            shutil.copyfileobj(file, copy, 1 << 22)
    except DAMAGE as error:
        raise RefusedFile(f"truncated, or cannot be copied to {folder} ({error})", file=path) from None
    return rows


def _opened(path: Path, mode: str, encoding: str | None = None) -> IO:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, mode, encoding=encoding)  # type: ignore[return-value]
    return path.open(mode, encoding=encoding)


def _ecsv_header(path: Path, comments: list[str]) -> dict:
    if not (comments and "ECSV" in comments[0]):
        return {}
    lines = [line.removeprefix("#").removeprefix(" ") for line in comments]
    return ecsv.header("".join(line for line in lines if not line.startswith("%ECSV")), path)
