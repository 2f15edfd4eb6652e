"""Runs a model as one vectorised DuckDB function that returns all its outputs as a STRUCT.

DuckDB calls it with at most 2,048 rows, from each of its threads; ONNX Runtime releases the interpreter lock, so one
session with one thread serves them all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cache

import duckdb
import numpy as np
import onnxruntime as ort
import pyarrow as pa

from ..errors import UserError
from .arrow import OfColumns, bitmap, numbers, register_later, whole
from .hull import Hull
from .model import Model
from .names import struct_type

#: What the networks of a process take together.
MOST_BYTES = 1 << 30
_STATE = ort.capi.onnxruntime_pybind11_state
_ORT_ERRORS = tuple(kind for kind in vars(_STATE).values() if isinstance(kind, type) and issubclass(kind, Exception))
_sessions: dict[str, ort.InferenceSession] = {}
_lock = threading.Lock()


def session_of(model: Model) -> ort.InferenceSession:
    """The ONNX Runtime session of a model, shared by all who use the same file."""
    with _lock:
        if model.sha256 not in _sessions:
            options = ort.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            options.log_severity_level = 4
            _bound_memory()
            options.add_session_config_entry("session.use_env_allocators", "1")
            _sessions[model.sha256] = ort.InferenceSession(model.content, options, providers=["CPUExecutionProvider"])
        return _sessions[model.sha256]


@cache
def _bound_memory() -> None:
    """Give all sessions of this process one arena that has an end: a graph of a few operators can ask for any size."""
    place = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(place, ort.OrtArenaCfg({"max_mem": MOST_BYTES, "arena_extend_strategy": 1}))


def infer(model: Model, x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Run the model over x [inputs, rows], float32.

    Returns
    -------
    Its outputs [outputs, rows], and a mask [rows] of the rows that count (None if all do): a row with a NaN or infinite
    input does not, unless the model's metadata says `missing = "nan"`; then it knows what to do with it.
    """
    takes_nan = model.takes_missing
    x, valid = _cleaned(x, takes_nan)
    return outputs_of(model, x), valid


def outputs_of(model: Model, x: np.ndarray) -> np.ndarray:
    """What the graph makes of x [inputs, rows]: y [outputs, rows], float32.

    Raises
    ------
    UserError
        If the graph cannot be run, or y is not of the shape that the model promises.
    """
    try:
        y = session_of(model).run(None, {"x": x})[0]
    except _ORT_ERRORS as error:
        raise UserError(f"cannot be run ({str(error).splitlines()[0]:.200}); train it again", file=model.path) from None
    wanted = (len(model.outputs), x.shape[1])
    if not isinstance(y, np.ndarray) or y.shape != wanted or y.dtype != np.float32:
        found = f"{getattr(y, 'dtype', type(y).__name__)} {getattr(y, 'shape', '')}"
        raise UserError(f"gives {found} where float32 {wanted} is promised; train it again", file=model.path)
    return y


def register(connection: duckdb.DuckDBPyConnection, model: Model, name: str) -> None:
    """Register `name(input, …) -> STRUCT(output FLOAT, …)`, as `network` gives it."""
    register_later(
        connection, name, len(model.inputs), struct_type([o.name for o in model.outputs]), lambda: network(model)
    )


def network(model: Model) -> OfColumns:
    """A model as a function of its inputs' columns that gives a struct of its outputs.

    A row with a NULL, NaN or infinite input gives NULL, unless the model's metadata says
    `missing = "nan"`: then it gets NaN for each of them and knows what to do. A row of nothing but NaN is NULL.
    """
    names = [output.name for output in model.outputs]
    return of_rows(
        lambda x: outputs_of(model, x),
        lambda y, valid: as_struct(y, names, _known(y) if valid is None else valid),
        takes_nan=model.takes_missing,
    )


def _known(y: np.ndarray) -> np.ndarray | None:
    """Which rows have any output (None if all do)."""
    known = np.asarray(~np.isnan(y).all(axis=0))
    return None if known.all() else known


def of_rows(
    evaluate: Callable[[np.ndarray], np.ndarray],
    wrap: Callable[[np.ndarray, np.ndarray | None], pa.Array],
    takes_nan: bool = False,
) -> OfColumns:
    """A function of columns that is computed from x [inputs, rows] at once.

    Parameters
    ----------
    evaluate
        From x, finite unless `takes_nan`, to y.
    wrap
        From y and a mask [rows] of the valid rows (None if all are) to what SQL gets.
    """

    def call(*columns: pa.ChunkedArray) -> pa.Array:
        x, valid = _cleaned(stacked([whole(column) for column in columns]), takes_nan)
        return wrap(evaluate(x), valid)

    return call


def inside_hull(hull: Hull, columns: Sequence[pa.Array]) -> pa.BooleanArray:
    """Whether each row of the columns lies inside the hull; NULL where one of them is NULL, NaN or infinite."""
    x, valid = _cleaned(stacked(columns), takes_nan=False)
    inside = hull.contains(x)
    return pa.Array.from_buffers(pa.bool_(), len(inside), [bitmap(valid), bitmap(inside)])


def as_struct(y: np.ndarray, names: list[str], valid: np.ndarray | None) -> pa.StructArray:
    """Wrap y [outputs, rows] as a struct array without copying it; rows not valid are NULL."""
    mask = bitmap(valid)
    type_ = _struct_of_floats(tuple(names))
    return pa.StructArray.from_buffers(type_, y.shape[1], [mask], children=_children(y, len(names), mask))


def as_structs(y: np.ndarray, outer: list[str], inner: list[str], valid: np.ndarray | None) -> pa.StructArray:
    """Wrap y [outer * inner, rows] as a struct of structs."""
    n_rows, k, mask = y.shape[1], len(inner), bitmap(valid)
    leaves = _children(y, len(outer) * k, mask)
    one = _struct_of_floats(tuple(inner))
    groups = [
        pa.StructArray.from_buffers(one, n_rows, [mask], children=leaves[i : i + k]) for i in range(0, len(leaves), k)
    ]
    return pa.StructArray.from_buffers(pa.struct([(name, one) for name in outer]), n_rows, [mask], children=groups)


@cache
def _struct_of_floats(names: tuple[str, ...]) -> pa.StructType:
    return pa.struct([(name, pa.float32()) for name in names])


def _children(y: np.ndarray, n: int, mask: pa.Buffer | None) -> list[pa.Array]:
    """The n rows of y as arrays over its own memory."""
    n_rows = y.shape[1]
    values = pa.py_buffer(np.ascontiguousarray(y, np.float32))
    if mask is None:
        return [pa.Array.from_buffers(pa.float32(), n_rows, [None, values], 0, i * n_rows) for i in range(n)]
    size = 4 * n_rows
    return [pa.Array.from_buffers(pa.float32(), n_rows, [mask, values.slice(size * i, size)]) for i in range(n)]


def _cleaned(x: np.ndarray, takes_nan: bool) -> tuple[np.ndarray, np.ndarray | None]:
    """x [inputs, rows] with nothing that upsets a network, and a mask [rows] of the valid rows (None if all are)."""
    if takes_nan:
        return np.where(np.isinf(x), np.float32(np.nan), x), None
    if np.isfinite(x.max(initial=0)) and np.isfinite(x.min(initial=0)):
        return x, None
    valid = np.isfinite(x).all(axis=0)
    return np.where(valid, x, x.dtype.type(0)), valid


def stacked(columns: Sequence[pa.Array]) -> np.ndarray:
    """Columns as one array [columns, rows], NULL as NaN."""
    return numbers(pa.concat_arrays(columns)).reshape(len(columns), -1)
