"""Runs a model as one vectorised DuckDB function that returns all its outputs as a STRUCT.

DuckDB calls it with at most 2,048 rows, from each of its threads; ONNX Runtime releases the interpreter lock, so one
session with one thread serves them all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import duckdb
import numpy as np
import onnxruntime as ort
import pyarrow as pa

from .model import Model

_sessions: dict[str, ort.InferenceSession] = {}
_lock = threading.Lock()


def session_of(model: Model) -> ort.InferenceSession:
    """The ONNX Runtime session of a model, shared by all who use the same file."""
    with _lock:
        if model.sha256 not in _sessions:
            options = ort.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            options.log_severity_level = 3
            _sessions[model.sha256] = ort.InferenceSession(model.content, options, providers=["CPUExecutionProvider"])
        return _sessions[model.sha256]


def register(connection: duckdb.DuckDBPyConnection, model: Model, name: str) -> None:
    """Register `name(input, …) -> STRUCT(output FLOAT, …)`.

    A row with a NULL, NaN or infinite input gives NULL, unless the model's metadata says `missing = "nan"`: then it gets
    NaN for each of them and knows what to do.
    """
    fields = ", ".join(f'"{output.name}" FLOAT' for output in model.outputs)
    connection.create_function(  # type: ignore[call-overload]
        name,
        _fixed_arity(_evaluator(model), len(model.inputs)),
        ["FLOAT"] * len(model.inputs),
        f"STRUCT({fields})",
        type="arrow",
        null_handling="special",
        side_effects=False,
    )


def _evaluator(model: Model) -> Callable[..., pa.StructArray]:
    session = session_of(model)
    names = [output.name for output in model.outputs]
    takes_nan = model.metadata.get("missing") == "nan"
    local = threading.local()

    def evaluate(*columns: pa.ChunkedArray) -> pa.StructArray:
        n_rows = len(columns[0])
        x = _buffer(local, len(columns), n_rows)
        for row, column in zip(x, columns, strict=True):
            _fill(row, column)
        valid = None
        if takes_nan:
            x[np.isinf(x)] = np.nan
        elif not np.isfinite(x.sum(axis=0)).all():
            valid = np.isfinite(x).all(axis=0)
            x[:, ~valid] = 0
        return _struct(session.run(None, {"x": x})[0], names, valid)

    return evaluate


def _buffer(local: threading.local, n_inputs: int, n_rows: int) -> np.ndarray:
    """A float32 array [inputs, rows] that this thread reuses as long as chunks keep their length."""
    held = getattr(local, "x", None)
    if held is None or held.shape[1] != n_rows:
        held = local.x = np.empty((n_inputs, n_rows), np.float32)
    return held


def _fill(row: np.ndarray, column: pa.ChunkedArray) -> None:
    """Copy a column into a row of the buffer, NULL as NaN."""
    start = 0
    for chunk in column.chunks:
        stop = start + len(chunk)
        row[start:stop] = chunk.to_numpy(zero_copy_only=chunk.null_count == 0)
        start = stop


def _struct(y: np.ndarray, names: list[str], valid: np.ndarray | None) -> pa.StructArray:
    """Wrap the outputs [outputs, rows] as a struct array without copying them; rows not valid are NULL."""
    n_rows = y.shape[1]
    values = pa.py_buffer(np.ascontiguousarray(y))
    mask = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
    size = 4 * n_rows
    children = [
        pa.Array.from_buffers(pa.float32(), n_rows, [mask, values.slice(size * i, size)]) for i in range(len(names))
    ]
    type_ = pa.struct([(name, pa.float32()) for name in names])
    return pa.StructArray.from_buffers(type_, n_rows, [mask], children=children)


def _fixed_arity(function: Callable[..., pa.StructArray], n_inputs: int) -> Callable[..., pa.StructArray]:
    """DuckDB reads the number of arguments from the signature and refuses *args."""
    arguments = ", ".join(f"a{i}" for i in range(n_inputs))
    return eval(f"lambda {arguments}: function({arguments})", {"function": function})
