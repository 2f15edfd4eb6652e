"""Products: what a command computes once and keeps as Parquet, each with a row in `candlesql.runs`."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import duckdb

from ..errors import UserError
from .query import first_row, quoted
from .views import cut_values
from .workspace import Sky, refresh

Run = Callable[[duckdb.DuckDBPyConnection, str], None]


def execute(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Run a statement; a full disk is the user's to mend."""
    try:
        connection.execute(query)
    except duckdb.IOException as error:
        if "No space left" in str(error):
            raise UserError(
                f"the disk is full ({str(error).splitlines()[0]}); free some space and run it again"
            ) from None
        raise


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
) -> int:
    """Write a query's rows to Parquet under a temporary name, rename it, record the run; returns the number of rows."""
    started = time.time()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        run(connection, f"copy ({query}) to {quoted(temporary)} (format parquet, compression zstd)")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    rows = _rows(connection, path)
    record(connection, product, made_by, inputs, models or {}, rows, time.time() - started)
    refresh(connection, sky)
    return rows


def record(
    connection: duckdb.DuckDBPyConnection,
    product: str,
    made_by: str,
    inputs: list[Path],
    models: dict[str, str],
    rows: int,
    seconds: float,
) -> None:
    """Write down what made a product, from which inputs, cuts and models; the latest run of a product stands."""
    hashes = {str(path): fingerprint(path) for path in inputs}
    connection.execute("delete from candlesql.runs where product = ?", [product])
    connection.execute(
        "insert into candlesql.runs values (?, ?, ?, ?, ?, ?, ?, now(), ?)",
        [
            product,
            made_by,
            json.dumps(hashes),
            cut_values(connection),
            json.dumps(models),
            rows,
            seconds,
            version("candlesql"),
        ],
    )


def is_fresh(
    connection: duckdb.DuckDBPyConnection,
    product: str,
    inputs: list[Path],
    models: dict[str, str] | None = None,
) -> bool:
    """Whether the product was made from these very inputs and models with the cuts now in force."""
    row = first_row(connection, "select inputs, cuts, models from candlesql.runs where product = ?", [product])
    if not row:
        return False
    hashes = {str(path): fingerprint(path) for path in inputs}
    same_inputs = json.loads(row[0]) == hashes
    return same_inputs and row[1] == cut_values(connection) and json.loads(row[2]) == (models or {})


def fingerprint(path: Path) -> str:
    """SHA-256 of a small file; of a large one its size, its end (a Parquet footer) and its beginning."""
    digest = hashlib.sha256()
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= 1 << 24:
            digest.update(file.read())
        else:
            digest.update(str(size).encode())
            digest.update(file.read(1 << 20))
            file.seek(-(1 << 23), 2)
            digest.update(file.read())
    return digest.hexdigest()


def _rows(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    return first_row(connection, f"select count(*) from read_parquet({quoted(path)})")[0]
