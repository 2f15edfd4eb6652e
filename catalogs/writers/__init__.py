"""Writers by format: one function `write(connection, query, columns, note, path)` each, listed in `WRITERS`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from ...errors import UserError
from ...sql.query import quoted
from ..metadata import kv_metadata
from ..survey import Column
from . import fits

Writer = Callable[[duckdb.DuckDBPyConnection, str, list[Column], str, Path], None]


def _write_parquet(
    connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path
) -> None:
    options = f"format parquet, compression zstd, {kv_metadata(columns, note)}"
    connection.execute(f"copy ({query}) to {quoted(path)} ({options})")


def _write_csv(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path) -> None:
    connection.execute(f"copy ({query}) to {quoted(path)} (format csv, header)")


WRITERS: dict[str, Writer] = {".parquet": _write_parquet, ".csv": _write_csv, ".fits": fits.write}


def write_file(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column], note: str, path: Path) -> None:
    """Write a query's rows in the format that the path's name says, under a temporary name until complete.

    Raises
    ------
    UserError
        If the format is unknown or the folder is missing or full.
    """
    if path.suffix.lower() not in WRITERS:
        raise UserError(f"{path}: format {path.suffix or '(none)'} is unknown; it writes {', '.join(WRITERS)}")
    if not path.parent.is_dir():
        raise UserError(f"{path}: folder {path.parent} does not exist")
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        WRITERS[path.suffix.lower()](connection, query, columns, note, temporary)
        temporary.replace(path)
    except (OSError, duckdb.IOException) as error:
        raise UserError(f"{path}: cannot be written ({str(error).splitlines()[0]})") from None
    finally:
        temporary.unlink(missing_ok=True)
