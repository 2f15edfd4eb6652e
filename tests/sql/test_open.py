"""The workspace: opening, sharing, moving, staleness, provenance, cuts."""

import errno
import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from candlesql import UserError, open_sky
from candlesql.commands.steps.cuts import apply_cuts, cuts_applied
from candlesql.errors import NoSpace
from candlesql.sql import files
from candlesql.sql import open as opening
from candlesql.sql.open import make_sky, new_or_existing, refresh, writing
from candlesql.workspace.connection import connect
from candlesql.workspace.folder import find_sky
from candlesql.workspace.ledger import is_fresh, replaced

SHELL = Path(sys.executable).with_name("duckdb")
COUNT = "select count(*) from match.gaia_dr2_twomass"


def count(connection, query=COUNT):
    return connection.execute(query).fetchone()[0]


def in_other_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    return (done.stdout + done.stderr).strip()


def shell(database: Path, query: str) -> str:
    if not SHELL.exists():
        pytest.skip("the duckdb shell (duckdb-cli) is not installed")
    done = subprocess.run([SHELL, "-readonly", "-csv", "-noheader", database, query], capture_output=True, text=True)
    return (done.stdout + done.stderr).strip()


def test_opening_needs_no_more_than_a_path(tiny_sky):
    for path in (tiny_sky, str(tiny_sky), tiny_sky / "sky.duckdb"):
        with open_sky(path) as connection:
            assert count(connection) == 3


def test_readers_stand_side_by_side(tiny_sky):
    """Two in this process, one in another, and the plain shell; one that closes takes nothing from the others."""
    first, second = open_sky(tiny_sky), open_sky(tiny_sky)
    net = "select photometry_net(5000, 3, 0) is not null"
    try:
        code = (
            "import candlesql\n"
            f"with candlesql.open_sky({str(tiny_sky)!r}) as c: print(c.execute({COUNT!r}).fetchone()[0])"
        )
        assert in_other_process(code) == "3"
        assert shell(tiny_sky / "sky.duckdb", COUNT) == "3"
        first.close()
        assert second.execute(net).fetchone() == (True,)
    finally:
        first.close()
        second.close()


def test_shell_runs_views_and_networks_as_sql(tiny_sky):
    answer = shell(tiny_sky / "sky.duckdb", "select source_id, passes_ruwe from quality.gaia_dr2 order by 1 limit 1")
    assert answer == "4295806720,false"
    in_sql = shell(tiny_sky / "sky.duckdb", "select photometry_net(5000, 3, 0) is not null")
    assert in_sql == "true"


def test_read_only_means_read_only(tiny_sky):
    with open_sky(tiny_sky) as connection, pytest.raises(duckdb.Error, match="read-only"):
        connection.execute("create table candlesql.x as select 1")


def test_moved_workspace_finds_its_files(own_sky, tmp_path):
    with open_sky(own_sky) as connection:
        assert count(connection) == 3
    moved = Path(shutil.move(own_sky, tmp_path / "it's [moved]; drop"))
    with open_sky(moved) as connection:
        assert count(connection) == 3
        (sql,) = connection.execute("select sql from duckdb_views() where view_name = 'twomass' limit 1").fetchone()
    assert str(own_sky) not in sql


def test_views_are_made_again_when_a_catalog_goes(own_sky):
    (own_sky / "matches" / "gaia_dr2_twomass.parquet").unlink()
    with open_sky(own_sky) as connection:
        assert count(connection) == 0
        assert count(connection, "select count(*) from staging.twomass") == 4


def test_views_are_not_made_again_when_nothing_changed(tiny_sky):
    open_sky(tiny_sky).close()
    before = (tiny_sky / "sky.duckdb").stat().st_mtime_ns
    open_sky(tiny_sky).close()
    assert (tiny_sky / "sky.duckdb").stat().st_mtime_ns == before


@pytest.mark.heavy
def test_no_workspace(tmp_path):
    with pytest.raises(UserError, match="no workspace here; make one with `candlesql demo"):
        open_sky(tmp_path / "none")


def test_newer_workspace_is_refused_by_name(own_sky):
    with connect(find_sky(own_sky)) as connection:
        connection.execute("update candlesql.state set format = 99, version = '7.0'")
    with pytest.raises(UserError, match=r"made by candlesql 7\.0 \(format 99\).*pip install -U candlesql"):
        open_sky(own_sky)


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda whole: b"junk" * 5000,
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:5000] + bytes(byte ^ 255 for byte in whole[5000:12_000]) + whole[12_000:],
    ],
)
def test_a_database_that_is_damaged_has_a_way_out(own_sky, candlesql, spoilt):
    """Taken away, it is made anew over the catalogs that are there."""
    database = own_sky / "sky.duckdb"
    database.write_bytes(spoilt(database.read_bytes()))
    done = candlesql("info", own_sky)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert done.err.startswith(f"{database}: ")
    assert "take it away, and `candlesql ingest` makes one over the files beside it" in done.err
    database.unlink()
    make_sky(own_sky)
    with open_sky(own_sky) as connection:
        assert count(connection) == 3


