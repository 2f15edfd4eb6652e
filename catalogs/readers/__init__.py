"""Readers by format: one module each, one function `read(connection, path) -> Source`, listed in `READERS`.

A new format is a new module and a line here.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from ...errors import UserError
from . import fits, parquet, text
from .source import FileColumn, Reader, Source

__all__ = ["READERS", "FileColumn", "Source", "open_file"]

READERS: dict[str, Reader] = {
    ".fits": fits.read,
    ".fit": fits.read,
    ".parquet": parquet.read,
    ".ecsv": text.read,
    ".csv": text.read,
    ".tsv": text.read,
}


def open_file(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open a catalog file by the format that its name says, `.gz` or not.

    Raises
    ------
    UserError
        If the file is missing, empty, or of an unknown format.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    if path.stat().st_size == 0:
        raise UserError(f"{path}: is empty")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    suffix = next((s for s in reversed(suffixes) if s != ".gz"), "")
    if suffix not in READERS:
        raise UserError(f"{path}: format {suffix or '(none)'} is unknown; it reads {', '.join(READERS)}, also with .gz")
    return READERS[suffix](connection, path)
