"""Files of a workspace that are not as this program wrote them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

from ..errors import RefusedFile, told
from ..workspace.change import opened
from ..workspace.folder import Sky
from ..workspace.ledger import fingerprint, said_of_files
from ..workspace.query import literal_path
from .views import data_sources

CHANGED = "is damaged: it is not what was written"


def tell_damaged(connection: duckdb.DuckDBPyConnection, sky: Sky, by_hash: bool = False) -> None:
    """Say on stderr, a line each, which products' files are gone, not as they were written by their size (or their
    hash), or not what their views can read."""
    opened.append(sky)
    for error in _damaged(connection, sky, by_hash).values():
        if str(error) not in told:
            print(error, file=sys.stderr)
            told.add(str(error))


def refuse_damaged(connection: duckdb.DuckDBPyConnection, sky: Sky, survey: str) -> None:
    """Refuse a survey of which no rows can be read.

    Raises
    ------
    RefusedFile
        If its file is damaged.
    """
    file = sky.catalog(survey)
    if file.is_file() and (damaged := _damaged(connection, sky, by_hash=True, alone=file).get(file)):
        raise damaged


def _damaged(
    connection: duckdb.DuckDBPyConnection, sky: Sky, by_hash: bool, alone: Path | None = None
) -> dict[Path, RefusedFile]:
    found: dict[Path, RefusedFile] = {}
    makers: dict[str, tuple[str, str]] = {}
    told_of = set()
    for product, made_by, name, size, digest in _written(connection):
        file = sky.root / name
        makers[name] = product, made_by
        if alone not in (None, file):
            continue
        what = None
        if not file.is_file():
            what = "is gone"
        elif file.stat().st_size != size:
            what = "is damaged: its size is not what was written"
        elif by_hash and fingerprint(file) != digest:
            what = CHANGED
        if what and product not in told_of:
            found[file] = RefusedFile(what, file=file, hint=_way_out(product, made_by))
            told_of.add(product)
    for name, why in connection.execute("from candlesql.unread").fetchall():
        file, maker = sky.root / name, makers.get(name)
        if file.is_file() and not (maker and maker[0] in told_of):
            hint = _way_out(*maker) if maker else "take it away"
            found[file] = RefusedFile(f"{why}: none of its rows are read", file=file, hint=hint)
    return found


def damaged_file(connection: duckdb.DuckDBPyConnection, sky: Sky) -> RefusedFile | None:
    """The first file of a workspace which cannot be read, or is not as it was written: what to say in place of an error
    that comes from it."""
    written = list(_written(connection))
    makers = {name: _way_out(product, made_by) for product, made_by, name, *_ in written}
    digests = {name: digest for *_, name, _, digest in written}
    for file in data_sources(sky):
        name = str(file.relative_to(sky.root))
        if file.suffix != ".parquet" or not file.is_file():
            continue
        if name in digests and fingerprint(file) != digests[name]:
            return RefusedFile(CHANGED, file=file, hint=makers[name])
        if why := _unreadable(connection, file):
            return RefusedFile(f"is damaged ({why})", file=file, hint=makers.get(name, "take it away"))
    return None


def _written(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str, int, str]]:
    """Product, the command that made it, and each of its files with size and hash."""
    rows = connection.execute("select product, made_by, files from candlesql.runs where files is not null").fetchall()
    for product, made_by, files in rows:
        for name, size, digest in said_of_files(files):
            yield product, made_by, name, size, digest


def _way_out(product: str, made_by: str) -> str:
    return f"`candlesql {made_by}` made {product}, and makes it again"


def _unreadable(connection: duckdb.DuckDBPyConnection, file: Path) -> str | None:
    try:
        connection.execute(f"select max(hash(columns(*))) from read_parquet({literal_path(file)})").fetchall()
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return None
