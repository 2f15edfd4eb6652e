"""Readers by format: one module each, one function `read(connection, path) -> Source`, listed in `READERS`.

A new format is a new module and a line here. Every door into the package opens files by `open_file`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from ...errors import RefusedFile
from ..remote.address import Address, Place
from ..survey import Layout
from . import (
    arrow,
    database,
    excel,
    fits,
    hats,
    hdf5,
    ipac,
    jsonl,
    layout,
    mrt,
    packed,
    parquet,
    query,
    remote,
    text,
    votable,
)
from .boundary import check_gzip, check_limits, refusing
from .masks import with_masks
from .sexagesimal import with_positions
from .source import FileColumn, Reader, Source

__all__ = ["READERS", "FileColumn", "Source", "catalog_files", "hats", "open_file", "parquet", "refusing", "split_hdu"]

READERS: dict[str, Reader] = {
    ".fits": fits.read,
    ".fit": fits.read,
    ".fts": fits.read,
    ".fz": fits.read,
    ".parquet": parquet.read,
    ".parq": parquet.read,
    ".pq": parquet.read,
    ".feather": arrow.read,
    ".arrow": arrow.read,
    ".ipc": arrow.read,
    ".h5": hdf5.read,
    ".hdf5": hdf5.read,
    ".hdf": hdf5.read,
    ".ecsv": text.read,
    ".csv": text.read,
    ".tsv": text.read,
    ".mrt": mrt.read,
    ".tbl": ipac.read,
    ".vot": votable.read,
    ".votable": votable.read,
    ".xml": votable.read,
    ".jsonl": jsonl.read,
    ".ndjson": jsonl.read,
    ".xlsx": excel.read,
    ".sqlite": database.read,
    ".sqlite3": database.read,
    ".db": database.read,
    ".sql": query.read,
}
#: What these readers unpack they read as far as the checksum.
READ_TO_THE_END = (".fits", ".fit", ".fts", ".fz", ".vot", ".votable", ".xml")
#: As `metadata.with_unit` writes it.
UNIT_BEHIND = re.compile(r"(.*) \[(dex\S*|solMass|[^\]]*\bdex\b[^\]]*)\]")
#: Files of several tables, of which one is asked for.
OF_SEVERAL: dict[Callable, Callable[[duckdb.DuckDBPyConnection, Path, str], Source]] = {
    module.read: module.read for module in (fits, votable, hdf5, excel, database)
}
#: What is read through gzip without a copy.
GZIPPED = (".fits", ".fit", ".fts", ".ecsv", ".csv", ".tsv", ".txt", ".dat", ".mrt", ".vot", ".votable", ".xml")
#: Files that a survey's own layout is for; without one they say nothing of their columns.
PLAIN_TEXT = (".dat", ".txt", ".csv", ".tsv", ".tbl")


def open_file(
    connection: duckdb.DuckDBPyConnection, path: Place, lines: Layout | None = None, usual_hdu: str = ""
) -> Source:
    """Open a catalog by the format that its name says, packed or not; a HATS catalog by its folder;
    what lies at an address is read there.

    `stars.fits[2]` or `stars.fits[NAME]` is one of several tables of a file. `lines` is the layout of text files
    without a header, `usual_hdu` the table that is read where the path names none.

    Raises
    ------
    UserError
        If the file is missing, empty, of an unknown format, or holds several tables.
    """
    with refusing(path):
        source = check_limits(_opened(connection, path, lines, usual_hdu))
    source = replace(source, columns=_told(source.columns), vectors=_told(source.vectors))
    described = with_positions(with_masks(source))
    if described is source:
        return source

    def relation(names: list[str]) -> str:
        known = described.columns | described.vectors
        needed = [need for name in names if name in known for need in known[name].needs]
        wanted = dict.fromkeys([*names, *needed])
        return source.relation([name for name in wanted if name in source.columns or name in source.vectors])

    return replace(described, relation=relation)


def _told(columns: dict[str, FileColumn]) -> dict[str, FileColumn]:
    """The columns with units that a standard does not have, such as dex, which writers put behind the description."""
    made = {}
    for name, column in columns.items():
        found = UNIT_BEHIND.fullmatch(column.description)
        if found and column.unit in ("", found[2]):
            column = replace(column, unit=found[2], description=found[1])
        made[name] = column
    return made


def _opened(connection: duckdb.DuckDBPyConnection, path: Place, lines: Layout | None, usual_hdu: str) -> Source:
    if isinstance(path, Address):
        return remote.read(connection, path)
    if path.is_dir():
        return hats.read(connection, path)
    base, table = split_hdu(path)
    if not base.is_file():
        raise RefusedFile("no such file", file=base)
    if base.stat().st_size == 0:
        raise RefusedFile("is empty", file=base)
    if packed.is_packed(base) or (base.suffix.lower() == ".gz" and _suffix(base) not in GZIPPED):
        return _unpacked(connection, base, table, lines, usual_hdu)
    suffix = _suffix(base)
    if suffix not in READ_TO_THE_END:
        check_gzip(base)
    if lines and suffix in PLAIN_TEXT:
        return layout.read(connection, base, lines)
    reader = ipac.read if ipac.is_ipac(base, suffix) else mrt.read if mrt.is_mrt(base, suffix) else READERS.get(suffix)
    if reader is None and suffix in PLAIN_TEXT:
        raise RefusedFile(
            "text that does not say what its columns are; say it in a survey file, [layout] names = [...]", file=base
        )
    if reader is None:
        raise RefusedFile(
            f"format {suffix or '(none)'} is unknown; it reads {', '.join(READERS)}, also with .gz, .zst, .xz, .bz2 or "
            ".zip",
            file=base,
        )
    if reader in OF_SEVERAL:
        return OF_SEVERAL[reader](connection, base, table or (usual_hdu if reader is fits.read else ""))
    if table:
        raise RefusedFile(f"holds one table only, so [{table}] says nothing; leave it out", file=base)
    return reader(connection, base)


def _unpacked(
    connection: duckdb.DuckDBPyConnection, path: Path, table: str, lines: Layout | None, usual_hdu: str
) -> Source:
    folder, copy, rest = packed.unpacked(path, table)
    try:
        source = _opened(connection, copy.with_name(f"{copy.name}[{rest}]") if rest else copy, lines, usual_hdu)
    except RefusedFile as error:
        folder.cleanup()
        error.file = path
        raise

    def close() -> None:
        source.close()
        folder.cleanup()

    return replace(source, path=path, close=close)


def split_hdu(path: Path) -> tuple[Path, str]:
    """The file of a path, and the table that `[...]` behind it names."""
    found = None if path.exists() else re.fullmatch(r"(.+?)\[([^\[\]]+)\]", str(path))
    return (Path(found[1]), found[2]) if found else (path, "")


def catalog_files(paths: Sequence[Place]) -> list[Place]:
    """The files themselves; a folder that is no HATS catalog stands for every catalog file in it.

    Raises
    ------
    UserError
        If a folder holds none.
    """
    files: list[Place] = []
    for path in paths:
        if isinstance(path, Address) or not path.is_dir() or hats.is_catalog(path):
            files.append(path)
            continue
        found = sorted(p for p in path.iterdir() if p.is_file() and _suffix(p) in (*READERS, *PLAIN_TEXT))
        if not found:
            raise RefusedFile(f"holds no catalog file; it reads {', '.join(READERS)}, also with .gz", file=path)
        files += found
    return files


def _suffix(path: Path) -> str:
    return next((s.lower() for s in reversed(path.suffixes) if s.lower() not in (".gz", *packed.PACKED)), "")
