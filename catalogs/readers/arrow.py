"""Feather and Arrow IPC files, a batch at a time; what pandas and astropy write of columns comes along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from ...errors import RefusedFile, UserError
from ...workspace.connection import in_memory
from .arrow_sizes import refuse_expanding
from .parquet import column_of, described
from .source import Source, streamed


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Open a Feather file (version 2) or an Arrow file.

    Raises
    ------
    UserError
        If it is neither, or damaged.
    """
    try:
        schema = _known(pa.ipc.open_file(pa.OSFile(str(path))).schema)
    except pa.ArrowInvalid:
        schema = _known(_stream_schema(path))
    refuse_expanding(path)
    failures: list[UserError] = []
    names = list(schema.names)
    if len(set(map(str.lower, names))) < len(names):
        raise RefusedFile("two of its columns have one name, but for the case; rename one of them", file=path)

    def batches(wanted: list[str]) -> Iterator[pa.RecordBatch]:
        try:
            for batch in _batches(path):
                arrays = [_as_known(batch.column(n), schema.field(n).type) for n in wanted]
                yield pa.RecordBatch.from_arrays(arrays, schema=pa.schema([schema.field(n) for n in wanted]))
        except (pa.ArrowInvalid, OSError) as error:
            failures.append(RefusedFile(f"truncated or damaged ({error}); fetch it again", file=path))
            raise failures[0] from None

    relation, close = streamed(connection, lambda w: pa.schema([schema.field(n) for n in w]), batches, names)
    types = _duckdb_types(schema)
    columns = described({n: column_of(n, types[n]) for n in names}, schema.metadata or {}, path)
    left_out = tuple(n for n in names if pa.types.is_nested(schema.field(n).type))
    vectors = {name: columns[name] for name in left_out}
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


def _known(schema: pa.Schema) -> pa.Schema:
    """The schema with types that DuckDB takes: half floats as floats, words of a dictionary and views as text."""
    return pa.schema([field.with_type(_known_type(field.type)) for field in schema], schema.metadata)


def _known_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _known_type(kind.value_type)
    if pa.types.is_float16(kind):
        return pa.float32()
    if pa.types.is_string_view(kind):
        return pa.string()
    return kind


def _as_known(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        return values.dictionary.cast(kind).take(values.indices)
    return values if values.type == kind else values.cast(kind)


def _duckdb_types(schema: pa.Schema) -> dict[str, str]:
    with in_memory() as connection:
        connection.register("rows", schema.empty_table())
        described_as = connection.execute("describe from rows").fetchall()
    return {name: str(row[1]) for name, row in zip(schema.names, described_as, strict=True)}