def test_reader_in_the_way_of_a_writer(own_sky):
    with open_sky(own_sky), pytest.raises(UserError, match="open elsewhere"):
        open_sky(own_sky, read_only=False)


@pytest.mark.heavy
def test_every_stored_view_binds_and_says_what_a_row_is(tiny_sky):
    with open_sky(tiny_sky) as connection:
        views = connection.execute(
            "select schema_name || '.' || view_name, comment from duckdb_views() "
            "where not internal and database_name = 'sky' and schema_name <> 'main'"
        ).fetchall()
        for name, comment in views:
            assert comment, name
            connection.execute(f"select * from {name} limit 0")
    assert {"staging.gaia_dr2", "match.gaia_dr2_twomass", "quality.gaia_dr2", "red_clump.catalogue"} <= {
        v[0] for v in views
    }


def test_columns_carry_unit_and_description(tiny_sky):
    with open_sky(tiny_sky) as connection:
        rows = connection.execute(
            "select table_name || '.' || column_name, comment from duckdb_columns() "
            "where schema_name in ('staging', 'match') and database_name = 'sky'"
        ).fetchall()
    notes = dict(rows)
    assert notes["gaia_dr2.parallax"] == "[mas] Parallax, without zero-point correction"
    assert notes["twomass.j_m"] == "[mag] J magnitude"
    assert notes["gaia_dr2_twomass.separation_arcsec"].startswith("[arcsec] ")
    assert [name for name, note in notes.items() if not note] == []


# Provenance


def test_runs_say_what_made_each_product(tiny_sky):
    with open_sky(tiny_sky) as connection:
        rows = connection.execute(
            "select product, made_by, n_rows, inputs, cuts, version, made_at from candlesql.runs order by product"
        ).fetchall()
    assert [row[:3] for row in rows] == [
        ("match.gaia_dr2_twomass", "match gaia_dr2 twomass --radius 1 --kind best", 3),
        ("staging.gaia_dr2", "ingest gaia_dr2 gaia_dr2.csv", 4),
        ("staging.twomass", "ingest twomass twomass.csv", 4),
    ]
    for _, _, _, inputs, cuts, version, made_at in rows:
        assert all(len(digest) == 64 for digest in json.loads(inputs).values())
        assert json.loads(cuts)["max_ruwe"] == "1.4"
        assert version == "0.1.0"
        assert made_at.year >= 2024


def test_product_is_fresh_until_its_input_changes_wherever_the_workspace_lies(own_sky):
    sky = find_sky(own_sky)
    inputs = [sky.catalog("gaia_dr2"), sky.catalog("twomass")]
    with open_sky(own_sky) as connection:
        assert is_fresh(connection, "match.gaia_dr2_twomass", inputs)
        assert not is_fresh(connection, "match.gaia_dr2_twomass", inputs[:1])
        assert not is_fresh(connection, "match.gaia_dr2_allwise", inputs)
        shutil.copy(inputs[1], inputs[0])
        assert not is_fresh(connection, "match.gaia_dr2_twomass", inputs)


def test_what_was_in_place_comes_back_if_the_rest_fails(tmp_path):
    target, made = tmp_path / "t.parquet", tmp_path / "made"
    target.write_text("old")
    made.write_text("new")

    def fails():
        with replaced(made, target):
            assert target.read_text() == "new"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert target.read_text() == "old"
    made.write_text("new")
    with replaced(made, target):
        pass
    assert target.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


# Cuts


@pytest.fixture(scope="module")
def cut_sky(empty_sky, tmp_path_factory):
    return Path(shutil.copytree(empty_sky, tmp_path_factory.mktemp("cuts") / "sky"))


@pytest.fixture(scope="module")
def writable(cut_sky):
    """A workspace open for writing, where every test leaves the published cuts behind."""
    with open_sky(cut_sky, read_only=False) as connection:
        connection.execute("insert into candlesql.runs (product) values ('staging.x')")
        yield connection


def cut(connection, name):
    return connection.execute(f"select cuts.{name}()").fetchone()[0]


def test_cut_holds_until_the_published_value_comes_back(writable, cut_sky):
    apply_cuts(writable, {"max_ruwe": "1.2", "twomass_quality": "AAB"})
    refresh(writable, find_sky(cut_sky))
    assert (float(cut(writable, "max_ruwe")), cut(writable, "twomass_quality")) == (1.2, "AAB")
    (note,) = writable.execute(
        "select comment from duckdb_functions() where function_name = 'max_ruwe' and schema_name = 'cuts'"
    ).fetchone()
    assert note.endswith("published value 1.4")
    apply_cuts(writable, {"max_ruwe": "1.40", "twomass_quality": "'AAA'"})
    assert writable.execute("from candlesql.cuts").fetchall() == []
    assert float(cut(writable, "max_ruwe")) == 1.4


