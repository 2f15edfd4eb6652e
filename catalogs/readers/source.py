"""What a reader hands to the ingest: something DuckDB can select from, and what the file says of its columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class FileColumn:
    """A column as its file describes it."""

    name: str
    unit: str = ""
    ucd: str = ""
    description: str = ""


@dataclass(frozen=True)
class Source:
    """An open file.

    `relation` goes after FROM and may be read once; `is_text` says that its columns are all strings, to be cast.
    """

    path: Path
    relation: str
    columns: dict[str, FileColumn]
    is_text: bool = False
    close: Callable[[], None] = field(default=lambda: None)


Reader = Callable[[duckdb.DuckDBPyConnection, Path], Source]
