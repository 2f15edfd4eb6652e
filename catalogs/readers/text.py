"""CSV and ECSV, plain or gzipped, as the Gaia archive ships them.

Every column is read as text and cast by the ingest, so that a value that does not fit can be named.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import duckdb
import yaml

from ...errors import UserError
from ...sql.query import quoted
from .source import FileColumn, Source


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open a comma-separated file; an ECSV header gives units and descriptions.

    Raises
    ------
    UserError
        If the header is unreadable, has one column only (another delimiter), or a name twice.
    """
    comments, header = _header(path)
    names = next(csv.reader([header], skipinitialspace=True))
    if len(names) < 2:
        raise UserError(f"{path}: its header has one column, {names[0][:40]!r}; fields must be separated by commas")
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise UserError(f"{path}: column {min(twice)} stands twice in its header; rename one of them")
    columns = {name: FileColumn(name) for name in names}
    if comments and "ECSV" in comments[0]:
        columns |= _ecsv_columns(path, comments)
    kinds = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
    relation = (
        f"read_csv({quoted(path)}, auto_detect = false, delim = ',', quote = '\"', escape = '\"', header = true, "
        f"skip = {len(comments)}, nullstr = ['', 'null', 'NULL', 'NaN', 'nan', '--'], columns = {{{kinds}}})"
    )
    return Source(path, relation, columns, is_text=True)


def _header(path: Path) -> tuple[list[str], str]:
    """The comment lines at the top, and the line of column names."""
    comments: list[str] = []
    opened = gzip.open(path, "rt", encoding="utf-8-sig") if path.suffix == ".gz" else path.open(encoding="utf-8-sig")
    try:
        with opened as lines:
            for line in lines:
                if not line.startswith("#"):
                    return comments, line.rstrip("\r\n")
                comments.append(line)
    except (EOFError, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise UserError(f"{path}: truncated, or not what its name says ({error})") from None
    raise UserError(f"{path}: has no line of column names")


def _ecsv_columns(path: Path, comments: list[str]) -> dict[str, FileColumn]:
    text = "".join(line[2:] for line in comments if not line.startswith("# %ECSV") and line.startswith("# "))
    try:
        entries = yaml.load(text, Loader=_EcsvLoader)["datatype"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise UserError(f"{path}: its ECSV header is damaged ({str(error).splitlines()[0]})") from None
    return {
        e["name"]: FileColumn(
            e["name"],
            e.get("unit") or "",
            (e.get("meta") or {}).get("ucd", ""),
            e.get("description") or "",
        )
        for e in entries
    }


class _EcsvLoader(yaml.SafeLoader):
    """Reads the ordered maps of an ECSV header's metadata as plain data."""


_EcsvLoader.add_constructor("!!omap", yaml.SafeLoader.construct_yaml_omap)
_EcsvLoader.add_multi_constructor("!", lambda loader, suffix, node: None)
