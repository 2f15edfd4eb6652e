"""Readers by format: one module each, one function `read(connection, path) -> Source`, listed in `READERS`.

A new format is a new module and a line here.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from ...errors import RefusedFile
from ..survey import Layout
from . import fits, hats, layout, mrt, parquet, query, text, votable
from .boundary import check_gzip, check_limits, refusing
from .source import FileColumn, Reader, Source

__all__ = ["READERS", "FileColumn", "Source", "catalog_files", "hats", "open_file", "refusing", "split_hdu"]

READERS: dict[str, Reader] = {
    ".fits": fits.read,
    ".fit": fits.read,
    ".parquet": parquet.read,
    ".ecsv": text.read,
    ".csv": text.read,
    ".tsv": text.read,
    ".mrt": mrt.read,
    ".vot": votable.read,
    ".votable": votable.read,
    ".xml": votable.read,
    ".sql": query.read,
}
#: What these readers unpack they read as far as the checksum.
READ_TO_THE_END = (".fits", ".fit", ".vot", ".votable", ".xml")
#: Files that a survey's own layout is for; without one they say nothing of their columns.
PLAIN_TEXT = (".dat", ".txt", ".csv", ".tsv", ".tbl")


def open_file(
    connection: duckdb.DuckDBPyConnection, path: Path, lines: Layout | None = None, usual_hdu: str = ""
) -> Source:
    """Open a catalog by the format that its name says, `.gz` or not; a HATS catalog by its folder.

    `stars.fits[2]` or `stars.fits[NAME]` is one of several tables of a FITS file. `lines` is the layout of text files
    without a header, `usual_hdu` the table that is read where the path names none.

    Raises
    ------
    UserError
        If the file is missing, empty, or of an unknown format.
    """
    with refusing(path):
        return check_limits(_open(connection, path, lines, usual_hdu))


def _open(connection: duckdb.DuckDBPyConnection, path: Path, lines: Layout | None, usual_hdu: str) -> Source:
    if path.is_dir():
        return hats.read(connection, path)
    base, hdu = split_hdu(path)
    hdu = hdu or usual_hdu
    if not base.is_file():
        raise RefusedFile("no such file", file=base)
    if base.stat().st_size == 0:
        raise RefusedFile("is empty", file=base)
    suffix = _suffix(base)
    if suffix not in READ_TO_THE_END:
        check_gzip(base)
    if lines and suffix in PLAIN_TEXT:
        return layout.read(connection, base, lines)
    if hdu and suffix in (".fits", ".fit"):
        return fits.read(connection, base, hdu)
    if suffix in PLAIN_TEXT and suffix not in READERS:
        raise RefusedFile(
            "text that does not say what its columns are; say it in a survey file, [layout] names = [...]", file=base
        )
    if suffix not in READERS:
        raise RefusedFile(
            f"format {suffix or '(none)'} is unknown; it reads {', '.join(READERS)}, also with .gz", file=base
        )
    return READERS[suffix](connection, base)


def split_hdu(path: Path) -> tuple[Path, str]:
    """The file of a path, and the table that `[...]` behind it names."""
    found = None if path.exists() else re.fullmatch(r"(.+)\[([^\[\]]+)\]", path.name)
    return (path.with_name(found[1]), found[2]) if found else (path, "")


def catalog_files(paths: list[Path]) -> list[Path]:
    """The files themselves; a folder that is no HATS catalog stands for every catalog file in it.

    Raises
    ------
    UserError
        If a folder holds none.
    """
    files: list[Path] = []
    for path in paths:
        if not path.is_dir() or hats.is_catalog(path):
            files.append(path)
            continue
        found = sorted(p for p in path.iterdir() if p.is_file() and _suffix(p) in (*READERS, *PLAIN_TEXT))
        if not found:
            raise RefusedFile(f"holds no catalog file; it reads {', '.join(READERS)}, also with .gz", file=path)
        files += found
    return files


def _suffix(path: Path) -> str:
    return next((s.lower() for s in reversed(path.suffixes) if s.lower() != ".gz"), "")
