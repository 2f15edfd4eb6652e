"""Feather and Arrow IPC files, a batch at a time; what pandas and astropy write of columns comes along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from ...errors import RefusedFile, UserError
from .parquet import VECTOR, column_of, described
from .source import Source, streamed


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open a Feather file (version 2) or an Arrow file.

    Raises
    ------
    UserError
        If it is neither, or damaged.
    """
    try:
        schema = pa.ipc.open_file(pa.OSFile(str(path))).schema
    except pa.ArrowInvalid:
        schema = _stream_schema(path)
    failures: list[UserError] = []
    names = list(schema.names)
    if len(set(map(str.lower, names))) < len(names):
        raise RefusedFile("two of its columns have one name, but for the case; rename one of them", file=path)

    def batches(wanted: list[str]) -> Iterator[pa.RecordBatch]:
        try:
            for batch in _batches(path):
                yield batch.select(wanted)
        except (pa.ArrowInvalid, OSError) as error:
            failures.append(RefusedFile(f"truncated or damaged ({error}); fetch it again", file=path))
            raise failures[0] from None

    relation, close = streamed(connection, lambda w: pa.schema([schema.field(n) for n in w]), batches, names)
    types = {name: _duckdb_type(schema.field(name)) for name in names}
    columns = described({n: column_of(n, types[n]) for n in names}, schema.metadata or {}, path)
    left_out = tuple(n for n in names if pa.types.is_nested(schema.field(n).type))
    vectors = {name: columns[name] for name in left_out if VECTOR.fullmatch(types[name])}
    kept = {name: column for name, column in columns.items() if name not in left_out}
    return Source(path, kept, relation, left_out, lambda: failures[0] if failures else None, close, vectors)


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path)) as file:
        try:
            reader = pa.ipc.open_file(file)
        except pa.ArrowInvalid:
            file.seek(0)
            yield from pa.ipc.open_stream(file)
            return
        for i in range(reader.num_record_batches):
            yield reader.get_batch(i)


def _stream_schema(path: Path) -> pa.Schema:
    try:
        with pa.OSFile(str(path)) as file:
            return pa.ipc.open_stream(file).schema
    except (pa.ArrowInvalid, OSError) as error:
        raise RefusedFile(
            f"not a readable Feather or Arrow file ({str(error).splitlines()[0]}); Feather of version 1 is not read",
            file=path,
        ) from None


def _duckdb_type(field: pa.Field) -> str:
    with duckdb.connect() as connection:
        connection.register("rows", pa.table({field.name: pa.array([], field.type)}))
        return str(connection.execute("describe from rows").fetchall()[0][1])
