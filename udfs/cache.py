"""The user's own folder for what can be made again (`CANDLESQL_CACHE`, else what the system has for caches)."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


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


def arrays_once(
    content: bytes, code: tuple[Path, ...], find: Callable[[], dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """As `found_once`, of arrays by name."""
    import numpy as np

    kept = _place(content, code, "npz")
    with suppress(OSError, ValueError, zipfile.BadZipFile), np.load(kept, allow_pickle=False) as file:
        return dict(file)
    found = find()
    _keep(kept, lambda made: np.savez(made, **found))  # type: ignore[arg-type]
    return found


def found_once(content: bytes, code: tuple[Path, ...], find: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `find` says of a file's content, as JSON keeps it; asked once for each content and text of `code`, the
    modules that find it out."""
    kept = _place(content, code, "json")
    with suppress(OSError, ValueError):
        said = json.loads(kept.read_text(encoding="utf-8"))
        if isinstance(said, dict):
            return said
    said = find()
    _keep(kept, lambda made: made.write_text(json.dumps(said), encoding="utf-8"))
    return said


def _place(content: bytes, code: tuple[Path, ...], form: str) -> Path:
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in code) + content).hexdigest()
    return cache_folder() / "found" / f"{digest}.{form}"


def _keep(kept: Path, write: Callable[[Path], object]) -> None:
    """Write what has been found, whole or not at all; what cannot be kept is found again."""
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        made = kept.with_name(f".{os.getpid()}-{kept.name}")
        write(made)
        made.replace(kept)
