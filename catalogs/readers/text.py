"""CSV and ECSV, plain or gzipped, as archives and spreadsheets write them.

Every column is read as text and cast by the ingest, so that a value that does not fit can be named.
"""

from __future__ import annotations

import csv
import gzip
import re
import shutil
import zlib
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import duckdb

from ...errors import RefusedFile, UserError
from ...workspace.query import literal_path, quoted
from ...workspace.short import LONGEST_LINE, lines_of
from . import csvw, ecsv, vizier
from .boundary import refuse_many, refuse_twice
from .missing import NULLS, unless_missing
from .source import FileColumn, Source

DELIMITERS = (",", "\t", ";", "|")
BLOCK = 1 << 22
#: How many tables of an answer are counted.
MOST_TABLES = 10_000
#: A text that no field is.
NEVER = "\x01"
#: What stands for a missing value in ECSV; any other word may be a value.
ECSV_NULLS = ["", "null", "NULL"]
DAMAGE = (EOFError, OSError, zlib.error)


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open a table of text; an ECSV header gives delimiter, types, units and descriptions, a CSVW file beside it the
    latter two, and so do the lines under the names in VizieR's tab-separated form.

    Raises
    ------
    UserError
        If the header is unreadable, has one column only (an unknown delimiter), or a name twice.
    """
    top = _top(path)
    if top.names.count('"') % 2:
        raise RefusedFile("a name in its header runs over the end of the line; rename that column", file=path)
    said = _ecsv_header(path, top.comments)
    candidates = (*DELIMITERS, " ") if said else DELIMITERS
    delimiter = said.get("delimiter") or max(candidates, key=re.sub('"[^"]*"', "", top.names).count)
    refuse_many(top.names.count(delimiter), path)
    names = next(csv.reader([top.names], delimiter=delimiter, skipinitialspace=True))
    names = [name if name.strip() else f"col{i}" for i, name in enumerate(names, 1)]
    if len(names) < 2:
        raise RefusedFile(
            f"its header has one column, {names[0][:40]!r}; fields must be separated by commas, tabs, "
            "semicolons or bars",
            file=path,
        )
    refuse_twice(names, path)
    columns = {name: FileColumn(name, f"c{i}", is_text=True) for i, name in enumerate(names)}
    kinds = ", ".join(f"'{column.sql}': 'VARCHAR'" for column in columns.values())
    n_lines, is_vizier = top.n_lines, delimiter == "\t" and vizier.is_under(top.below, len(names))
    if said:
        columns = {name: ecsv.described(column, said) for name, column in columns.items()}
    elif is_vizier:
        columns = vizier.described(columns, top.below, top.comments)
        _refuse_several(path)
        n_lines += vizier.rule_at(top.below) + 1
    else:
        columns = csvw.described(columns, path)
    rows, close = path, lambda: None
    if top.has_blanks or any(re.search(rf'{re.escape(delimiter)}\s*"', line) for line in top.comments):
        folder = TemporaryDirectory(prefix="candlesql-")
        n_lines, rows, close = 0, _rows_alone(path, n_lines, Path(folder.name)), folder.cleanup
    nulls = [NEVER] if is_vizier else ECSV_NULLS if said else NULLS
    relation = (
        f"read_csv({literal_path(rows)}, auto_detect = false, delim = {quoted(delimiter)}, quote = '\"', "
        f"escape = '\"', header = false, skip = {n_lines}, nullstr = {nulls!r}, null_padding = {is_vizier}, "
        f"columns = {{{kinds}}})"
    )
    if is_vizier:
        relation = vizier.rows(relation, columns)
        columns = {n: replace(c, sql=unless_missing(f"trim({c.sql})", [])) for n, c in columns.items()}
    vectors = {n: replace(c, is_text=False) for n, c in columns.items() if c.type.endswith("]")}
    kept = {name: column for name, column in columns.items() if name not in vectors}
    return Source(path, kept, lambda names: relation, tuple(vectors), lambda: _not_text(path), close, vectors)


def _refuse_several(path: Path) -> None:
    """VizieR answers with the tables of many catalogs, one behind the other."""
    try:
        with _opened(path, "rt", encoding="utf-8-sig") as lines:
            tables = (line for line in lines_of(lines, path) if line.startswith("#Table\t"))
            names = [line.split("\t", 1)[1].strip(" :\n") for line in islice(tables, MOST_TABLES)]
    except (UnicodeDecodeError, *DAMAGE):
        return
    if len(names) > 1:
        raise RefusedFile(
            f"holds {len(names):,} tables: {', '.join(names[:8])}; ask VizieR for one, or "
            "take its VOTable, of which one can be named",
            file=path,
        )


@dataclass(frozen=True)
class Top:
    """The lines of a text file before its rows: comments, names, and the first lines below those."""

    comments: list[str]
    names: str
    below: list[str]
    n_lines: int
    has_blanks: bool


def _top(path: Path) -> Top:
    comments: list[str] = []
    n_blank = n_letters = 0
    with path.open("rb") as file:
        start = file.read(2)
    if (start == b"\x1f\x8b") != (path.suffix.lower() == ".gz"):
        raise RefusedFile("its name and its content disagree on gzip; rename it", file=path)
    try:
        with _opened(path, "rt", encoding="utf-8-sig") as lines:
            given = lines_of(lines, path)
            for line in given:
                n_letters += len(line)
                if n_letters > LONGEST_LINE:
                    raise RefusedFile(f"has more than {LONGEST_LINE:,} letters before its rows", file=path)
                if not line.strip():
                    n_blank += 1
                elif not line.startswith("#"):
                    below = [below.rstrip("\r\n") for below in islice(given, 3)]
                    n_lines = len(comments) + n_blank + 1
                    return Top(comments, line.rstrip("\r\n"), below, n_lines, n_blank > 0)
                else:
                    comments.append(line)
    except UnicodeDecodeError as error:
        raise RefusedFile(not_utf8(error), file=path) from None
    except DAMAGE as error:
        raise RefusedFile(f"truncated, or not what its name says ({error}); fetch it again", file=path) from None
    raise RefusedFile("has no line of column names", file=path)


def not_utf8(error: Exception) -> str:
    """What is wrong with a text that cannot be read, and the way out."""
    if not isinstance(error, UnicodeDecodeError):
        return f"truncated, or not what its name says ({error}); fetch it again"
    start = bytes(error.object[:64])
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "is text in UTF-16, and only UTF-8 is read; convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW"
    if b"\0" in start:
        return "is no text (it holds NUL bytes); give it the name of its format"
    return (
        f"is not UTF-8 (byte {error.object[error.start]:#04x}), perhaps Latin-1; convert it: "
        "iconv -f LATIN1 -t UTF-8 FILE > NEW"
    )


def _not_text(path: Path) -> UserError | None:
    """What is wrong with the letters of a file, if anything."""
    try:
        with _opened(path, "rt", encoding="utf-8") as file:
            while file.read(BLOCK):
                pass
    except UnicodeDecodeError as error:
        return RefusedFile(not_utf8(error), file=path)
    except DAMAGE as error:
        return RefusedFile(f"truncated or damaged ({error}); fetch it again", file=path)
    return None


def _rows_alone(path: Path, n_lines: int, folder: Path) -> Path:
    """A copy without the lines at the top: DuckDB heeds the quotation marks of lines that it skips, and loses rows
    where one of a comment's begins a field."""
    rows = folder / "rows.csv"
    try:
        with _opened(path, "rb") as file, rows.open("wb") as copy:
            for _ in range(n_lines):
                file.readline()
            shutil.copyfileobj(file, copy, BLOCK)
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
