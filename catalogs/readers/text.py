"""CSV and ECSV, plain or gzipped, as archives and spreadsheets write them.

Every column is read as text and cast by the ingest, so that a value that does not fit can be named.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from pathlib import Path

import duckdb

from ...errors import UserError
from ...sql.query import quoted
from . import ecsv
from .source import FileColumn, Source

DELIMITERS = (",", "\t", ";", "|")
NULLS = ["", "null", "NULL", "NaN", "nan", "--"]


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open a table of text; an ECSV header gives delimiter, units and descriptions.

    Raises
    ------
    UserError
        If the header is unreadable, has one column only (an unknown delimiter), or a name twice.
    """
    comments, names_line = _top(path)
    said = _ecsv_header(path, comments)
    candidates = (*DELIMITERS, " ") if said else DELIMITERS
    delimiter = said.get("delimiter") or max(candidates, key=names_line.count)
    names = next(csv.reader([names_line], delimiter=delimiter, skipinitialspace=True))
    if len(names) < 2:
        raise UserError(
            f"{path}: its header has one column, {names[0][:40]!r}; fields must be separated by commas, tabs, "
            "semicolons or bars"
        )
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise UserError(f"{path}: column {min(twice)} stands twice in its header; rename one of them")
    columns = {name: FileColumn(name, f"c{i}", is_text=True) for i, name in enumerate(names)}
    if said:
        columns = {name: ecsv.described(column, said) for name, column in columns.items()}
    kinds = ", ".join(f"'{column.sql}': 'VARCHAR'" for column in columns.values())
    relation = (
        f"read_csv({quoted(path)}, auto_detect = false, delim = {quoted(delimiter)}, quote = '\"', escape = '\"', "
        f"header = true, skip = {len(comments)}, nullstr = {NULLS!r}, columns = {{{kinds}}})"
    )
    return Source(path, columns, lambda names: relation)


def _top(path: Path) -> tuple[list[str], str]:
    """The comment lines at the top, and the line of column names."""
    comments: list[str] = []
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    if is_gzip != (path.suffix.lower() == ".gz"):
        raise UserError(f"{path}: its name and its content disagree on gzip; rename it")
    opener = gzip.open if is_gzip else open
    try:
        with opener(path, "rt", encoding="utf-8-sig") as lines:
            for line in lines:
                if not line.startswith("#"):
                    return comments, line.rstrip("\r\n")
                comments.append(line)
    except (EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        raise UserError(f"{path}: truncated, or not what its name says ({error})") from None
    raise UserError(f"{path}: has no line of column names")


def _ecsv_header(path: Path, comments: list[str]) -> dict:
    if not (comments and "ECSV" in comments[0]):
        return {}
    lines = [line.removeprefix("#").removeprefix(" ") for line in comments]
    return ecsv.header("".join(line for line in lines if not line.startswith("%ECSV")), path)
