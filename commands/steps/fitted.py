"""What is fitted in a workspace, told where it is used: each system's view `fitted`."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from ...sql import files


def fitted_lines(connection: duckdb.DuckDBPyConnection, system: str, rows: str = "") -> Iterator[str]:
    """A line for each quantity and what it rests on: a fit in this workspace, or what is shipped.

    Parameters
    ----------
    connection
        Of the workspace.
    system
        Its view `fitted(quantity, origin, n)` is read; a system without one has nothing fitted.
    rows
        A relation in the place of that view, where it has been made elsewhere.
    """
    if f"{system}.fitted" not in {item.name for item in files.items()}:
        return
    for quantity, origin, n in connection.execute(f"from {rows or f'{system}.fitted'}").fetchall():
        yield f"{system} {quantity}: {origin} ({n:,} stars)"
