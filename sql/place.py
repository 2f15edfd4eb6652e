"""Places a finished product and renews the view over it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ..errors import UserError
from ..workspace.change import change_of, changing, place
from ..workspace.folder import Sky
from ..workspace.ledger import Run, execute, record
from ..workspace.query import first_row, literal_path, quoted
from .open import refresh, settle


@contextmanager
def placed(connection: duckdb.DuckDBPyConnection, sky: Sky, made: Path, target: Path) -> Iterator[None]:
    """Put a finished file or folder in its place, with the views over it and what the block writes down of it: all of
    that holds, or nothing."""
    if change_of(sky) is None:
        with changing(sky, sky.root / ".sky.duckdb.new", whole=True) as change:
            place(sky, made, target)
            refresh(connection, sky, target)
            yield
            change.forget()
        return
    place(sky, made, target)
    refresh(connection, sky, target)
    yield
    settle(connection, sky)


def write_product(
    connection: duckdb.DuckDBPyConnection,
    sky: Sky,
    product: str,
    query: str,
    path: Path,
    made_by: str,
    inputs: list[Path],
    models: dict[str, str] | None = None,
    run: Run = execute,
    if_empty: Callable[[], str] | None = None,
) -> int:
    """Write a query's rows to Parquet, put the file in place, record the run; returns the number of rows.

    The rows are sorted: how many threads find them, and which is first, must not change a file.

    Raises
    ------
    UserError
        With the text of `if_empty`, if that is given and there are no rows; the file from before then stays.
    """
    started = time.time()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        header = _header(connection, models or {})
        rows_in_order = f"from ({query}) order by all"
        options = f"format parquet, compression zstd, compression_level 1{header}"
        run(connection, f"copy ({rows_in_order}) to {quoted(temporary)} ({options})")
        (rows,) = first_row(connection, f"select count(*) from read_parquet({literal_path(temporary)})")
        if not rows and if_empty:
            raise UserError(if_empty())
        with placed(connection, sky, temporary, path):
            record(connection, product, made_by, inputs, models or {}, rows, time.time() - started, [path])
    finally:
        temporary.unlink(missing_ok=True)
    return rows


def _header(connection: duckdb.DuckDBPyConnection, models: dict[str, str]) -> str:
    """An option of COPY that writes into the file which models made it, and what stars they know."""
    said = {f"candlesql.model.{name}": sha256 for name, sha256 in models.items()}
    for name, sha256 in models.items():
        row = first_row(connection, "select trained_on from candlesql.models where sha256 = ?", [sha256])
        said[f"candlesql.trained_on.{name}"] = (row and row[0]) or "not known"
    pairs = ", ".join(f"{quoted(key)}: {quoted(value)}" for key, value in said.items())
    return f", kv_metadata {{{pairs}}}" if said else ""
