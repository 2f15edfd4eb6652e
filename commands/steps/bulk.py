"""Runs a network over the rows of a query and writes a Parquet file, in batches larger than DuckDB hands to a function.

The batches pass through once: DuckDB reads, ONNX Runtime computes on every core, the file is written in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...udfs.arrow import bitmap
from ...udfs.hull import Hull
from ...udfs.model import Model
from ...udfs.onnx_udf import infer, inside_hull, stacked
from ...workspace.query import first_row

#: What ONNX Runtime likes best, and a row group of 60 of them.
CHUNK_ROWS = 2_048
BATCH_ROWS = 60 * CHUNK_ROWS


@dataclass(frozen=True)
class Inference:
    """What becomes of a star: the chosen `outputs` of a model, and whether it is inside the hull, if there is one."""

    model: Model
    outputs: list[str]
    hull: Hull | None = None

    @property
    def n_read(self) -> int:
        """How many columns are read and not passed on."""
        return len(self.model.inputs) + (len(self.hull.names) if self.hull else 0)

    def schema(self, given: pa.Schema) -> pa.Schema:
        """The columns that are written for those of a query."""
        inside = [pa.field("inside_hull", pa.bool_())] if self.hull else []
        passed = list(given)[: len(given) - self.n_read]
        return pa.schema([*passed, *inside, *(pa.field(name, pa.float32()) for name in self.outputs)])


def write_inferred(
    connection: duckdb.DuckDBPyConnection, query: str, what: Inference, path: Path, metadata: dict[str, str]
) -> None:
    """Write the columns of a query, without those that are only read, and what is inferred.

    Parameters
    ----------
    query
        Its last columns are those of the hull, DOUBLE, and the inputs of the model, FLOAT, in order.
    """
    schema, batches = inferred_batches(connection, query, what)
    schema = schema.with_metadata(metadata)
    strings = [field.name for field in schema if pa.types.is_string(field.type)]
    with pq.ParquetWriter(path, schema, compression="snappy", use_dictionary=strings) as writer:
        for batch in batches:
            writer.write_batch(batch)


def inferred_batches(
    connection: duckdb.DuckDBPyConnection, query: str, what: Inference
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """What `write_inferred` writes, as a schema and batches of it."""
    (threads,) = first_row(connection, "select current_setting('threads')")
    batches = connection.sql(query).to_arrow_reader(BATCH_ROWS)
    schema = what.schema(batches.schema)
    return schema, _in_order(threads, lambda batch: _inferred(what, schema, batch), batches)


def _in_order(
    threads: int, work: Callable[[pa.RecordBatch], pa.RecordBatch], batches: pa.RecordBatchReader
) -> Iterator[pa.RecordBatch]:
    """Each batch's outcome, in order, from so many threads, as many batches ahead and one."""
    pending: deque[Future[pa.RecordBatch]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for batch in batches:
            pending.append(pool.submit(work, batch))
            if len(pending) > threads + 1:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _inferred(what: Inference, schema: pa.Schema, batch: pa.RecordBatch) -> pa.RecordBatch:
    model, first = what.model, batch.num_columns - what.n_read
    x = stacked(batch.columns[batch.num_columns - len(model.inputs) :])
    where = {output.name: row for row, output in enumerate(model.outputs)}
    rows = [where[name] for name in what.outputs]
    y = np.empty((len(rows), batch.num_rows), np.float32)
    missing = np.zeros(batch.num_rows, bool)
    for start in range(0, batch.num_rows, CHUNK_ROWS):
        chunk = slice(start, start + CHUNK_ROWS)
        found, valid = infer(model, np.ascontiguousarray(x[:, chunk]))
        y[:, chunk] = found[rows]
        if valid is not None:
            missing[chunk] = ~valid
    inside = [inside_hull(what.hull, batch.columns[first : first + len(what.hull.names)])] if what.hull else []
    return pa.RecordBatch.from_arrays(
        [*batch.columns[:first], *inside, *(_without_nan(row, missing) for row in y)], schema=schema
    )


def _without_nan(row: np.ndarray, missing: np.ndarray) -> pa.Array:
    """The outputs of some rows, NULL where they are missing or NaN."""
    known = ~(missing | np.isnan(row))
    return pa.Array.from_buffers(
        pa.float32(), len(row), [None if known.all() else bitmap(known), pa.py_buffer(np.ascontiguousarray(row))]
    )
