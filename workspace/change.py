"""What a command changes in a workspace: all of it, or nothing, also where it is killed.

A command that writes holds `SKY/.lock` and works on a copy of the database. A finished product takes its place by a
rename; what stood there before is kept in `SKY/.before`, and `SKY/.journal` says which. When the copy of the database
has taken its place, the change is done. A change that never got there is undone, by the command itself or, where it was
killed, by the next one that opens the workspace.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import Locked, RefusedFile, UserError
from .folder import TRUTH, Sky, refuse_odd
from .short import short_text

#: What this program makes, at the top of a workspace; nothing else is replaced or removed.
OWN = ("catalogs", "surveys", "matches", "scores", "models", "results", "scale", "report", TRUTH)
#: Other names of this program at the top of a workspace.
HIDDEN = (".before", ".demo", ".fetch", ".journal", ".lock", ".making-", ".sky.duckdb", ".spill", "sky.duckdb")
#: What only works for a moment, by name.
OF_FOLDERS = ("*/.*.tmp", "*/.*.made", "*/.*.part", "*/.*.reading")
PASSING = (".making-*", ".journal.tmp", ".sky.duckdb.*", ".*.candlesql.tmp*", *OF_FOLDERS)
#: What parts are gathered in until they are whole; empty, it is left of a kill just after that.
GATHERING = ("scores/.parts", ".fetch")
LOOK_EVERY = 0.2

#: Whether a command waits for another that writes (`--wait`).
waits = False
#: What this process has finished for good, in words.
finished: list[str] = []
#: The workspaces that the command has opened.
opened: list[Sky] = []
_locks: dict[Path, tuple[int, int]] = {}
_changes: dict[Path, Change] = {}


class Change:
    """The products that a command has put in place and not yet settled."""

    def __init__(self, sky: Sky, aside: Path, whole: bool):
        self.sky, self.aside, self.whole = sky, aside, whole
        self.entries: list[list[object]] = []
        self.digest: str | None = None
        #: What is no longer needed once the change is done.
        self.afterwards: list[Path] = []

    def begin(self, target: Path) -> Path | None:
        """Write down that `target` is about to change; returns where what stands there is to be kept."""
        name = target.relative_to(self.sky.root).as_posix()
        if any(entry[0] == name for entry in self.entries):
            return None
        self.entries.append([name, os.path.lexists(target)])
        _before(self.sky).mkdir(exist_ok=True)
        self.write()
        return _before(self.sky) / str(len(self.entries) - 1)

    def write(self) -> None:
        made = _journal(self.sky).with_suffix(".tmp")
        made.write_text(json.dumps({"entries": self.entries, "digest": self.digest}), encoding="utf-8")
        made.replace(_journal(self.sky))

    def forget(self) -> None:
        """End the change where the database was changed in place."""
        finished.extend(str(entry[0]) for entry in self.entries)
        self.entries = []
        _forget(self.sky)

    def settle(self, made: Path) -> None:
        """Let the database `made` take its place, which ends the change."""
        if self.entries:
            self.digest = digest_of(made)
            self.write()
        replace_database(self.sky, made)
        finished.extend(str(entry[0]) for entry in self.entries)
        self.entries, self.digest = [], None
        _forget(self.sky)
        for path in self.afterwards:
            remove(path, self.sky.root)
        self.afterwards = []


def change_of(sky: Sky) -> Change | None:
    """The change that this process has begun in a workspace."""
    return _changes.get(sky.root)


@contextmanager
def changing(sky: Sky, aside: Path, whole: bool) -> Iterator[Change]:
    """A change of a workspace, undone where the block fails; the caller holds the lock and settles it."""
    change = _changes[sky.root] = Change(sky, aside, whole)
    try:
        yield change
    except BaseException:
        undo(sky)
        raise
    finally:
        del _changes[sky.root]


def place(sky: Sky, made: Path, target: Path) -> None:
    """Let a finished file or folder take the place of `target`, whole; a change that fails puts back what was there."""
    change = change_of(sky)
    target.parent.mkdir(parents=True, exist_ok=True)
    before = change.begin(target) if change else None
    if made.is_dir() or target.is_dir():
        kept = before or target.with_name(f".{target.name}.made")
        if os.path.lexists(target):
            remove(target, sky.root) if change and before is None else target.replace(kept)
        made.replace(target)
        if change is None:
            remove(kept, sky.root)
        return
    if before is not None and target.exists():
        try:
            os.link(target, before, follow_symlinks=False)
        except OSError:
            shutil.copy2(target, before, follow_symlinks=False)
    made.replace(target)


def keep(sky: Sky, target: Path) -> None:
    """Copy a file or folder that is about to be written over; a change that fails puts the copy back."""
    change = change_of(sky)
    before = change.begin(target) if change else None
    if before is None or not target.exists():
        return
    if target.is_dir():
        shutil.copytree(target, before.with_suffix(".tmp"))
    else:
        shutil.copy2(target, before.with_suffix(".tmp"))
    before.with_suffix(".tmp").replace(before)


def take_away(sky: Sky, target: Path) -> None:
    """Remove a product; a change that fails puts it back."""
    change = change_of(sky)
    if not os.path.lexists(target):
        return
    before = change.begin(target) if change else None
    if before is None:
        remove(target, sky.root)
    else:
        target.replace(before)


def remove(path: Path, root: Path) -> None:
    """Remove a file, a link, or a folder with what is in it, if it truly lies below `root`; never through a link."""
    if not os.path.lexists(path):
        return
    if not path.parent.resolve().is_relative_to(root.resolve()):
        raise RefusedFile("is reached through a link and stands outside the workspace; it is left alone", file=path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


@contextmanager
def one_writer(sky: Sky) -> Iterator[None]:
    """Hold the workspace against other commands that write; a dead one holds nothing.

    Raises
    ------
    Locked
        If another process writes, unless commands wait.
    """
    is_first = sky.root not in _locks
    file, times = (_lock(sky), 0) if is_first else _locks[sky.root]
    _locks[sky.root] = (file, times + 1)
    try:
        if is_first:
            refuse_odd(sky.root)
            refuse_links(sky)
            _sweep(sky)
        yield
    finally:
        file, times = _locks.pop(sky.root)
        if times > 1:
            _locks[sky.root] = (file, times - 1)
        else:
            os.ftruncate(file, 0)
            os.close(file)


def _lock(sky: Sky) -> int:
    path = sky.root / ".lock"
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        raise UserError(f"cannot be written ({error.strerror})", file=sky.root) from None
    at = os.fstat(file)
    if not stat.S_ISREG(at.st_mode) or at.st_nlink > 1:
        os.close(file)
        raise RefusedFile("is no file of its own: it has another name too, or is a pipe; take it away", file=path)
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if waits:
                time.sleep(LOOK_EVERY)
                continue
            holder = os.pread(file, 100, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(file)
            raise Locked(
                f"another command is writing here (process {holder})",
                file=sky.root,
                hint="wait for it to end, or say --wait",
            ) from None
    with contextlib.suppress(OSError):  # a full disk keeps nobody from holding the lock; who holds it is only told
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
    return file


def refuse_links(sky: Sky) -> None:
    """Refuse to write where a name of this program is a link: what lies behind it is not the workspace's.

    A HATS catalog, and a catalog in one file, may be links: they are only read, and a new one takes the link's place.
    """
    allowed = (".hats", ".parquet")
    pending = [sky.root]
    while pending:
        folder = pending.pop()
        with os.scandir(folder) as found:
            for entry in found:
                is_own = folder != sky.root or entry.name in OWN or entry.name.startswith(HIDDEN)
                if not is_own:
                    continue
                if entry.is_symlink():
                    if folder == sky.catalogs and entry.name[:1] != "." and entry.name.endswith(allowed):
                        continue
                    raise RefusedFile(
                        "is a link, and a command would write or remove what lies behind it",
                        file=entry.path,
                        hint="put the files themselves there, or link the whole workspace",
                    )
                if entry.is_dir() and not entry.name.endswith(".hats"):
                    pending.append(Path(entry.path))


def mend(sky: Sky) -> None:
    """Bring back what was there before a command that was killed, or finish what it had all but finished; take away
    what it left lying."""
    if not (_journal(sky).exists() or _before(sky).exists()):
        return
    try:
        with one_writer(sky):
            undo(sky)
    except (Locked, OSError):
        return
    except UserError:
        return


def _sweep(sky: Sky) -> None:
    """Take away what killed commands have left by their passing names; the lock has just been taken."""
    for pattern in PASSING:
        for path in sky.root.glob(pattern):
            if path.parent == sky.root or path.parent.name in OWN:
                remove(path, sky.root)
    for name in GATHERING:
        with contextlib.suppress(OSError):
            (sky.root / name).rmdir()
    for path in sky.root.glob(".spill-*"):
        if not Path("/proc", path.name.removeprefix(".spill-")).exists():
            remove(path, sky.root)


def undo(sky: Sky) -> None:
    """Put back what the journal says stood there before, unless the change was settled; the caller holds the lock."""
    try:
        said = json.loads(short_text(_journal(sky)))
        entries = [(Path(str(name)), bool(had)) for name, had in said["entries"]]
        digest = said.get("digest")
    except FileNotFoundError:
        _forget(sky)
        return
    except (ValueError, KeyError, TypeError, OSError, RecursionError, RefusedFile):
        entries, digest = [], None
    if digest is None or not sky.database.exists() or digest != digest_of(sky.database):
        for number, (name, had) in reversed(list(enumerate(entries))):
            if name.is_absolute() or ".." in name.parts or name.parts[:1] not in [(own,) for own in OWN]:
                continue
            _put_back(sky, sky.root / name, _before(sky) / str(number), had)
    _forget(sky)


def _put_back(sky: Sky, target: Path, before: Path, had: bool) -> None:
    if not had:
        remove(target, sky.root)
    elif os.path.lexists(before):
        if target.is_dir() or before.is_dir():
            remove(target, sky.root)
        before.replace(target)


def _forget(sky: Sky) -> None:
    _journal(sky).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        _journal(sky).with_suffix(".tmp").unlink(missing_ok=True)
    remove(_before(sky), sky.root)


def _journal(sky: Sky) -> Path:
    return sky.root / ".journal"


def _before(sky: Sky) -> Path:
    return sky.root / ".before"


def digest_of_database(sky: Sky) -> str:
    """The hash of a workspace's database as it is read: with the log beside it, if there is one."""
    digest = digest_of(sky.database)
    if not sky.log.is_file() or not sky.log.stat().st_size:
        return digest
    return hashlib.sha256(f"{digest} {digest_of(sky.log)}".encode()).hexdigest()


def replace_database(sky: Sky, made: Path) -> None:
    """Let a database take the place of the workspace's, in which the log of that is taken up or left out."""
    made.replace(sky.database)
    sky.log.unlink(missing_ok=True)


def digest_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
