"""Products: what a command computes once and keeps as Parquet, each with a row in `candlesql.runs`."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from ..errors import UserError
from .query import first_row, quoted
from .views import cut_values
from .workspace import Sky, refresh

Run = Callable[[duckdb.DuckDBPyConnection, str], None]
#: Schemas of products that are made from catalogs alone, whatever the cuts are.
WITHOUT_CUTS = ("staging", "match")


def execute(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Run a statement; a full disk is the user's to mend."""
    with full_disk_told():
        connection.execute(query)


@contextmanager
def full_disk_told() -> Iterator[None]:
    """Turns the errors of a full disk into a UserError."""
    try:
        yield
    except (duckdb.IOException, OSError) as error:
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
    if_empty: Callable[[], str] | None = None,
) -> int:
    """Write a query's rows to Parquet, put the file in place, record the run; returns the number of rows.

    Raises
    ------
    UserError
        With the text of `if_empty`, if that is given and there are no rows; the file from before then stays.
    """
    started = time.time()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        run(connection, f"copy ({query}) to {quoted(temporary)} (format parquet, compression zstd)")
        (rows,) = first_row(connection, f"select count(*) from read_parquet([{quoted(temporary)}])")
        if not rows and if_empty:
            raise UserError(if_empty())
        with replaced(temporary, path):
            refresh(connection, sky)
            record(connection, product, made_by, inputs, models or {}, rows, time.time() - started)
    finally:
        temporary.unlink(missing_ok=True)
    return rows


@contextmanager
def replaced(made: Path, target: Path) -> Iterator[None]:
    """Put a finished file in the place of `target`; if the block fails, what was there before is put back."""
    before = target.with_name(f".{target.name}.before")
    if target.exists():
        target.replace(before)
    try:
        made.replace(target)
        yield
    except BaseException:
        target.unlink(missing_ok=True)
        if before.exists():
            before.replace(target)
        raise
    before.unlink(missing_ok=True)


def record(
    connection: duckdb.DuckDBPyConnection,
    product: str,
    made_by: str,
    inputs: list[Path],
    models: dict[str, str],
    rows: int,
    seconds: float,
) -> None:
    """Write down what made a product, from which inputs, cuts and models, and when (UTC); the latest run stands."""
    values = [
        product,
        made_by,
        json.dumps(_hashes(connection, inputs)),
        cut_values(connection),
        json.dumps(models),
        rows,
        seconds,
        datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        version("candlesql"),
    ]
    connection.begin()
    connection.execute("delete from candlesql.runs where product = ?", [product])
    connection.execute("insert into candlesql.runs values (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    connection.commit()


def is_fresh(
    connection: duckdb.DuckDBPyConnection,
    product: str,
    inputs: list[Path],
    models: dict[str, str] | None = None,
) -> bool:
    """Whether the product was made from these inputs and models, with the cuts now in force if it knows of cuts."""
    row = first_row(connection, "select inputs, cuts, models from candlesql.runs where product = ?", [product])
    if not row:
        return False
    knows_cuts = product.split(".")[0] not in WITHOUT_CUTS
    same_cuts = not knows_cuts or row[1] == cut_values(connection)
    return same_cuts and json.loads(row[0]) == _hashes(connection, inputs) and json.loads(row[2]) == (models or {})


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


def _hashes(connection: duckdb.DuckDBPyConnection, inputs: list[Path]) -> dict[str, str]:
    """Fingerprints by path; inside the workspace from its root, so that it can be moved."""
    (database,) = first_row(connection, "select path from duckdb_databases() where database_name = current_database()")
    root = Path(database).parent if database else None
    return {
        str(path.relative_to(root)) if root and path.is_relative_to(root) else str(path): fingerprint(path)
        for path in inputs
    }
