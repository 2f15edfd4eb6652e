"""A workspace: the user's folder with its database, catalogs, models and products, and the one way into it."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import duckdb

from ..errors import UserError
from ..udfs import functions
from . import views
from .query import first_row, quoted

STORAGE = "v1.5.0"
FORMAT = 1


@dataclass(frozen=True)
class Sky:
    """The folders and files of a workspace."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "sky.duckdb"

    @property
    def catalogs(self) -> Path:
        return self.root / "catalogs"

    @property
    def surveys(self) -> Path:
        return self.root / "surveys"

    @property
    def matches(self) -> Path:
        return self.root / "matches"

    @property
    def scores(self) -> Path:
        return self.root / "scores"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def results(self) -> Path:
        return self.root / "results"

    def catalog(self, survey: str) -> Path:
        return self.catalogs / f"{survey}.parquet"

    def match(self, left: str, right: str) -> Path:
        return self.matches / f"{left}_{right}.parquet"

    def match_files(self, left: str, right: str) -> list[Path]:
        """The file of a match, or its files where it was made part by part; none where it was not made."""
        file = self.match(left, right)
        return [file] if file.exists() else sorted(file.with_suffix("").glob("*.parquet"))

    def code_fingerprint(self) -> str:
        """Changes when a file that says what a view is changes."""
        return self._fingerprint(views.code_sources(self))

    def fingerprint(self) -> str:
        """Changes when any file that views are made of changes, or when the workspace moves."""
        return self._fingerprint([*views.code_sources(self), *views.data_sources(self)], str(self.root))

    def _fingerprint(self, paths: list[Path], place: str = "") -> str:
        digest = hashlib.sha256(f"{version('candlesql')} {place}".encode())
        for path in paths:
            try:
                stat = path.stat()
            except FileNotFoundError:
                raise UserError(f"{path}: leads to nothing; put back what it leads to, or remove it") from None
            name = path.relative_to(self.root) if path.is_relative_to(self.root) else path
            digest.update(f"{name} {stat.st_mtime_ns} {stat.st_size}".encode())
        return digest.hexdigest()


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
        if read_only:
            connection.close()
            connection = connect(sky)
        refresh(connection, sky)
        if read_only:
            connection.close()
            connection = connect(sky, read_only)
    functions.register_models(connection, sky.models)
    return connection


def find_sky(path: str | Path) -> Sky:
    """The workspace at a folder, or at the database file in it."""
    path = Path(path).expanduser().resolve()
    return Sky(path.parent if path.name == "sky.duckdb" else path)


def existing_sky(path: str | Path) -> Sky:
    """The workspace at a folder, which must be there.

    Raises
    ------
    UserError
        If it is not.
    """
    sky = find_sky(path)
    if not sky.database.exists():
        raise UserError(
            f"{sky.root}: no workspace here; make one with `candlesql demo {sky.root}` or `candlesql ingest`"
        )
    return sky


def make_sky(path: str | Path) -> Sky:
    """The workspace at a folder, made if it is not there yet."""
    sky = find_sky(path)
    if sky.root.is_file():
        raise UserError(f"{sky.root}: is a file; a workspace is a folder")
    try:
        for folder in (sky.catalogs, sky.surveys, sky.matches, sky.scores, sky.models, sky.results):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{sky.root}: no workspace can be made here ({error.strerror})") from None
    if not sky.database.exists():
        with connect(sky) as connection:
            refresh(connection, sky)
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


def connect(sky: Sky, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Connect to the database file as it stands, without networks.

    The file is attached to an in-memory instance of its own: connections that `duckdb.connect` makes to one path share
    their functions, and one that closes would take those of the others with it.

    Raises
    ------
    UserError
        If it is locked, newer than this version, or no database.
    """
    connection = duckdb.connect()
    mode = "read_only" if read_only else f"read_write, storage_version {quoted(STORAGE)}"
    try:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"set temp_directory = {quoted(sky.root / '.spill')}")
        connection.execute(f"attach {quoted(sky.database)} as sky ({mode})")
        connection.execute("use sky")
        _refuse_newer(connection, sky)
    except duckdb.Error as error:
        connection.close()
        if isinstance(error, duckdb.InternalException):
            raise
        raise UserError(f"{sky.database}: {_why_not(str(error), read_only)}") from None
    except UserError:
        connection.close()
        raise
    return connection


def refresh(connection: duckdb.DuckDBPyConnection, sky: Sky) -> None:
    """Make the views and macros that are not as their files say, in one transaction."""
    known, code = _fingerprints(connection), sky.code_fingerprint()
    connection.begin()
    try:
        connection.execute("create schema if not exists candlesql")
        connection.execute("create table if not exists candlesql.cuts(name varchar primary key, value varchar)")
        connection.execute(
            """create table if not exists candlesql.match_statistics("left" varchar, "right" varchar,
                low_arcsec double, high_arcsec double, n_pairs bigint, n_random bigint, n_left bigint)"""
        )
        connection.execute(
            """create table if not exists candlesql.runs(
                product varchar, made_by varchar, inputs json, cuts json, models json,
                n_rows bigint, seconds double, made_at timestamp, version varchar)"""
        )
        models = known.get("models", "")
        if known.get("code") == code:
            views.update_data_views(connection, sky)
        else:
            models = functions.fingerprint(sky.models)
            views.create_all(connection, sky, models_changed=known.get("models") != models)
        connection.execute(
            "create or replace table candlesql.state as "
            "select ? as format, ? as fingerprint, ? as version, ? as models, ? as code",
            [FORMAT, sky.fingerprint(), version("candlesql"), models, code],
        )
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _fingerprints(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What the database's views and macros were made of, as far as it says."""
    try:
        cursor = connection.execute("select * from candlesql.state")
    except duckdb.CatalogException:
        return {}
    names = [column[0] for column in cursor.description]
    return dict(zip(names, cursor.fetchall()[0], strict=True))


def _is_current(connection: duckdb.DuckDBPyConnection, sky: Sky) -> bool:
    state = _state(connection)
    return state is not None and state[1] == sky.fingerprint()


def _state(connection: duckdb.DuckDBPyConnection) -> tuple | None:
    try:
        return first_row(connection, "select format, fingerprint, version from candlesql.state") or None
    except duckdb.CatalogException:
        return None


def _refuse_newer(connection: duckdb.DuckDBPyConnection, sky: Sky) -> None:
    state = _state(connection)
    if state and state[0] > FORMAT:
        raise UserError(
            f"{sky.database}: made by candlesql {state[2]} (format {state[0]}); this is {version('candlesql')} "
            f"(format {FORMAT}): upgrade with `pip install -U candlesql`"
        )


def _why_not(message: str, read_only: bool) -> str:
    line = message.split("\n")[0]
    if "lock on file" in message or "file handle conflict" in message:
        holder = re.search(r"held in (\S+) \(PID (\d+)\)", message)
        by = f"{Path(holder[1]).name}, process {holder[2]}" if holder else "another connection of this program"
        return f"open elsewhere{' for writing' if read_only else ''} ({by}); close it and try again"
    if "newer version" in message or "storage version" in message.lower():
        return f"written by a newer DuckDB ({line}): upgrade with `pip install -U duckdb`"
    return line.removeprefix("IO Error: ")