@pytest.mark.parametrize(
    ("cuts", "said"),
    [
        ({"max_ruw": "1"}, "--cut max_ruw: there is no such cut; nearest: max_ruwe"),
        ({"max_ruwe": "1.2; drop table candlesql.runs"}, "is not a number; the published value is 1.4"),
        ({"max_ruwe": "nan"}, "is not a number"),
        ({"red_clump_prior": "1.5"}, "a share lies between 0 and 1; the published value is 0"),
        ({"tier1_min_p_rc": "-0.1"}, "a share lies between 0 and 1"),
        ({"max_ruwe": "inf"}, "is not a number"),
        ({"lucey_max_teff": "5000", "max_ruwe": "x"}, "is not a number"),
    ],
)
def test_wrong_cut_changes_nothing(writable, cuts, said):
    with pytest.raises(UserError) as error:
        apply_cuts(writable, cuts)
    assert said in str(error.value)
    assert writable.execute("from candlesql.cuts").fetchall() == []
    assert (float(cut(writable, "max_ruwe")), cut(writable, "lucey_max_teff")) == (1.4, 5500)
    assert count(writable, "select count(*) from candlesql.runs") == 1


def test_letters_of_a_cut_are_only_letters(writable):
    apply_cuts(writable, {"twomass_quality": "A'; drop table candlesql.runs; --"})
    assert cut(writable, "twomass_quality") == "A'; drop table candlesql.runs; --"
    apply_cuts(writable, {"twomass_quality": "AAA"})
    assert count(writable, "select count(*) from candlesql.runs") == 1


def test_small_numbers_stay_decimal(writable):
    apply_cuts(writable, {"max_g_error_ratio": "1e-5"})
    value = writable.execute("select cuts.max_g_error_ratio(), typeof(cuts.max_g_error_ratio())").fetchone()
    assert float(value[0]) == 1e-5
    assert value[1].startswith("DECIMAL")
    apply_cuts(writable, {"max_g_error_ratio": "0.0002"})
    assert writable.execute("from candlesql.cuts").fetchall() == []


# The files of sql/


def test_every_cut_has_unit_and_source():
    cuts = files.cuts()
    lines = [line for line in (files.ROOT / "cuts.sql").read_text().splitlines() if line.startswith("create")]
    assert len(cuts) == len(lines)
    assert all(cut.source for cut in cuts.values())


def test_every_view_has_a_header_and_comes_after_what_it_needs():
    done: set[str] = set()
    items = files.items()
    names = {item.name for item in items}
    for item in items:
        assert item.header, item.path
        assert (item.needs & names) <= done, item.name
        done.add(item.name)


@pytest.fixture
def made_fast(monkeypatch, empty_sky):
    monkeypatch.setattr(
        opening, "make_sky", lambda path: find_sky(shutil.copytree(empty_sky, path, dirs_exist_ok=True))
    )


def try_to_fill(root, error, name=""):
    with new_or_existing(root) as sky:
        assert sky.database.exists()
        if name:
            (sky.catalogs / name).write_text("half of it")
        raise error


def test_a_new_workspace_of_which_nothing_came_goes_again(made_fast, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "notes.txt").write_text("mine")
    for root in (tmp_path / "typo", own):
        with pytest.raises(UserError, match="no such file"):
            try_to_fill(root, UserError("no such file"))
    assert not (tmp_path / "typo").exists()
    assert [path.name for path in own.iterdir()] == ["notes.txt"]


def test_a_workspace_stays_with_what_is_in_it(made_fast, tmp_path):
    for name in ("gaia_dr2.part", ""):
        with pytest.raises(KeyboardInterrupt):
            try_to_fill(tmp_path / "sky", KeyboardInterrupt(), name)
        assert (tmp_path / "sky" / "sky.duckdb").exists()


def stop_with_a_cut(connection, error):
    with cuts_applied(connection, {"max_ruwe": "0.1"}):
        assert float(connection.execute("select cuts.max_ruwe()").fetchall()[0][0]) == 0.1
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), UserError("nothing is left")])
def test_cuts_are_taken_back(own_sky, error):
    with open_sky(own_sky, read_only=False) as connection:
        with pytest.raises(type(error)):
            stop_with_a_cut(connection, error)
        assert float(connection.execute("select cuts.max_ruwe()").fetchall()[0][0]) == 1.4
        assert connection.execute("from candlesql.cuts").fetchall() == []


@pytest.mark.parametrize("step", ["the copy at the start", "the copy at the end"])
def test_a_full_disk_is_told_at_either_end_of_a_change(own_sky, monkeypatch, step):
    before = (own_sky / "sky.duckdb").read_bytes()
    left = itertools.count(0 if step == "the copy at the start" else -1)
    copy = shutil.copyfile

    def full(source, target, **options):
        if next(left) >= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        return copy(source, target, **options)

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(NoSpace, match="the disk is full"), writing(own_sky) as connection:
        connection.execute("insert into candlesql.cuts values ('max_ruwe', '1.1')")
    monkeypatch.undo()
    assert (own_sky / "sky.duckdb").read_bytes() == before
    with writing(own_sky):
        pass
