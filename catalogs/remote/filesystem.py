"""Lets DuckDB read remote files as it reads local ones: the columns and row groups that a query needs."""

from __future__ import annotations

import hashlib
import re
import weakref
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import duckdb

from ...errors import MissingPackage, UserError
from .address import Address
from .objects import ObjectFile, Objects

SCHEMES = ("https", "http", "s3")

_attached: weakref.WeakKeyDictionary[duckdb.DuckDBPyConnection, Objects] = weakref.WeakKeyDictionary()


def objects_of(connection: duckdb.DuckDBPyConnection) -> Objects:
    """The remote files of a connection, which it can read from then on by what `Objects.know` returns.

    Raises
    ------
    MissingPackage
        If fsspec is not installed.
    """
    if connection not in _attached:
        try:
            from fsspec import AbstractFileSystem
        except ImportError:
            raise MissingPackage("an address needs fsspec: pip install 'candlesql[remote]'") from None
        objects = Objects()
        connection.register_filesystem(_filesystem(AbstractFileSystem, objects))
        _attached[connection] = objects
    return _attached[connection]


def failure_of(connection: duckdb.DuckDBPyConnection) -> UserError | None:
    """What went wrong at an address since this was asked last."""
    objects = _attached.get(connection)
    failure, held = (objects.failure, objects) if objects else (None, None)
    if held:
        held.failure = None
    return failure


def detach(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the connection read no more remote files, and forget their versions."""
    if _attached.pop(connection, None):
        with suppress(duckdb.Error):
            connection.unregister_filesystem(SCHEMES[0])


def _filesystem(base: type, objects: Objects) -> Any:
    class Remote(base):  # type: ignore[misc]
        """What DuckDB asks of a file system; it neither lists nor writes."""

        protocol = SCHEMES
        cachable = False

        def glob(self, path: str, **options: Any) -> list[str]:
            """The file itself, whose name `query.as_pattern` has made a pattern of."""
            return [re.sub(r"\[([\[*?])\]", r"\1", path)]

        def open(self, path: str, mode: str = "rb", **options: Any) -> ObjectFile:
            if "r" not in mode:
                raise PermissionError("remote files are only read")
            address = objects.named(re.sub(r"\[([\[*?])\]", r"\1", path))
            with _noting(objects):
                return _Noting(objects, address)

        def exists(self, path: str, **options: Any) -> bool:
            return True

        def isfile(self, path: str) -> bool:
            return True

        def isdir(self, path: str) -> bool:
            return False

        def info(self, path: str, **options: Any) -> dict[str, Any]:
            with _noting(objects):
                return {"name": path, "size": objects.version(objects.named(path)).size, "type": "file"}

        def modified(self, path: str) -> datetime:
            """A time that another version of the file does not have: DuckDB keeps what it has read by it."""
            version = objects.version(objects.named(path))
            return datetime.fromtimestamp(int(hashlib.sha256(repr(version).encode()).hexdigest()[:7], 16), UTC)

    return Remote()


class _noting:  # noqa: N801
    """Keeps what goes wrong, since DuckDB only passes its text on."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UserError):
            self.objects.failure = error


class _Noting(ObjectFile):
    def __init__(self, objects: Objects, address: Address) -> None:
        super().__init__(objects, address)

    def read(self, size: int | None = -1) -> bytes:
        with _noting(self.objects):
            return super().read(size)
