"""Registers functions of columns whose work, and all that it imports, begins when they are first called."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
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


def _fixed_arity(function: OfColumns, n_inputs: int) -> OfColumns:
    """DuckDB reads the number of arguments from the signature and refuses *args."""
    arguments = ", ".join(f"a{i}" for i in range(n_inputs))
    fixed: OfColumns = eval(f"lambda {arguments}: function({arguments})", {"function": function})
    return fixed
