"""A change of a workspace: killed at any of its renames it is old or new, and nothing outside is touched."""

import json
import os
import shutil
from itertools import count
from pathlib import Path

import pytest
from candlesql.errors import Locked, RefusedFile, UserError
from candlesql.workspace import change
from candlesql.workspace.change import Change, changing, keep, mend, one_writer, place, remove, take_away
from candlesql.workspace.folder import Sky

STEPS = ("replace", "rename", "link", "unlink", "rmdir", "remove")


@pytest.fixture
def sky(tmp_path):
    """A workspace of a database, a match, scores in a folder, and a product that is to go; plain text all of them."""
    sky = Sky(tmp_path / "sky")
    for folder in (sky.matches, sky.scores / "s", sky.results):
        folder.mkdir(parents=True)
    sky.database.write_text("old")
    (sky.matches / "a_b.parquet").write_text("old")
    (sky.scores / "s" / "part.parquet").write_text("old")
    (sky.results / "gone.parquet").write_text("old")
    return sky


def make_new(sky: Sky) -> None:
    """What a command does: a file, a folder and a new file placed, one taken away, and the database settled."""
    with one_writer(sky), changing(sky, sky.root / ".sky.duckdb.new", whole=True) as now:
        for name in ("m.tmp", "n.tmp", ".sky.duckdb.made"):
            (sky.root / name).write_text("new")
        (sky.root / "parts").mkdir()
        (sky.root / "parts" / "part.parquet").write_text("new")
        place(sky, sky.root / "m.tmp", sky.matches / "a_b.parquet")
        place(sky, sky.root / "parts", sky.scores / "s")
        place(sky, sky.root / "n.tmp", sky.results / "added.parquet")
        take_away(sky, sky.results / "gone.parquet")
        now.settle(sky.root / ".sky.duckdb.made")


def contents(sky: Sky) -> dict[str, str]:
    found = [p for p in sky.root.rglob("*.parquet") if p.relative_to(sky.root).parts[0] != "parts"]
    return {p.relative_to(sky.root).as_posix(): p.read_text() for p in [*found, sky.database]}


OLD = {
    "sky.duckdb": "old",
    "matches/a_b.parquet": "old",
    "scores/s/part.parquet": "old",
    "results/gone.parquet": "old",
}
NEW = {
    "sky.duckdb": "new",
    "matches/a_b.parquet": "new",
    "scores/s/part.parquet": "new",
    "results/added.parquet": "new",
}


