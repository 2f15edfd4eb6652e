"""Catalogs whose rows stay where they are: what a workspace keeps of one, and the survey's columns out of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from ..errors import RefusedFile
from ..workspace.connection import in_memory
from ..workspace.short import short_text
from .fields import choose, is_sentinel, typed_field
from .readers import Source, open_file
from .readers.remote import opened_partitions
from .releases import check_release
from .remote.address import Address, Place, place_of
from .remote.hats import RemoteCatalog
from .survey import Survey

#: Of the file in a workspace's `catalogs/` that holds an address, and of a HATS folder or a link to one.
ADDRESS, FOLDER = ".url", ".hats"
MOST_LETTERS = 4000


def address_in(file: Path) -> Address:
    """The address that a workspace's file `<survey>.url` holds.

    Raises
    ------
    RefusedFile
        If it holds none, or more than that.
    """
    try:
        found = place_of(short_text(file, MOST_LETTERS).strip())
    except UnicodeDecodeError:
        raise RefusedFile("is no text", file=file) from None
    if not isinstance(found, Address) or found.has_secret:
        raise RefusedFile("holds no address of a catalog, such as https://archive/hats/gaia_dr3", file=file)
    return found


def word_for(survey: str, address: Address) -> str:
    """What a user's cache remembers once the user has named this address for this survey."""
    return hashlib.sha256(f"{survey} is read at {address}".encode()).hexdigest()


def fields_in_place(survey: Survey, place: Path | RemoteCatalog) -> tuple[str, str]:
    """What makes the survey's columns of a HATS catalog's: of their names, types and units, then without sentinels.

    Raises
    ------
    UserError
        If the catalog lacks a column or the index, or is of another release.
    """
    with in_memory() as connection:
        opened = _opened(connection, place)
        try:
            if "_healpix_29" not in opened.columns:
                raise RefusedFile(
                    "has no column _healpix_29; write it again with hats-import or LSDB", file=opened.path
                )
            check_release(connection, survey, opened)
            chosen = choose(survey, opened, {})
            raw = [typed_field(survey, c, chosen.get(n), opened, {}) for n, c in survey.columns.items()]
        except duckdb.Error:
            if failure := opened.failure():
                raise failure from None
            raise
        finally:
            opened.close()
    tests = {name: is_sentinel(survey, column) for name, column in survey.columns.items()}
    cleaned = [f'if({test}, null, "{name}") as "{name}"' if test else f'"{name}"' for name, test in tests.items()]
    return ", ".join(raw), ", ".join(cleaned)


def _opened(connection: duckdb.DuckDBPyConnection, place: Path | RemoteCatalog) -> Source:
    if isinstance(place, RemoteCatalog):
        return opened_partitions(connection, place)
    return open_file(connection, place)


def refuse_kept(place: Place) -> None:
    """Refuse an address that cannot be written down.

    Raises
    ------
    RefusedFile
        If it holds a user, a password or a query, in which signatures stand.
    """
    if isinstance(place, Address) and place.has_secret:
        raise RefusedFile(
            "what is read in place is written down for later, and holds no user, password or query; give those to "
            "AWS's own chain or ~/.netrc, or ingest the catalog",
            file=place,
        )
