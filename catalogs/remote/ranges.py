"""Ranges of remote files that were read before, kept in the user's cache while there is room."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from ...udfs.cache import cache_folder

#: Bytes that are kept, at most; what was used longest ago goes first.
MOST_KEPT = 4 << 30
#: Of what is written between two looks at how much there is.
LOOK_EVERY = 256 << 20

_written = LOOK_EVERY


def kept(version: str, first: int, last: int) -> bytes | None:
    """The bytes from `first` to `last` of a file of this version, if they are there."""
    file = _file(version, first, last)
    try:
        content = file.read_bytes()
        os.utime(file)
    except OSError:
        return None
    data, digest = content[:-32], content[-32:]
    return data if len(data) == last + 1 - first and hashlib.sha256(data).digest() == digest else None


def keep(version: str, first: int, data: bytes) -> None:
    """Keep bytes from `first` on, readable by this user alone; what cannot be kept is read again."""
    global _written
    file = _file(version, first, first + len(data) - 1)
    made = file.with_name(f".{os.getpid()}-{file.name}")
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as content:
            content.write(data + hashlib.sha256(data).digest())
        made.replace(file)
    _written += len(data)
    if _written >= LOOK_EVERY:
        _written = 0
        _take_away_oldest(file.parent)


def _file(version: str, first: int, last: int) -> Path:
    return cache_folder() / "remote" / hashlib.sha256(f"{version} {first} {last}".encode()).hexdigest()


def _take_away_oldest(folder: Path) -> None:
    with suppress(OSError):
        found = sorted((s.st_mtime, s.st_size, entry.path) for entry in os.scandir(folder) if (s := entry.stat()))
        too_many = sum(size for _, size, _ in found) - MOST_KEPT
        for _, size, path in found:
            if too_many <= 0:
                break
            os.unlink(path)
            too_many -= size
