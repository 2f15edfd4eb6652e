"""What a reader hands to the ingest: something DuckDB can select from, and what the file says of its columns."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from ...errors import UserError
from ..remote.address import Place

#: Names of whole numbers by their size, as numpy, Arrow and ECSV have them, in DuckDB's.
WHOLE_NUMBERS = {
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
}


@dataclass(frozen=True)
class FileColumn:
    """A column as its file describes it.

    `sql` is how a query names it, NULL where the file says that a value is missing; `is_text` says that its values are
    strings to be cast, `is_float` that they are floating-point numbers; `type` is DuckDB's name of the type that the
    file declares, empty where it does not say; `part_of` is the vector that it is one element of; `needs` are other
    columns of the file that `sql` reads.
    """

    name: str
    sql: str
    unit: str = ""
    ucd: str = ""
    description: str = ""
    is_text: bool = False
    is_float: bool = False
    part_of: str = ""
    type: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """An open file.

    `relation(names)` gives what goes after FROM for one reading of these columns; `failure()` is what went wrong while
    DuckDB read; `left_out` names columns that hold no single value a row, of which those in `vectors` can be read
    whole, as lists or structures; `settled()` refuses what has changed since it was opened.
    """

    path: Place
    columns: dict[str, FileColumn]
    relation: Callable[[list[str]], str]
    left_out: tuple[str, ...] = ()
    failure: Callable[[], UserError | None] = field(default=lambda: None)
    close: Callable[[], None] = field(default=lambda: None)
    vectors: dict[str, FileColumn] = field(default_factory=dict)
    settled: Callable[[], None] = field(default=lambda: None)


Reader = Callable[[duckdb.DuckDBPyConnection, Path], Source]


def streamed(
    connection: duckdb.DuckDBPyConnection,
    schema: Callable[[list[str]], pa.Schema],
    batches: Callable[[list[str]], Iterator[pa.RecordBatch]],
    names: list[str],
) -> tuple[Callable[[list[str]], str], Callable[[], None]]:
    """The `relation` and `close` of a source whose rows come in slices; with no names wanted, the first of `names`."""
    registered: list[str] = []

    def relation(wanted: list[str]) -> str:
        name = f"rows_{uuid.uuid4().hex}"
        chosen = wanted or names[:1]
        connection.register(name, pa.RecordBatchReader.from_batches(schema(chosen), batches(chosen)))
        registered.append(name)
        return name

    def close() -> None:
        while registered:
            connection.unregister(registered.pop())

    return relation, close
