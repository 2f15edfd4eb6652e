"""The connection to a workspace's database file as it stands: locks, versions, limits."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import duckdb

from ..errors import Locked, UserError
from .folder import Sky
from .limits import memory_limit, temporary_folder, thread_limit
from .query import as_pattern, first_row, quoted

STORAGE = "v1.5.0"
FORMAT = 1
#: What DuckDB says of a file that is damaged, and what is left to do with it.
DAMAGED = re.compile("not a valid DuckDB|[Cc]orrupt|checksum|not read enough bytes|[Ss]erializ")
TAKE_AWAY = (
    "take it away, and `candlesql ingest` makes one over the files beside it; what made them, cuts and regions are gone"
)


def connect(
    sky: Sky, read_only: bool = False, memory: str | None = None, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Connect to a workspace's database file as it stands, without networks.

    Raises
    ------
    UserError
        If it is locked, newer than this version, or no database.
    """
    connection = attach(sky.database, sky.spill, read_only, memory, threads)
    try:
        refuse_newer(connection, sky.database)
        look_below(connection, sky.root)
    except BaseException:
        connection.close()
        raise
    return connection


def look_below(connection: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Let the views over a workspace's files find them below this folder."""
    connection.execute("set variable candlesql_root = ?", [as_pattern(root)])


def in_memory(
    spill: Path | None = None, memory: str | None = None, threads: int | None = None, at_most: int | None = None
) -> duckdb.DuckDBPyConnection:
    """A database in memory within the limits: the one place that opens one.

    Parameters
    ----------
    spill
        The folder for what does not fit; if none is said, one of the user's folder for that, or of the system's.
    at_most
        Bytes that it can do with, whatever the limit is.

    Raises
    ------
    UserError
        For a limit that is none.
    """
    limit, number = memory_limit(memory, at_most), thread_limit(threads)
    connection = duckdb.connect()
    connection.execute(f"set memory_limit = {quoted(limit)}")
    if number:
        connection.execute(f"set threads = {number}")
    # Without the bar nothing is counted; `workspace.progress` draws its own. In Jupyter it asks for ipywidgets.
    for setting in ("enable_progress_bar = true", "enable_progress_bar_print = false"):
        with suppress(duckdb.InvalidInputException):
            connection.execute(f"set {setting}")
    folder = spill or (temporary_folder() or Path(tempfile.gettempdir())) / f".candlesql-spill-{os.getpid()}"
    connection.execute(f"set temp_directory = {quoted(folder)}")
    return connection


def attach(
    database: Path, spill: Path, read_only: bool = False, memory: str | None = None, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Connect to a database file, made if it is not there and may be written.

    The file is attached to an in-memory instance of its own: connections that `duckdb.connect` makes to one path share
    their functions, and one that closes would take those of the others with it.

    Raises
    ------
    UserError
        If it is locked, written by a newer DuckDB, or no database.
    """
    connection = in_memory(spill, memory, threads)
    mode = "read_only" if read_only else f"read_write, storage_version {quoted(STORAGE)}"
    try:
        connection.execute(f"attach {quoted(database)} as sky ({mode})")
        connection.execute("use sky")
    except duckdb.Error as error:
        connection.close()
        if isinstance(error, duckdb.InternalException):
            raise
        kind = Locked if _is_locked(str(error)) else UserError
        raise kind(_why_not(str(error), read_only), file=database, hint=way_out(error)) from None
    return connection


def way_out(error: duckdb.Error) -> str | None:
    """What to do with a database file, if it is damaged."""
    if "WAL" in str(error):
        return "take sky.duckdb.wal beside it away: it does not belong to this state of the database"
    return TAKE_AWAY if DAMAGED.search(str(error)) else None


def database_of(connection: duckdb.DuckDBPyConnection) -> Path:
    """The file of the connection's database."""
    return Path(
        first_row(connection, "select path from duckdb_databases() where database_name = current_database()")[0]
    )


def refuse_newer(connection: duckdb.DuckDBPyConnection, file: Path, database: str = "sky") -> None:
    """Refuse a database that a later format of candlesql says it is of; only a table is asked, not a view."""
    there = first_row(
        connection,
        "select count(*) from duckdb_tables() where database_name = ? and schema_name = 'candlesql' and "
        "table_name = 'state' and (select count(*) from duckdb_columns() as c where c.database_name = ? and "
        "c.schema_name = 'candlesql' and c.table_name = 'state' and column_name in ('format', 'version')) = 2",
        [database, database],
    )
    state = there[0] and first_row(connection, f"select format, version from {database}.candlesql.state")
    if state and isinstance(state[0], int) and state[0] > FORMAT:
        raise UserError(
            f"made by candlesql {state[1]} (format {state[0]}); this is {version('candlesql')} "
            f"(format {FORMAT}): upgrade with `pip install -U candlesql`",
            file=file,
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