def killed_at(step: int, work) -> bool:
    """Do the work in a child that is gone at its n-th rename or removal; whether it got that far."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    left = count(step, -1)
    for name in STEPS:
        real = getattr(os, name)

        def counted(*arguments, _real=real, **options):
            if next(left) == 0:
                os._exit(9)
            return _real(*arguments, **options)

        setattr(os, name, counted)
    try:
        work()
    finally:
        os._exit(0)


def test_a_change_that_ends_well_holds(sky):
    make_new(sky)
    assert contents(sky) == NEW
    assert not (sky.root / ".journal").exists()
    assert not (sky.root / ".before").exists()


def test_killed_at_any_step_it_is_old_or_new(sky, tmp_path):
    seen = []
    for step in range(60):
        own = Sky(tmp_path / f"at {step}")

        shutil.copytree(sky.root, own.root)
        was_killed = killed_at(step, lambda own=own: make_new(own))
        mend(own)
        assert contents(own) in (OLD, NEW), step
        assert not (own.root / ".journal").exists()
        assert not (own.root / ".before").exists()
        seen.append(contents(own) == NEW)
        if not was_killed:
            break
    assert not was_killed
    assert seen == sorted(seen)
    assert len(seen) > 10


@pytest.mark.heavy
def test_mending_that_is_killed_is_done_by_the_next(sky, tmp_path):

    for step in range(4, 30):
        own = Sky(tmp_path / f"at {step}")
        shutil.copytree(sky.root, own.root)
        killed_at(9, lambda own=own: make_new(own))
        killed_at(step - 4, lambda own=own: mend(own))
        mend(own)
        assert contents(own) == OLD


def test_what_fails_puts_back_what_was_there(sky):
    def fail():
        with one_writer(sky), changing(sky, sky.root / "x", whole=True):
            (sky.root / "m.tmp").write_text("new")
            place(sky, sky.root / "m.tmp", sky.matches / "a_b.parquet")
            keep(sky, sky.scores)
            (sky.scores / "s" / "part.parquet").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert contents(sky) == OLD


@pytest.mark.parametrize(
    "name", ["../outside.txt", "{absolute}", "matches/../../outside.txt", "notes.txt", "link/outside.txt"]
)
def test_a_strangers_journal_reaches_nothing_else(sky, tmp_path, name):
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    (sky.root / "notes.txt").write_text("mine")
    (sky.matches / "link").symlink_to(tmp_path)
    entry = name.format(absolute=outside)
    for path in (entry, f"matches/{entry}"):
        (sky.root / ".journal").write_text(json.dumps({"entries": [[path, False]], "digest": None}))
        mend(sky)
    assert outside.read_text() == "mine"
    assert (sky.root / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"entries": 3}', '{"entries": [["a"]]}', "\xff"])
def test_a_damaged_journal_is_taken_away(sky, text):
    (sky.root / ".journal").write_bytes(text.encode("latin-1"))
    mend(sky)
    assert contents(sky) == OLD
    assert not (sky.root / ".journal").exists()


@pytest.mark.parametrize(
    "name", ["catalogs/.gaia_dr2.ingest", "scores/.parts", "scale", "matches", ".before", "matches/.a_b.parquet.tmp"]
)
def test_links_are_refused_by_name(sky, tmp_path, name):
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.txt").write_text("mine")
    place_ = sky.root / name
    place_.parent.mkdir(exist_ok=True)
    if place_.is_dir():
        place_.rename(tmp_path / "aside")
    place_.symlink_to(home)
    with pytest.raises(RefusedFile, match="is a link"), one_writer(sky):
        pass
    assert (home / "thesis.txt").read_text() == "mine"


def test_catalogs_that_are_only_read_may_be_links(sky, tmp_path):
    sky.catalogs.mkdir()
    (sky.catalogs / "gaia_dr2.hats").symlink_to(tmp_path)
    (sky.root / "my_papers").symlink_to(tmp_path)
    with one_writer(sky):
        pass


def test_nothing_is_removed_through_a_link(sky, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    (sky.root / "link").symlink_to(tmp_path)
    with pytest.raises(RefusedFile, match="outside the workspace"):
        remove(sky.root / "link" / "thesis.txt", sky.root)
    remove(sky.root / "link", sky.root)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    assert not (sky.root / "link").is_symlink()


def test_one_writer_names_the_other_and_outlives_a_dead_one(sky):
    (sky.root / ".lock").write_text("99999999\n")
    with one_writer(sky), one_writer(sky):
        child = os.fork()
        if not child:
            change._locks.clear()
            try:
                with one_writer(sky):
                    os._exit(1)
            except Locked as error:
                os._exit(0 if str(os.getppid()) in str(error) and "--wait" in str(error) else 2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_lock_that_is_a_link_is_refused(sky, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    (sky.root / ".lock").symlink_to(tmp_path / "thesis.txt")
    with pytest.raises(UserError), one_writer(sky):
        pass
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_entries_are_written_down_once(sky):
    now = Change(sky, sky.root / "x", whole=True)
    assert now.begin(sky.matches / "a_b.parquet") == sky.root / ".before" / "0"
    assert now.begin(sky.matches / "a_b.parquet") is None
    assert Path(sky.root / ".journal").exists()


def test_a_folder_for_parts_goes_once_it_is_empty(sky):
    """A kill just after the parts have taken their place leaves it, and a command that finds them has no use for it."""
    for name in ("scores/.parts", ".fetch"):
        (sky.root / name).mkdir(parents=True)
    (sky.root / ".fetch" / "job").touch()
    with one_writer(sky):
        assert not (sky.root / "scores/.parts").exists()
        assert (sky.root / ".fetch" / "job").exists()


def test_what_killed_commands_have_left_goes_when_the_next_one_writes(sky):
    """What several files have been read into stays, for the same command to go on with."""
    for folder in ("catalogs/.gaia_dr2.reading", "catalogs/.gaia_dr2.ingest", ".making-x", ".spill-999999999"):
        (sky.root / folder).mkdir(parents=True)
    (sky.matches / ".a_b.parquet.tmp").write_text("half")
    (sky.root / ".out.fits.candlesql.tmp.heap").write_text("half")
    (sky.root / ".notes.tmp").write_text("mine")
    with one_writer(sky):
        assert [path.name for path in (sky.root / "catalogs").iterdir()] == [".gaia_dr2.ingest"]
        (sky.root / "catalogs/.gaia_dr2.reading").mkdir()
        with one_writer(sky):
            assert (sky.root / "catalogs/.gaia_dr2.reading").exists()
    assert not [path for path in sky.root.glob(".*") if path.name.startswith((".making", ".spill"))]
    assert not (sky.matches / ".a_b.parquet.tmp").exists()
    assert not (sky.root / ".out.fits.candlesql.tmp.heap").exists()
    assert (sky.root / ".notes.tmp").exists()


def test_a_lock_that_is_another_file_too_is_refused(sky, tmp_path):
    """The name of who holds it is written into it."""
    precious = tmp_path / "precious"
    precious.write_text("mine")
    os.link(precious, sky.root / ".lock")
    with pytest.raises(RefusedFile, match="has another name too"), one_writer(sky):
        pass
    assert precious.read_text() == "mine"


def test_a_journal_is_not_written_into_what_stands_there(sky, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    os.link(precious, sky.root / ".journal.tmp")
    with one_writer(sky), changing(sky, sky.root / ".new", whole=True) as change:
        change.begin(sky.matches / "a_b.parquet")
    assert precious.read_text() == "mine"


@pytest.mark.parametrize("name", [".lock", ".demo", ".fetch", "sky.duckdb.wal"])
def test_a_pipe_among_hidden_names_is_refused_by_what_writes(sky, name):
    os.mkfifo(sky.root / name)
    with pytest.raises(RefusedFile, match=r"is a pipe|but a pipe"), one_writer(sky):
        pass


def test_what_is_refused_once_is_refused_again(sky, tmp_path):
    """A lock that was kept let the second one pass without a look."""
    (sky.root / "scale").symlink_to(tmp_path)
    for _ in range(2):
        with pytest.raises(RefusedFile, match="is a link"), one_writer(sky):
            pass
