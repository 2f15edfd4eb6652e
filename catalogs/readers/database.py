"""SQLite: one table or view of a database, a slice at a time. Its columns hold values of any type."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import duckdb
import pyarrow as pa

from ...errors import RefusedFile, UserError
from ...udfs.names import identifier
from .chosen import chosen
from .source import FileColumn, Source, streamed

SLICE_ROWS = 2_000
#: Letters of a value, and steps of SQLite that a file may take to be read, by byte of it and at least: a view can make
#: any number of rows, each of any length.
MOST_LETTERS, STEPS_A_BYTE, FEWEST_STEPS, LOOK_EVERY = 100_000, 1_000, 200_000_000, 1_000_000
TYPES = {"INTEGER": pa.int64(), "REAL": pa.float64(), "TEXT": pa.string(), "BLOB": pa.string()}
NAMES = {"INTEGER": "BIGINT", "REAL": "DOUBLE", "TEXT": "VARCHAR", "BLOB": "VARCHAR"}


def read(connection: duckdb.DuckDBPyConnection, path: Path, table: str = "") -> Source:
    """Open the one table of a SQLite file, or that called `table`.

    Raises
    ------
    UserError
        If it is none, or holds several tables.
    """
    try:
        with closing(_connect(path)) as file:
            tables = [row[0] for row in file.execute("select name from sqlite_master where type in ('table', 'view')")]
            name = chosen(path, [t for t in tables if not t.startswith("sqlite_")], table)
            kinds = {
                row[1]: _kind(file, name, row[1]) for row in file.execute(f"pragma table_info({identifier(name)})")
            }
    except sqlite3.Error as error:
        raise RefusedFile(f"not a readable SQLite file ({error})", file=path) from None
    places = {column: f"c{i}" for i, column in enumerate(kinds)}
    failures: list[UserError] = []

    def schema(wanted: list[str]) -> pa.Schema:
        return pa.schema([(places[column], TYPES[kinds[column]]) for column in wanted])

    def batches(wanted: list[str]) -> Iterator[pa.RecordBatch]:
        fields = ", ".join(_value(column, kinds[column]) for column in wanted)
        try:
            with closing(_connect(path)) as file:
                rows = file.execute(f"select {fields} from {identifier(name)}")
                while slice_ := rows.fetchmany(SLICE_ROWS):
                    arrays = [
                        pa.array(v, t) for v, t in zip(zip(*slice_, strict=True), schema(wanted).types, strict=True)
                    ]
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema(wanted))
        except (sqlite3.Error, pa.ArrowInvalid, UnicodeDecodeError) as error:
            failures.append(RefusedFile(f"table {name} cannot be read ({error})", file=path))
            raise failures[0] from None

    relation, close = streamed(connection, schema, batches, list(kinds))
    columns = {
        column: FileColumn(
            column, places[column], is_text=NAMES[kind] == "VARCHAR", is_float=kind == "REAL", type=NAMES[kind]
        )
        for column, kind in kinds.items()
    }
    return Source(path, columns, relation, (), lambda: failures[0] if failures else None, close)


def _connect(path: Path) -> sqlite3.Connection:
    """A connection that gives up what takes far more steps than there are values."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    connection.execute("pragma trusted_schema = off")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_LETTERS)
    steps = count(0, LOOK_EVERY)
    most = max(FEWEST_STEPS, STEPS_A_BYTE * path.stat().st_size)
    connection.set_progress_handler(lambda: next(steps) > most, LOOK_EVERY)
    return connection


def _kind(file: sqlite3.Connection, table: str, column: str) -> str:
    """What the values of a column are: one of `TYPES` that holds them all."""
    query = f"select distinct upper(typeof({identifier(column)})) from {identifier(table)}"
    there = {row[0] for row in file.execute(query)} - {"NULL"}
    if len(there) == 1:
        return there.pop()
    return "TEXT" if there != {"INTEGER", "REAL"} else "REAL"


def _value(column: str, kind: str) -> str:
    return f"cast({identifier(column)} as text)" if kind in ("TEXT", "BLOB") else identifier(column)
