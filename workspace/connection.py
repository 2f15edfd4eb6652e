"""The connection to a workspace's database file as it stands: locks, versions, limits."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import duckdb

from ..errors import Locked, UserError
from .folder import Sky
from .query import as_pattern, first_row, quoted

STORAGE = "v1.5.0"
FORMAT = 1


def connect(sky: Sky, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Connect to a workspace's database file as it stands, without networks.

    Raises
    ------
    UserError
        If it is locked, newer than this version, or no database.
    """
    connection = attach(sky.database, sky.root / ".spill", read_only)
    try:
        _refuse_newer(connection, sky)
        look_below(connection, sky.root)
    except BaseException:
        connection.close()
        raise
    return connection


def look_below(connection: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Let the views over a workspace's files find them below this folder."""
    connection.execute("set variable candlesql_root = ?", [as_pattern(root)])


def attach(database: Path, spill: Path, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Connect to a database file, made if it is not there and may be written.

    The file is attached to an in-memory instance of its own: connections that `duckdb.connect` makes to one path share
    their functions, and one that closes would take those of the others with it.

    Raises
    ------
    UserError
        If it is locked, written by a newer DuckDB, or no database.
    """
    connection = duckdb.connect()
    mode = "read_only" if read_only else f"read_write, storage_version {quoted(STORAGE)}"
    try:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"set temp_directory = {quoted(spill)}")
        connection.execute(f"attach {quoted(database)} as sky ({mode})")
        connection.execute("use sky")
    except duckdb.Error as error:
        connection.close()
        if isinstance(error, duckdb.InternalException):
            raise
        raise (Locked if _is_locked(str(error)) else UserError)(
            _why_not(str(error), read_only), file=database
        ) from None
    return connection


def database_of(connection: duckdb.DuckDBPyConnection) -> Path:
    """The file of the connection's database."""
    return Path(
        first_row(connection, "select path from duckdb_databases() where database_name = current_database()")[0]
    )


def state_of(connection: duckdb.DuckDBPyConnection) -> tuple | None:
    try:
        return first_row(connection, "select format, version from candlesql.state") or None
    except duckdb.CatalogException:
        return None


def _refuse_newer(connection: duckdb.DuckDBPyConnection, sky: Sky) -> None:
    state = state_of(connection)
    if state and state[0] > FORMAT:
        raise UserError(
            f"made by candlesql {state[1]} (format {state[0]}); this is {version('candlesql')} "
            f"(format {FORMAT}): upgrade with `pip install -U candlesql`",
            file=sky.database,
        )


def _is_locked(message: str) -> bool:
    return "lock on file" in message or "file handle conflict" in message


def _why_not(message: str, read_only: bool) -> str:
    line = message.split("\n")[0]
    if _is_locked(message):
        holder = re.search(r"held in (\S+) \(PID (\d+)\)", message)
        by = f"{Path(holder[1]).name}, process {holder[2]}" if holder else "another connection of this program"
        return f"open elsewhere{' for writing' if read_only else ''} ({by}); close it and try again"
    if "newer version" in message or "storage version" in message.lower():
        return f"written by a newer DuckDB ({line}): upgrade with `pip install -U duckdb`"
    return line.removeprefix("IO Error: ")
