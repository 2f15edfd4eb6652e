"""The ledger of products: what a command computes once and keeps as Parquet has a row in `candlesql.runs`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from ..errors import NoSpace
from .query import all_or_nothing, first_row

Run = Callable[[duckdb.DuckDBPyConnection, str], None]


#: Schemas of products that are made from catalogs alone, whatever the cuts are.
WITHOUT_CUTS = ("staging", "match")


#: What the name of a file within a workspace has not: a way out of it, a NUL, more letters than a path can have.
NO_PLACE = re.compile(r"^/|(^|/)\.\.(/|$)|\0|.{1000}", re.DOTALL)


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
    made: Iterable[Path] = (),
    from_afar: dict[str, str] | None = None,
) -> None:
    """Write down what made a product, from which inputs, cuts and models, and when (UTC); the latest run stands.

    `from_afar` are inputs that are no files here: where they lie, and what tells one version from another.
    """
    values = [
        product,
        made_by,
        json.dumps(_hashes(connection, inputs) | (from_afar or {})),
        cut_values(connection),
        json.dumps(models),
        rows,
        seconds,
        datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        version("candlesql"),
        json.dumps(_sizes_and_hashes(connection, made)),
        json.dumps(_trained_on(connection, models)),
    ]
    with all_or_nothing(connection):
        connection.execute("delete from candlesql.runs where product = ?", [product])
        connection.execute("insert into candlesql.runs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def _trained_on(connection: duckdb.DuckDBPyConnection, models: dict[str, str]) -> dict[str, str]:
    """What stars each model knows, as the models of today say: tomorrow's may be others."""
    kinds = dict(connection.execute("select sha256, trained_on from candlesql.models").fetchall())
    return {name: kinds[sha256] for name, sha256 in models.items() if kinds.get(sha256)}


def is_fresh(
    connection: duckdb.DuckDBPyConnection,
    product: str,
    inputs: list[Path],
    models: dict[str, str] | None = None,
    cuts: Collection[str] | None = None,
) -> bool:
    """Whether the product was made from these inputs and models, with the cuts now in force if it knows of cuts.

    Its files must be as they were written. Of the cuts only those count that `cuts` names, if it is given.
    """
    row = first_row(connection, "select inputs, cuts, models, files from candlesql.runs where product = ?", [product])
    if not row or not _are_as_written(_root(connection), row[3]):
        return False
    knows_cuts = product.split(".")[0] not in WITHOUT_CUTS
    same_cuts = not knows_cuts or _chosen(row[1], cuts) == _chosen(cut_values(connection), cuts)
    return same_cuts and json.loads(row[0]) == _hashes(connection, inputs) and json.loads(row[2]) == (models or {})


def _chosen(values: str, names: Collection[str] | None) -> dict[str, str]:
    """The thresholds of these names, of a JSON text of many; all if no names are given."""
    return {name: value for name, value in json.loads(values or "{}").items() if names is None or name in names}


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
    root = _root(connection)
    return {
        str(path.relative_to(root)) if root and path.is_relative_to(root) else str(path): fingerprint(path)
        for path in inputs
    }


def _root(connection: duckdb.DuckDBPyConnection) -> Path | None:
    """The workspace of a connection: the folder that it was told of, or that of its database."""
    (said,) = first_row(connection, "select getvariable('candlesql_root')")
    if said:
        return Path(re.sub(r"\[([\[*?])\]", r"\1", said))
    (database,) = first_row(connection, "select path from duckdb_databases() where database_name = current_database()")
    return Path(database).parent if database else None


def _sizes_and_hashes(connection: duckdb.DuckDBPyConnection, made: Iterable[Path]) -> dict[str, list]:
    root = _root(connection)
    return {str(path.relative_to(root) if root else path): [path.stat().st_size, fingerprint(path)] for path in made}


def _are_as_written(root: Path | None, files: str | None) -> bool:
    return all(
        root is not None
        and (root / name).is_file()
        and (root / name).stat().st_size == size
        and fingerprint(root / name) == digest
        for name, size, digest in said_of_files(files)
    )


def said_of_files(files: str | None) -> list[tuple[str, int, str]]:
    """What a row of the ledger says of a product's files; of a text of another form, or of files elsewhere, nothing."""
    try:
        said = [(str(name), int(size), str(digest)) for name, (size, digest) in json.loads(files or "{}").items()]
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        return []
    return [] if any(NO_PLACE.search(name) for name, *_ in said) else said


def cut_values(connection: duckdb.DuckDBPyConnection) -> str:
    """Every threshold in force, as JSON: a variable of the session, else the workspace's or the published value."""
    rows = connection.execute(
        """select
               function_name,
               coalesce(variables.value::varchar, regexp_extract(macro_definition, '^.*?, (.*)\\)$', 1))
           from duckdb_functions()
           left join duckdb_variables() as variables on variables.name = function_name
           where schema_name = 'cuts'
           order by 1"""
    ).fetchall()
    return json.dumps(dict(rows))
