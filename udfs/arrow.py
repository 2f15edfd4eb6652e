"""Registers functions of columns whose work, and all that it imports, begins when they are first called.

Columns become NumPy arrays and back by their buffers: Arrow's own `to_numpy` and `array` import pandas, half a second.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

#: From columns to a column.
OfColumns = Callable[..., "pa.Array"]


def register_later(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    n_inputs: int,
    returns: str,
    make: Callable[[], OfColumns],
    type_: str = "FLOAT",
) -> None:
    """Register a function of `n_inputs` columns, which `make` gives when it is first called.

    Parameters
    ----------
    returns, type_
        SQL types of what it gives and of its inputs.
    """
    made = cache(make)

    def call(*columns: pa.ChunkedArray) -> pa.Array:
        return made()(*columns)

    connection.create_function(  # type: ignore[call-overload]
        name,
        _fixed_arity(call, n_inputs),
        [type_] * n_inputs,
        returns,
        type="arrow",
        null_handling="special",
        side_effects=False,
    )


def numbers(column: pa.Array) -> np.ndarray:
    """The numbers of a column of floating-point numbers, NULL as NaN; over its own memory if there is none."""
    import numpy as np

    n, width = len(column), column.type.bit_width // 8
    if not n:
        return np.empty(0, f"f{width}")
    known, values = column.buffers()
    found = np.frombuffer(values, f"f{width}", n, column.offset * width)
    if not column.null_count:
        return found
    bits = np.unpackbits(np.frombuffer(known, np.uint8), bitorder="little")
    return np.where(bits[column.offset : column.offset + n], found, found.dtype.type(np.nan))


def bitmap(valid: np.ndarray | None) -> pa.Buffer | None:
    """Which rows are not NULL [rows], as Arrow has it; None if all are."""
    import numpy as np
    import pyarrow as pa

    return None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))


def whole(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _fixed_arity(function: OfColumns, n_inputs: int) -> OfColumns:
    """DuckDB reads the number of arguments from the signature and refuses *args."""
    arguments = ", ".join(f"a{i}" for i in range(n_inputs))
    fixed: OfColumns = eval(f"lambda {arguments}: function({arguments})", {"function": function})
    return fixed
