"""The one way into a workspace: its views as their files say, then its networks.

What stands in `sky.duckdb` is believed only where this user's candlesql wrote it: the user's cache remembers the hash
of each database that it has put in place. Of any other the tables are taken, as data, into a database with this
version's own views and macros, which readers keep in their cache and the next command that writes puts in place.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from ..errors import RefusedFile, UserError
from ..udfs import functions
from ..udfs.cache import cache_folder
from ..udfs.names import identifier
from ..workspace.change import (
    Change,
    change_of,
    changing,
    digest_of,
    digest_of_database,
    mend,
    one_writer,
    replace_database,
)
from ..workspace.connection import attach, connect, refuse_newer, way_out
from ..workspace.folder import Sky, existing_sky, find_sky
from ..workspace.ledger import full_disk_told
from ..workspace.query import all_or_nothing, as_pattern, quoted
from . import views
from .cuts import apply_stored_cuts
from .damage import tell_damaged
from .template import code_of, data_of, is_known, remember, template_of

#: Tables that commands write; beside them those of `region`, and its owner's in schemas of their own.
LEDGER = ("cuts", "runs", "match_statistics")
#: What a row of the ledger is; another says nothing of a product, which is then made again.
ROW = "product is not null and made_by is not null and n_rows >= 0 and seconds >= 0 and isfinite(made_at)" + "".join(
    f""" and json_type({texts}) = 'OBJECT'
    and len(list_filter(json_extract({texts}, '$.*'), lambda part: json_type(part) <> 'VARCHAR')) = 0"""
    for texts in ("inputs", "cuts", "models", "coalesce(trained_on, '{}')")
)
#: Names that the folder of a HATS catalog has one of.
HATS = ("hats.properties", "properties", "collection.properties")
#: How many databases of workspaces that others wrote are kept in the cache, those used last.
KEPT = 12


def open_sky(
    path: str | Path,
    read_only: bool = True,
    *,
    read: Iterable[str | Path] = (),
    trust: bool | None = None,
    memory: str | None = None,
    threads: int | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open a workspace: its views, macros and networks, as a DuckDB connection.

    Parameters
    ----------
    path
        The workspace folder (made by `candlesql demo` or `candlesql ingest`), or the `sky.duckdb` in it.
    read_only
        Read-only connections stand side by side, in other processes and the DuckDB shell too.
    read
        Files and folders outside the workspace that queries may read where they are not trusted.
    trust
        Whether queries may do what DuckDB can. If not, as in `candlesql sql`, a read-only connection reads the
        workspace's own folders and `read`, loads no extension and keeps its settings. If it is not said, they may in a
        workspace that this user's candlesql has written, and may not in one of somebody else.
    memory, threads
        What DuckDB may take, as in "4GB" and 2; if not said, what `CANDLESQL_MEMORY` and `CANDLESQL_THREADS` or the
        configuration file say, else 40 % of the memory and every core.

    Raises
    ------
    UserError
        If there is no workspace, a newer candlesql made it, or another process holds it open for writing.
    """
    sky = existing_sky(path)
    if not change_of(sky):
        mend(sky)
    if not read_only:
        return _open_in_place(sky, memory, threads)
    digest = digest_of_database(sky)
    connection = _connect_to_sound(sky, digest, memory, threads)
    try:
        connection.execute("set autoinstall_known_extensions = false")
        functions.register_models(connection, sky.models)
        tell_damaged(connection, sky)
        if not (is_known(digest) if trust is None else trust):
            confine(connection, sky, read)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def writing(path: str | Path, whole: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A workspace open for a command that changes it: what the block does holds if it ends well, else nothing of it.

    Readers go on beside it. With `whole`, products too hold only when all is done; without, each as it is finished.

    Raises
    ------
    Locked
        If another command writes.
    NoSpace
        If the disk is full.
    """
    sky = existing_sky(path)
    aside = sky.root / ".sky.duckdb.new"
    with full_disk_told(), one_writer(sky):
        mend(sky)
        _copy_sound(sky, aside)
        with changing(sky, aside, whole) as change:
            connection = _connect_to(aside, sky)
            try:
                functions.register_models(connection, sky.models)
                tell_damaged(connection, sky, by_hash=True)
                yield connection
                _settle(change, connection)
            finally:
                connection.close()
                aside.unlink(missing_ok=True)


def settle(connection: duckdb.DuckDBPyConnection, sky: Sky) -> None:
    """Let what a command has done so far hold, unless it is all or nothing."""
    change = change_of(sky)
    if change and not change.whole:
        _settle(change, connection)


def _settle(change: Change, connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("checkpoint")
    made = change.aside.with_suffix(".made")
    shutil.copyfile(change.aside, made)
    remember(digest_of(made))
    change.settle(made)


def make_sky(path: str | Path) -> Sky:
    """The workspace at a folder, made if it is not there yet."""
    sky = find_sky(path)
    if sky.root.is_file():
        raise UserError("is a file; a workspace is a folder", file=sky.root)
    try:
        for folder in (sky.catalogs, sky.surveys, sky.matches, sky.scores, sky.models, sky.results):
            folder.mkdir(parents=True, exist_ok=True)
        if not sky.database.exists():
            with one_writer(sky):
                made = sky.database.with_name(f".{sky.database.name}.made")
                shutil.copyfile(template_of(sky), made)
                remember(digest_of(made))
                replace_database(sky, made)
    except OSError as error:
        raise UserError(f"no workspace can be made here ({error.strerror})", file=sky.root) from None
    return sky


@contextmanager
def new_or_existing(path: str | Path) -> Iterator[Sky]:
    """The workspace at a folder, made if it is not there yet, held for writing; taken away again if the block fails and
    left nothing."""
    sky = find_sky(path)
    was_there, had_one = sky.root.exists(), sky.database.exists()
    folders = [sky.catalogs, sky.surveys, sky.matches, sky.scores, sky.models, sky.results]
    new = [folder for folder in folders if not folder.exists()]
    try:
        make_sky(path)
        with one_writer(sky):
            yield sky
    except BaseException:
        if not had_one and sky.root.is_dir():
            _take_away(sky, new, was_there)
        raise


def _take_away(sky: Sky, new: list[Path], keep_root: bool) -> None:
    """Remove what `make_sky` made, while nothing has been put into it."""
    for folder in new:
        with suppress(OSError):
            folder.rmdir()
    if any(folder.exists() for folder in new):
        return
    for name in ("sky.duckdb", ".lock"):
        (sky.root / name).unlink(missing_ok=True)
    if not keep_root:
        with suppress(OSError):
            sky.root.rmdir()


def refresh(connection: duckdb.DuckDBPyConnection, sky: Sky, placed: Path | None = None) -> None:
    """Point the views over files to the files that are there now, in one transaction; only those over what has been
    `placed`, if that is said and all else is as it was."""
    with all_or_nothing(connection):
        if placed is None or not views.update_views_over(connection, sky, placed):
            views.update_data_views(connection, sky)
        connection.execute("update candlesql.state set data = ?", [data_of(sky)])


def confine(connection: duckdb.DuckDBPyConnection, sky: Sky, read: Iterable[str | Path] = ()) -> None:
    """Let queries read the workspace's own folders and what is named, and nothing else of the machine."""
    inside = [sky.root.resolve(), *(Path(place).expanduser().resolve() for place in read)]
    inside += [path.resolve() for path in sky.catalogs.glob("*") if path.is_symlink() and _is_catalog(path)]
    folders = [place for place in inside if not place.is_file()]
    files = [place for place in inside if place.is_file()]
    for option, places in (("directories", folders), ("paths", files)):
        texts = dict.fromkeys(text for place in places for text in (str(place), as_pattern(place)))
        connection.execute(f"set allowed_{option} = [{', '.join(map(quoted, texts))}]")
    for name in ("autoinstall_known_extensions", "autoload_known_extensions", "enable_external_access"):
        connection.execute(f"set {name} = false")
    connection.execute("set lock_configuration = true")


def _is_catalog(link: Path) -> bool:
    """Whether what a link leads to is a catalog: a folder that is none, such as a user's home, is not read."""
    return (link.suffix == ".parquet" and link.is_file()) or any((link / name).is_file() for name in HATS)


def _open_in_place(sky: Sky, memory: str | None = None, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """The database file itself, open for writing as DuckDB does: one at a time, and no reader beside it."""
    if not _is_sound(sky):
        with one_writer(sky):
            _put_in_place(sky)
    connection = _connect_to(sky.database, sky, memory=memory, threads=threads)
    functions.register_models(connection, sky.models)
    return connection


def _is_sound(sky: Sky) -> bool:
    """Whether this user's candlesql wrote the database, with the views of this version over the files there are."""
    if not is_known(digest_of_database(sky)):
        attach(sky.database, sky.spill, read_only=True).close()
        return False
    with connect(sky, read_only=True) as connection:
        return _is_current(connection, sky)


def _connect_to_sound(
    sky: Sky, digest: str, memory: str | None = None, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """A read-only connection to views that this version made, over the tables of the workspace's database, which has
    this hash."""
    if is_known(digest):
        connection = connect(sky, True, memory, threads)
        if _is_current(connection, sky):
            return connection
        connection.close()
        if os.access(sky.root, os.W_OK) and not change_of(sky):
            with suppress(UserError, OSError), one_writer(sky):
                _put_in_place(sky)
                return connect(sky, True, memory, threads)
    key = hashlib.sha256(f"{digest} {code_of(sky)} {data_of(sky)} {sky.root}".encode()).hexdigest()
    folder = cache_folder() / "skies"
    folder.mkdir(parents=True, exist_ok=True)
    private = folder / f"{key[:32]}.duckdb"
    if not private.exists():
        attach(sky.database, sky.spill, read_only=True).close()  # says who holds it, or that it is none
        with tempfile.TemporaryDirectory(dir=folder, prefix="new-") as work:
            made = Path(work) / private.name
            _build(sky, made)
            made.replace(private)
        used = sorted(folder.glob("*.duckdb"), key=lambda path: path.stat().st_mtime)
        for old in used[:-KEPT]:
            old.unlink(missing_ok=True)
    return _connect_to(private, sky, True, memory, threads)


def _connect_to(
    database: Path, sky: Sky, read_only: bool = False, memory: str | None = None, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    connection = attach(database, sky.spill, read_only, memory, threads)
    connection.execute("set variable candlesql_root = ?", [as_pattern(sky.root)])
    return connection


def _put_in_place(sky: Sky) -> None:
    """Make the database anew and let it take its place; the caller holds the lock."""
    made = sky.root / ".sky.duckdb.made"
    try:
        _build(sky, made)
        remember(digest_of(made))
        replace_database(sky, made)
    finally:
        made.unlink(missing_ok=True)


def _copy_sound(sky: Sky, target: Path) -> None:
    """A copy of the database if it can be believed, else one with its tables and this version's views."""
    target.unlink(missing_ok=True)
    try:
        if _is_sound(sky):
            shutil.copyfile(sky.database, target)
        else:
            _build(sky, target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _build(sky: Sky, made: Path) -> None:
    """A database as this version makes it, with the tables of the workspace's, and views over the files there are."""
    shutil.copyfile(template_of(sky), made)
    with attach(made, sky.spill) as connection:
        try:
            connection.execute(f"attach {quoted(sky.database)} as before (read_only)")
            refuse_newer(connection, sky.database, "before")
            for schema, table in _tables(connection):
                _carry_over(connection, schema, table)
            connection.execute("detach before")
        except duckdb.Error as error:
            if isinstance(error, duckdb.InternalException):
                raise
            said = f"cannot be read ({str(error).splitlines()[0]})"
            raise RefusedFile(said, file=sky.database, hint=way_out(error)) from None
        apply_stored_cuts(connection)
        connection.execute("set variable candlesql_root = ?", [as_pattern(sky.root)])
        refresh(connection, sky)
        connection.execute("checkpoint")


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """The tables of the database `before`: what commands have written down, regions, and whatever its owner keeps in
    schemas that are not this program's."""
    rows = connection.execute(
        """select schema_name, table_name from duckdb_tables()
           where database_name = 'before' and not internal and not temporary order by all"""
    ).fetchall()
    ours = {
        row[0]
        for row in connection.execute(
            "select schema_name from duckdb_schemas() where database_name <> 'before'"
        ).fetchall()
    } - {"main"}
    own = [(schema, table) for schema, table in rows if schema == "region" or schema not in ours]
    return [("candlesql", name) for name in LEDGER if ("candlesql", name) in rows] + own


def _carry_over(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    """A table of the database `before` with its rows."""
    name = f"{identifier(schema)}.{identifier(table)}"
    connection.execute(f"create schema if not exists {identifier(schema)}")
    if schema == "candlesql":
        connection.execute(f"insert into {name} by name from before.{name}{' where ' + ROW if table == 'runs' else ''}")
    else:
        connection.execute(f"create table {name} as from before.{name}")


def _is_current(connection: duckdb.DuckDBPyConnection, sky: Sky) -> bool:
    try:
        rows = connection.execute("select code, data from candlesql.state").fetchall()
    except duckdb.Error:
        return False
    return rows == [(code_of(sky), data_of(sky))]
