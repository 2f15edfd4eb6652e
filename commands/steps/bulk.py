"""Runs a network over the rows of a query and writes a Parquet file, in batches larger than DuckDB hands to a function.

The batches pass through once: DuckDB reads, ONNX Runtime computes on every core, the file is written in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...udfs.model import Model
from ...udfs.onnx_udf import infer, stacked
from ...workspace.query import first_row

#: What ONNX Runtime likes best, and a row group of 60 of them.
CHUNK_ROWS = 2_048
BATCH_ROWS = 60 * CHUNK_ROWS


def write_inferred(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    model: Model,
    outputs: list[str],
    path: Path,
    metadata: dict[str, str],
) -> None:
    """Write the columns of a query, without the model's inputs, and the chosen outputs of the model.

    Parameters
    ----------
    query
        Its last columns are the inputs of the model, FLOAT, in order.
    """
    schema, batches = inferred_batches(connection, query, model, outputs)
    schema = schema.with_metadata(metadata)
    strings = [field.name for field in schema if pa.types.is_string(field.type)]
    with pq.ParquetWriter(path, schema, compression="snappy", use_dictionary=strings) as writer:
        for batch in batches:
            writer.write_batch(batch)


def inferred_batches(
    connection: duckdb.DuckDBPyConnection, query: str, model: Model, outputs: list[str]
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """What `write_inferred` writes, as a schema and batches of it."""
    (threads,) = first_row(connection, "select current_setting('threads')")
    batches = connection.sql(query).to_arrow_reader(BATCH_ROWS)
    passed = list(batches.schema)[: -len(model.inputs)]
    schema = pa.schema([*passed, *(pa.field(name, pa.float32()) for name in outputs)])
    return schema, _in_order(threads, lambda batch: _inferred(model, schema, batch), batches)


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


def _inferred(model: Model, schema: pa.Schema, batch: pa.RecordBatch) -> pa.RecordBatch:
    first = batch.num_columns - len(model.inputs)
    x = stacked(batch.columns[first:])
    where = {output.name: row for row, output in enumerate(model.outputs)}
    rows = [where[field.name] for field in list(schema)[first:]]
    y = np.empty((len(rows), batch.num_rows), np.float32)
    missing = np.zeros(batch.num_rows, bool)
    for start in range(0, batch.num_rows, CHUNK_ROWS):
        chunk = slice(start, start + CHUNK_ROWS)
        found, valid = infer(model, np.ascontiguousarray(x[:, chunk]))
        y[:, chunk] = found[rows]
        if valid is not None:
            missing[chunk] = ~valid
    return pa.RecordBatch.from_arrays(
        [*batch.columns[:first], *(_without_nan(row, missing) for row in y)], schema=schema
    )


def _without_nan(row: np.ndarray, missing: np.ndarray) -> pa.Array:
    """The outputs of some rows, NULL where they are missing or NaN."""
    mask = missing | np.isnan(row)
    return pa.array(row, mask=mask if mask.any() else None)
