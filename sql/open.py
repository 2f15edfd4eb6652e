"""The one way into a workspace: its views as their files say, then its networks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ..errors import UserError
from ..udfs import functions
from ..workspace.connection import attach, connect, look_below
from ..workspace.folder import Sky, existing_sky, find_sky
from ..workspace.query import identifier, quoted
from . import views
from .template import code_of, data_of, template_of
from .views import apply_stored_cuts


def open_sky(path: str | Path, read_only: bool = True) -> duckdb.DuckDBPyConnection:
    """Open a workspace: its views, macros and networks, as a DuckDB connection.

    Parameters
    ----------
    path
        The workspace folder (made by `candlesql demo` or `candlesql ingest`), or the `sky.duckdb` in it.
    read_only
        Read-only connections stand side by side, in other processes and the DuckDB shell too.

    Raises
    ------
    UserError
        If there is no workspace, a newer candlesql made it, or another process holds it open for writing.
    """
    sky = existing_sky(path)
    connection = connect(sky, read_only)
    if not _is_current(connection, sky):
        connection.close()
        _renew(sky)
        connection = connect(sky, read_only)
    functions.register_models(connection, sky.models)
    return connection


def make_sky(path: str | Path) -> Sky:
    """The workspace at a folder, made if it is not there yet."""
    sky = find_sky(path)
    if sky.root.is_file():
        raise UserError("is a file; a workspace is a folder", file=sky.root)
    try:
        for folder in (sky.catalogs, sky.surveys, sky.matches, sky.scores, sky.models, sky.results):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"no workspace can be made here ({error.strerror})", file=sky.root) from None
    if not sky.database.exists():
        made = sky.database.with_name(f".{sky.database.name}.new")
        shutil.copyfile(template_of(sky), made)
        made.replace(sky.database)
    return sky


@contextmanager
def new_or_existing(path: str | Path) -> Iterator[Sky]:
    """The workspace at a folder, made if it is not there yet; taken away again if the block fails and left nothing."""
    sky = find_sky(path)
    was_there, had_one = sky.root.exists(), sky.database.exists()
    held = set(sky.root.iterdir()) if sky.root.is_dir() else set()
    try:
        yield make_sky(path)
    except BaseException:
        if not had_one and sky.root.is_dir():
            _take_away(sky, set(sky.root.iterdir()) - held, was_there)
        raise


def _take_away(sky: Sky, made: set[Path], keep_root: bool) -> None:
    folders = {path for path in made if path.is_dir()}
    if any(file.is_file() for folder in folders for file in folder.rglob("*")):
        return
    for folder in folders:
        shutil.rmtree(folder)
    for file in made - folders:
        file.unlink()
    if not keep_root:
        sky.root.rmdir()


def refresh(connection: duckdb.DuckDBPyConnection, sky: Sky) -> None:
    """Point the views over files to the files that are there now, in one transaction."""
    connection.begin()
    try:
        views.update_data_views(connection, sky)
        connection.execute("update candlesql.state set data = ?", [data_of(sky)])
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _renew(sky: Sky) -> None:
    """Make the database as this version has it, with the tables that stand in it and views over the files there are."""
    with connect(sky) as connection:
        if _said(connection)["code"] == code_of(sky):
            refresh(connection, sky)
            return
        tables = _tables(connection)
    made = sky.database.with_name(f".{sky.database.name}.new")
    try:
        shutil.copyfile(template_of(sky), made)
        with attach(made, sky.root / ".spill") as connection:
            connection.execute(f"attach {quoted(sky.database)} as before (read_only)")
            for schema, table in tables:
                _carry_over(connection, schema, table)
            connection.execute("detach before")
            apply_stored_cuts(connection)
            look_below(connection, sky.root)
            refresh(connection, sky)
        made.replace(sky.database)
    finally:
        made.unlink(missing_ok=True)


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """The tables of a database: what commands have written down, regions, and whatever its owner keeps there."""
    rows = connection.execute(
        """select schema_name, table_name from duckdb_tables()
           where database_name = current_database() and not internal and not temporary order by all"""
    ).fetchall()
    return [row for row in rows if row != ("candlesql", "state")]


def _carry_over(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    """A table of the database `before` with its rows."""
    name = f"{identifier(schema)}.{identifier(table)}"
    connection.execute(f"create schema if not exists {identifier(schema)}")
    if schema == "candlesql":
        connection.execute(f"insert into {name} by name from before.{name}")
    else:
        connection.execute(f"create table {name} as from before.{name}")


def _is_current(connection: duckdb.DuckDBPyConnection, sky: Sky) -> bool:
    said = _said(connection)
    return said["code"] == code_of(sky) and said["data"] == data_of(sky)


def _said(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What the database's views were made of, as far as it says."""
    try:
        rows = connection.execute("select code, data from candlesql.state").fetchall()
    except duckdb.Error:
        rows = []
    return dict(zip(("code", "data"), rows[0] if rows else ("", ""), strict=True))
