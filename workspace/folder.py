"""A workspace's folders and files, and the ways to name it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..errors import NoWorkspace, RefusedFile, UserError, is_text
from .limits import temporary_folder

#: What a simulation knows of its stars.
TRUTH = "truth.parquet"
#: Folders at the top of a workspace.
FOLDERS = ("catalogs", "surveys", "matches", "scores", "models", "results", "scale")
#: What is read at the top of a workspace.
READ = (*FOLDERS, TRUTH, "sky.duckdb", "sky.duckdb.wal", ".journal", ".lock", ".demo", ".fetch")
#: How the name of a file ends that stands in one of the folders.
FILES = (".parquet", ".onnx", ".npz", ".toml", ".duckdb", ".duckdb.wal", ".journal", ".lock", ".demo", ".url")
#: How far down files of such names are; the folders of runs by partitions go deeper.
DEEPEST = 2


@dataclass(frozen=True)
class Sky:
    """The folders and files of a workspace."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "sky.duckdb"

    @property
    def log(self) -> Path:
        """What DuckDB has not yet written into the database: of a connection that was open for writing and killed."""
        return self.root / "sky.duckdb.wal"

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
    """The workspace at a folder, or at the database file in it.

    Raises
    ------
    UserError
        If its path has letters that DuckDB takes for something else.
    """
    path = Path(path).expanduser().resolve()
    root = path.parent if path.name == "sky.duckdb" else path
    if odd := [letter for letter in "?\\" if letter in str(root)]:
        raise UserError(f"has {odd[0]} in its path, which DuckDB cannot open; rename the folder", file=root)
    return Sky(root)


def refuse_odd(root: Path) -> None:
    """Refuse a workspace with a pipe, a socket, a device or a folder where a file should be, or a file where a folder
    should be: reading a pipe would never end.

    Raises
    ------
    RefusedFile
        If there is one among this program's own names.
    """
    pending = [root] if root.is_dir() else []
    while pending:
        folder = pending.pop()
        depth = len(folder.relative_to(root).parts)
        with os.scandir(folder) as found:
            for entry in found:
                is_own = entry.name in READ if depth == 0 else not entry.name.endswith(".hats")
                if not is_own:
                    continue
                if not is_text(entry.name):
                    raise RefusedFile("has a name that is no text in UTF-8; rename it", file=entry.path)
                _refuse_other_kind(entry, depth)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))


def _refuse_other_kind(entry: os.DirEntry[str], depth: int) -> None:
    if entry.is_dir():
        if entry.name.endswith(FILES) and depth <= DEEPEST:
            raise RefusedFile("is a folder where a file should be; take it away", file=entry.path)
    elif entry.is_file():
        if depth == 0 and entry.name in FOLDERS:
            raise RefusedFile("is a file where a folder should be; take it away", file=entry.path)
    elif os.path.exists(entry.path):
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
