"""Database files as a new workspace has them, made once for each version and set of models, and copied from then on.

Binding some two hundred views and the networks' SQL forms takes seconds; copying the file that holds them takes none.
The files stand in the user's cache folder (`CANDLESQL_CACHE`, else what the system has for caches) and can be deleted.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path

import duckdb

from ..catalogs.survey import SHIPPED
from ..udfs import functions, model_files, taught
from ..udfs.cache import cache_folder, found_once
from ..workspace.connection import FORMAT, attach
from ..workspace.folder import Sky
from . import files, views

#: How many of them are kept, those used last.
KEPT = 6
#: How many databases of workspaces are remembered as written by this user.
REMEMBERED = 1000
#: Folders of the package with all that says what a workspace's views are.
CODE = (files.ROOT, SHIPPED, model_files.SHIPPED.parent)
TABLES = """
    create schema candlesql;
    create table candlesql.cuts(name varchar primary key, value varchar);
    create table candlesql.match_statistics("left" varchar, "right" varchar, low_arcsec double, high_arcsec double,
        n_pairs bigint, n_random bigint, n_left bigint);
    create table candlesql.runs(product varchar, made_by varchar, inputs json, cuts json, models json,
        n_rows bigint, seconds double, made_at timestamp, version varchar, files json,
        trained_on json);
    create table candlesql.unread(file varchar primary key, why varchar);
    create table candlesql.state(format integer, code varchar, data varchar, version varchar);
"""


def code_of(sky: Sky) -> str:
    """A hash of the content of all that makes a workspace's views: the package's files, DuckDB, the models."""
    own = ""
    if any(sky.models.rglob("*")):
        own = functions.fingerprint(sky.models) + taught.fingerprint(sky.models)
    return hashlib.sha256(f"{_code_of_package()} {own}".encode()).hexdigest()


@cache
def _code_of_package() -> str:
    """The files are read again only where one has another size or time."""
    seen = f"{version('candlesql')} {duckdb.__version__} {_sizes_and_times(CODE)}"
    return str(found_once(seen.encode(), (), lambda: {"code": _hash_of_package()})["code"])


def _sizes_and_times(folders: Iterable[Path]) -> str:
    said, pending = [], [str(folder) for folder in folders]
    while pending:
        with os.scandir(pending.pop()) as found:
            for entry in found:
                if entry.is_dir():
                    pending.append(entry.path)
                elif not entry.name.endswith(".pyc"):
                    stat = entry.stat()
                    said.append(f"{entry.path} {stat.st_size} {stat.st_mtime_ns}")
    return "\n".join(sorted(said))


def _hash_of_package() -> str:
    digest = hashlib.sha256(f"{version('candlesql')} {duckdb.__version__} {FORMAT}".encode())
    for path in views.code_sources():
        digest.update(path.name.encode() + path.read_bytes())
    shipped = Path(os.devnull)
    digest.update((functions.fingerprint(shipped) + taught.fingerprint(shipped)).encode())
    return digest.hexdigest()


def template_of(sky: Sky) -> Path:
    """The database file of a workspace with these models and without catalogs, made if there is none yet."""
    folder, code = cache_folder(), code_of(sky)
    file = folder / f"views-{code[:32]}.duckdb"
    if file.exists():
        os.utime(file)
        return file
    with tempfile.TemporaryDirectory(dir=folder, prefix="new-") as work:
        made = Path(work) / file.name
        _make(made, code, sky)
        made.replace(file)
    _forget_old(folder)
    return file


def remember(digest: str) -> None:
    """Note that this user's candlesql wrote the database of this hash."""
    known = cache_folder() / "known"
    known.mkdir(parents=True, exist_ok=True)
    (known / digest).touch()
    found = sorted(known.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in found[:-REMEMBERED]:
        path.unlink(missing_ok=True)


def is_known(digest: str) -> bool:
    return (cache_folder() / "known" / digest).exists()


def _make(made: Path, code: str, sky: Sky) -> None:
    from ..workspace.progress import spinner

    plain = Sky(made.parent / "none")
    has_own = any(sky.models.rglob("*"))
    if has_own:
        shutil.copyfile(template_of(plain), made)
    with _file(made) as connection, spinner("preparing the views of this version, once"):
        if not has_own:
            connection.execute(TABLES + taught.TABLES)
        taught.fill_tables(connection, sky.models)
        views.drop_all(connection)
        with connection.cursor() as other, ThreadPoolExecutor(1) as pool:
            other.execute("use sky")
            networks = pool.submit(functions.create_networks, other, sky.models)
            views.create_all(connection, plain, sky.models)
            networks.result()
        connection.execute("delete from candlesql.state")
        nothing = data_of(plain)
        connection.execute(
            "insert into candlesql.state values (?, ?, ?, ?)", [FORMAT, code, nothing, version("candlesql")]
        )


@contextmanager
def _file(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = attach(path, path.parent)
    try:
        yield connection
    finally:
        connection.close()


def data_of(sky: Sky) -> str:
    """A hash of which files a workspace's views read, by name and size, and of the content of its survey files."""
    digest = hashlib.sha256()
    for path in views.data_sources(sky):
        said = path.read_bytes() if path.suffix == ".toml" else str(path.stat().st_size).encode()
        digest.update(f"{path.relative_to(sky.root)} ".encode() + said)
    return digest.hexdigest()


def _forget_old(folder: Path) -> None:
    found = sorted(folder.glob("views-*.duckdb"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found[KEPT:]:
        path.unlink(missing_ok=True)
