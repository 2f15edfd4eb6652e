"""A workspace's folders and files, and the ways to name it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..errors import NoWorkspace, RefusedFile
from .limits import temporary_folder

#: What a simulation knows of its stars.
TRUTH = "truth.parquet"
#: What is read at the top of a workspace.
READ = ("catalogs", "surveys", "matches", "scores", "models", "results", "scale", TRUTH, "sky.duckdb", ".journal")


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

    @property
    def spill(self) -> Path:
        """Where this process puts what does not fit into memory."""
        name = f".spill-{os.getpid()}"
        if (said := temporary_folder()) is not None:
            return said / f"candlesql{name}"
        return self.root / name if os.access(self.root, os.W_OK) else Path(tempfile.gettempdir()) / f"candlesql{name}"

    def catalog(self, survey: str) -> Path:
        return self.catalogs / f"{survey}.parquet"

    def match(self, left: str, right: str) -> Path:
        return self.matches / f"{left}_{right}.parquet"

    def match_files(self, left: str, right: str) -> list[Path]:
        """The file of a match, or its files where it was made part by part; none where it was not made."""
        file = self.match(left, right)
        return [file] if file.exists() else sorted(file.with_suffix("").glob("*.parquet"))


def find_sky(path: str | Path) -> Sky:
    """The workspace at a folder, or at the database file in it."""
    path = Path(path).expanduser().resolve()
    return Sky(path.parent if path.name == "sky.duckdb" else path)


def refuse_odd(root: Path) -> None:
    """Refuse a workspace with a pipe, a socket or a device where a file should be: reading it would never end.

    Raises
    ------
    RefusedFile
        If there is one among this program's own names.
    """
    pending = [root] if root.is_dir() else []
    while pending:
        with os.scandir(pending.pop()) as found:
            for entry in found:
                is_own = entry.name in READ if Path(entry.path).parent == root else not entry.name.endswith(".hats")
                if is_own and entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
                elif is_own and os.path.exists(entry.path) and not (entry.is_file() or entry.is_dir()):
                    raise RefusedFile("is no file but a pipe, a socket or a device; take it away", file=entry.path)


def existing_sky(path: str | Path) -> Sky:
    """The workspace at a folder, which must be there.

    Raises
    ------
    UserError
        If it is not.
    """
    sky = find_sky(path)
    refuse_odd(sky.root)
    if not sky.database.exists():
        hint = f"make one with `candlesql demo {sky.root}` or `candlesql ingest`"
        raise NoWorkspace("no workspace here", file=sky.root, hint=hint)
    return sky
