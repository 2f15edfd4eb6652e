"""The ledger of products: what a command computes once and keeps as Parquet has a row in `candlesql.runs`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ..errors import NoSpace
from .query import first_row

if TYPE_CHECKING:
    pass


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
            said = str(error).splitlines()[0]
            raise NoSpace(f"the disk is full ({said})", hint="free some space and run it again") from None
        raise


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


def cut_values(connection: duckdb.DuckDBPyConnection) -> str:
    """Every threshold in force, as JSON."""
    rows = connection.execute(
        "select function_name, macro_definition from duckdb_functions() where schema_name = 'cuts' order by 1"
    ).fetchall()
    return json.dumps(dict(rows))
