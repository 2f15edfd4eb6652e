"""The user's own folder for what can be made again (`CANDLESQL_CACHE`, else what the system has for caches)."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any


def cache_folder() -> Path:
    """The folder, made if it is not there; where none can be written, one that goes away with the process."""
    return _writable(os.environ.get("CANDLESQL_CACHE"))


@cache
def _writable(given: str | None) -> Path:
    if given is None:
        from platformdirs import user_cache_path

        given = str(user_cache_path("candlesql"))
    folder = Path(given)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return _of_this_process()


@cache
def _of_this_process() -> Path:
    holder = tempfile.TemporaryDirectory(prefix="candlesql-")
    _HOLDERS.append(holder)
    return Path(holder.name)


_HOLDERS: list[tempfile.TemporaryDirectory[str]] = []


def found_once(content: bytes, code: tuple[Path, ...], find: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `find` says of a file's content, as JSON keeps it; asked once for each content and text of `code`, the
    modules that find it out."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in code) + content).hexdigest()
    kept = cache_folder() / "found" / f"{digest}.json"
    with suppress(OSError, ValueError):
        said = json.loads(kept.read_text(encoding="utf-8"))
        if isinstance(said, dict):
            return said
    said = find()
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        made = kept.with_suffix(f".{os.getpid()}")
        made.write_text(json.dumps(said), encoding="utf-8")
        made.replace(kept)
    return said
