"""What a reader hands to the ingest: something DuckDB can select from, and what the file says of its columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ...errors import UserError


@dataclass(frozen=True)
class FileColumn:
    """A column as its file describes it.

    `sql` is how a query names it; `is_text` says that its values are strings to be cast, `is_float` that they are
    floating-point numbers; `part_of` is the vector that it is one element of.
    """

    name: str
    sql: str
    unit: str = ""
    ucd: str = ""
    description: str = ""
    is_text: bool = False
    is_float: bool = False
    part_of: str = ""


@dataclass(frozen=True)
class Source:
    """An open file.

    `relation(names)` gives what goes after FROM for one reading of these columns; `failure()` is what went wrong while
    DuckDB read; `left_out` names columns that hold no single value a row.
    """

    path: Path
    columns: dict[str, FileColumn]
    relation: Callable[[list[str]], str]
    left_out: tuple[str, ...] = ()
    failure: Callable[[], UserError | None] = field(default=lambda: None)
    close: Callable[[], None] = field(default=lambda: None)


Reader = Callable[[duckdb.DuckDBPyConnection, Path], Source]
