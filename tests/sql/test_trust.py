"""A workspace that somebody else made is data; queries see the workspace and what is named."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candlesql import UserError, open_sky
from candlesql.sql import open as opening
from candlesql.sql.open import new_or_existing, writing
from candlesql.workspace.folder import find_sky

COUNT = "select count(*) from match.gaia_dr2_twomass"


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "secret.csv"
    file.write_text("a,b\nTOPSECRET,2\n")
    return file


def spoil(sky: Path, *statements: str) -> None:
    with duckdb.connect(str(sky / "sky.duckdb")) as connection:
        for statement in statements:
            connection.execute(statement)


def test_views_and_macros_of_a_stranger_do_not_survive(own_sky, secret, candlesql):
    runs = f"""create view candlesql.runs as select content as product, 1 as n_rows, 1.0 as seconds, content as made_by,
        now()::timestamp as made_at, null::json as files from read_text('{secret}')"""
    spoil(
        own_sky,
        "drop table candlesql.runs",
        runs,
        "create macro main.sqrt(x) as 42",
        "create macro main.count(x) as 7",
        f"create or replace macro cuts.max_ruwe() as (select content from read_text('{secret}'))",
        f"create or replace view quality.gaia_dr2 as from '{secret}'",
        "create schema mine",
        "create table mine.notes as select 'kept' as note",
    )
    done = candlesql("info", own_sky)
    assert done.code == 0
    assert "TOPSECRET" not in done.out + done.err
    with open_sky(own_sky) as connection:
        assert connection.execute("select sqrt(4.0), cuts.max_ruwe()::double").fetchone() == (2.0, 1.4)
        assert connection.execute("select count(*) from quality.gaia_dr2").fetchone() == (4,)
        assert connection.execute("from mine.notes").fetchone() == ("kept",)
        assert connection.execute("select count(*) from candlesql.runs").fetchone() == (0,)


def log_of(sky: Path, *statements: str) -> bytes:
    """What DuckDB writes beside a database that it has not yet put the statements into."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{sky / 'sky.duckdb'}' as sky; use sky")
        for statement in statements:
            connection.execute(statement)
        return (sky / "sky.duckdb.wal").read_bytes()


def test_a_strangers_log_beside_a_database_of_ones_own_is_not_believed(own_sky, candlesql, tmp_path, secret):
    """DuckDB reads it as part of the database, whose hash is the one that the user's candlesql remembers."""
    other = Path(shutil.copytree(own_sky, tmp_path / "other"))
    view = f"create view candlesql.runs as select content as product from read_text('{secret}')"
    log = log_of(
        other,
        "create macro main.sqrt(x) as 42",
        "drop table candlesql.runs",
        view,
        "create schema mine",
        "create table mine.notes as select 'kept' as note",
    )
    (own_sky / "sky.duckdb.wal").write_bytes(log)
    done = candlesql("info", own_sky)
    assert (done.code, done.err) == (0, "")
    assert "TOPSECRET" not in done.out
    for command in (["info"], ["match", "gaia_dr2", "twomass"], ["info"]):
        assert candlesql(command[0], own_sky, *command[1:]).code == 0
    assert not (own_sky / "sky.duckdb.wal").exists()
    with open_sky(own_sky) as connection:
        assert connection.execute("select sqrt(4.0)").fetchone() == (2.0,)
        assert connection.execute("from mine.notes").fetchone() == ("kept",)


def test_a_log_of_another_database_says_the_way_out(own_sky, candlesql, tmp_path):
    other = Path(shutil.copytree(own_sky, tmp_path / "other"))
    with duckdb.connect(str(other / "sky.duckdb")) as connection:
        connection.execute("create schema mine")
    (own_sky / "sky.duckdb.wal").write_bytes(log_of(other, "create schema yours"))
    for command in (["info"], ["match", "gaia_dr2", "twomass"]):
        done = candlesql(command[0], own_sky, *command[1:])
        assert (done.code, len(done.err.splitlines())) == (2, 1)
        assert "take sky.duckdb.wal beside it away" in done.err


def test_cuts_of_a_stranger_are_numbers_or_letters(own_sky):
    spoil(own_sky, "insert into candlesql.cuts values ('max_ruwe', '(select 1) --')")
    with pytest.raises(UserError, match="is not a number"):
        open_sky(own_sky)


def test_cuts_of_a_stranger_that_are_nothing(own_sky):
    spoil(own_sky, "insert into candlesql.cuts values ('max_ruwe', null)")
    with pytest.raises(UserError, match="is not a number"):
        open_sky(own_sky)


@pytest.mark.parametrize(
    "spoilt",
    [
        "product = null",
        "made_at = null",
        "n_rows = -5",
        "seconds = null",
        "cuts = '5'",
        "inputs = '[]'",
        "models = null",
        "made_at = 'infinity'",
        """inputs = '{"catalogs/gaia_dr2.parquet": 5}'""",
        """models = '{"red_clump": ["a"]}'""",
        """cuts = '{"max_ruwe": {"a": 1}}'""",
        "trained_on = '[1]'",
    ],
)
def test_a_strangers_row_that_is_none_of_the_ledger_says_nothing(own_sky, candlesql, spoilt):
    spoil(own_sky, f"update candlesql.runs set {spoilt} where product like 'match.%'")
    done = candlesql("info", own_sky)
    assert (done.code, done.err) == (0, "")
    assert "match.gaia_dr2_twomass" not in done.out
    assert "staging.gaia_dr2" in done.out


def test_a_strangers_words_do_not_reach_the_terminal_as_more_than_words(own_sky, candlesql):
    spoil(
        own_sky, "update candlesql.runs set made_by = 'x' || chr(10) || chr(27) || '[31m' where product like 'match.%'"
    )
    (own_sky / "matches" / "gaia_dr2_twomass.parquet").unlink()
    done = candlesql("info", own_sky)
    assert len(done.err.splitlines()) == 1
    assert "\x1b" not in done.out + done.err
    assert "by `x ?[31m`" in done.out


@pytest.mark.parametrize(
    "files",
    [
        '{"a": [1e999, "a"]}',
        '{"a\\u0000b": [1, "a"]}',
        f'{{"{"x" * 5000}": [1, "a"]}}',
        '{"../x": [1, "a"]}',
        '{"matches/x": 3}',
        "[1, 2]",
        '"x"',
        '{"/etc/passwd": [1, ""]}',
    ],
)
def test_a_strangers_ledger_says_nothing_of_other_files(own_sky, files, capfd):
    spoil(own_sky, f"update candlesql.runs set files = '{files}'")
    open_sky(own_sky).close()
    assert "root:" not in capfd.readouterr().err


@pytest.mark.parametrize(
    "query",
    [
        "from read_text('{secret}')",
        "from '{secret}'",
        "from read_csv('{sky}/../secret.csv')",
        "from glob('{folder}/*')",
        "copy (select 1) to '{folder}/out.csv'",
        "copy (select 1) to '{sky}/out.csv'",
        "explain analyze copy (select 1) to '{sky}/out.csv'",
        "explain (analyze, format json) copy (select 1) to '{sky}/out.csv'",
        "prepare p as copy (select 1) to '{sky}/out.csv'; execute p",
        "import database '{sky}'",
        "update extensions",
        "with gone as (delete from candlesql.runs returning *) from gone",
        "attach '{folder}/other.duckdb'",
        "install spatial",
        "load httpfs",
        "set threads = 99999999999",
        "set lock_configuration = false",
        "pragma threads = 3000",
        "export database '{folder}/all'",
        "from red_clump.score('{secret}')",
    ],
)
def test_queries_see_the_workspace_only(tiny_sky, secret, candlesql, query):
    asked = query.format(secret=secret, sky=tiny_sky, folder=secret.parent)
    if "{sky}/.." in query:
        asked = query.format(secret=secret, sky=f"{tiny_sky}/../{os.path.relpath(secret.parent, tiny_sky.parent)}/x")
    done = candlesql("sql", tiny_sky, asked)
    assert done.code == 2, done
    assert len(done.err.strip().splitlines()) == 1
    assert "TOPSECRET" not in done.out + done.err
    assert sorted(path.name for path in secret.parent.iterdir()) == ["secret.csv"]


def test_what_is_named_may_be_read_and_trust_lifts_the_rest(tiny_sky, secret, candlesql):
    for place in (secret, secret.parent):
        assert (
            candlesql("sql", tiny_sky, f"from '{secret}'", "--format", "csv", "--read", place).out
            == "a,b\nTOPSECRET,2\n"
        )
    out = secret.with_name("out.csv")
    assert candlesql("sql", tiny_sky, f"copy (select 1 as one) to '{out}'", "--trust").code == 0
    assert out.read_text() == "one\n1\n"
    with open_sky(tiny_sky, trust=False) as connection:
        assert connection.execute(COUNT).fetchone() == (3,)
        assert connection.execute("select photometry_net(5000, 3, 0) is not null").fetchone() == (True,)
        connection.execute("create temp table t as select 1")
        with pytest.raises(duckdb.PermissionException):
            connection.execute(f"from '{secret}'")


def test_python_trusts_what_this_user_wrote_and_not_a_stranger(own_sky, secret):
    with open_sky(own_sky) as connection:
        assert connection.execute(f"from '{secret}'").fetchone() == ("TOPSECRET", 2)
    spoil(own_sky, "create schema mine")
    with open_sky(own_sky) as connection, pytest.raises(duckdb.PermissionException):
        connection.execute(f"from '{secret}'")
    with open_sky(own_sky, read=[secret]) as connection:
        assert connection.execute(f"from '{secret}'").fetchone() == ("TOPSECRET", 2)
    with open_sky(own_sky, trust=True) as connection:
        assert connection.execute(f"from '{secret}'").fetchone() == ("TOPSECRET", 2)


def test_commands_write_what_they_were_asked_for_of_a_strangers_workspace(own_sky, candlesql, tmp_path):
    spoil(own_sky, "create schema mine")
    out = tmp_path / "out.csv"
    done = candlesql("export", own_sky, "staging.gaia_dr2", out)
    assert (done.code, len(out.read_text().splitlines())) == (0, 5)


def test_queries_work_where_the_name_of_the_workspace_is_a_pattern(own_sky, tmp_path, candlesql):
    one, other = tmp_path / "s[1]", tmp_path / "s1"
    shutil.copytree(own_sky, one)
    shutil.copytree(own_sky, other)
    with writing(other):
        (other / "matches" / "gaia_dr2_twomass.parquet").unlink()
    assert candlesql("sql", one, COUNT, "--format", "csv").out.splitlines()[1] == "3"
    assert candlesql("sql", other, COUNT, "--format", "csv").out.splitlines()[1] == "0"
    shutil.copy(own_sky / "matches" / "gaia_dr2_twomass.parquet", tmp_path / "g1.parquet")
    for command in (
        ["ingest", one, "twomass", tmp_path / "g[1].parquet"],
        ["match", one, "gaia_dr2", "twomass"],
        ["info", one],
    ):
        done = candlesql(*command)
        assert done.code == (2 if "ingest" in command else 0), done


def test_a_workspace_of_others_is_not_written_by_reading_it(own_sky, monkeypatch):
    """Two who share it would else make its views anew in turn; the second opening makes nothing."""
    monkeypatch.setattr(opening, "is_known", lambda digest: False)
    before = (own_sky / "sky.duckdb").read_bytes()
    with open_sky(own_sky) as connection:
        assert connection.execute(COUNT).fetchone() == (3,)
    assert (own_sky / "sky.duckdb").read_bytes() == before
    monkeypatch.setattr(opening, "_build", lambda *_: pytest.fail("made again"))
    open_sky(own_sky).close()


def test_a_reader_does_not_stop_a_writer_and_keeps_what_it_saw(own_sky):
    with open_sky(own_sky) as reader:
        with writing(own_sky) as connection:
            connection.execute("create schema mine")
            connection.execute("create table mine.t as select 1 as x")
        assert reader.execute(COUNT).fetchone() == (3,)
        with pytest.raises(duckdb.CatalogException):
            reader.execute("from mine.t")
    with open_sky(own_sky) as after:
        assert after.execute("from mine.t").fetchone() == (1,)


def test_products_gone_or_damaged_are_told_and_made_again(own_sky, candlesql):
    file = own_sky / "matches" / "gaia_dr2_twomass.parquet"
    whole = file.read_bytes()
    for left in (None, whole[: len(whole) // 2], b"", b"PAR1"):
        file.unlink() if left is None else file.write_bytes(left)
        done = candlesql("info", own_sky)
        assert done.code == 0
        told = done.err.strip().splitlines()
        assert len(told) == 1
        assert told[0].startswith(f"{file}: is {'gone' if left is None else 'damaged'}")
        assert "`candlesql match gaia_dr2 twomass" in told[0]
        assert candlesql("match", own_sky, "gaia_dr2", "twomass").code == 0
        assert candlesql("sql", own_sky, COUNT, "--format", "csv")[:3] == (0, "count_star()\n3\n", "")


def flipped(whole: bytes) -> bytes:
    """As long as before, and its pages cannot be unpacked."""
    frame = b"\x28\xb5\x2f\xfd"  # a Zstandard frame begins so
    assert frame in whole
    return frame.join(bytes(byte ^ 0x55 for byte in part[:9]) + part[9:] for part in whole.split(frame))


def of_another_table(whole: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": [1], "b": ["x"]}), sink)
    return sink.getvalue().to_pybytes()


def with_words_for_numbers(whole: bytes) -> bytes:
    table, sink = pq.read_table(io.BytesIO(whole)), pa.BufferOutputStream()
    position = table.schema.get_field_index("ra")
    pq.write_table(table.set_column(position, "ra", pa.array(["twelve"] * len(table))), sink)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("spoilt", "known"),
    [
        (lambda whole: whole[:99], False),
        (of_another_table, True),
        (with_words_for_numbers, False),
        (flipped, True),
        (flipped, False),
    ],
)
def test_a_catalog_that_is_damaged_is_one_line_whoever_put_it_there(own_sky, candlesql, spoilt, known):
    file = own_sky / "catalogs" / "gaia_dr2.parquet"
    file.write_bytes(spoilt(file.read_bytes()))
    if not known:
        spoil(own_sky, "update candlesql.runs set files = null")
    info, match = candlesql("info", own_sky), candlesql("match", own_sky, "gaia_dr2", "twomass", "--kind", "all")
    assert info.code == (2 if spoilt is flipped else 0)
    assert match.code == 2
    for done in (info, match):
        assert len(done.err.splitlines()) == 1
        assert done.err.startswith(f"{file}: ")
        assert ("`candlesql ingest" in done.err) if known else ("take it away" in done.err)


def test_a_strangers_ledger_is_no_view_where_a_file_is_damaged(own_sky, secret, candlesql):
    file = own_sky / "catalogs" / "gaia_dr2.parquet"
    file.write_bytes(flipped(file.read_bytes()))
    said = f"""create view candlesql.runs as select 'staging.gaia_dr2' as product, content as made_by,
        '{{"catalogs/gaia_dr2.parquet": [1, ""]}}'::json as files from read_text('{secret}')"""
    spoil(own_sky, "drop table candlesql.runs", said)
    done = candlesql("info", own_sky)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert done.err.startswith(f"{file}: is damaged (")
    assert "TOPSECRET" not in done.out + done.err


def test_a_catalog_of_the_same_size_is_refused_by_what_writes(own_sky, candlesql):
    file = own_sky / "catalogs" / "gaia_dr2.parquet"
    whole, table = file.read_bytes(), pq.read_table(file)
    file.write_bytes(whole.replace(b"DuckDB", b"DuckDb"))
    assert file.read_bytes() != whole
    assert pq.read_table(file) == table
    done = candlesql("match", own_sky, "gaia_dr2", "twomass")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"{file}: is damaged: it is not what was written; `candlesql ingest")
    assert len(done.err.splitlines()) == 1


def test_a_first_ingest_that_fails_leaves_what_others_saved(tmp_path):
    root = tmp_path / "sky"

    def fail():
        with new_or_existing(root):
            (root / "notes.txt").write_text("mine")
            (root / "models" / "mine.onnx").write_text("mine")
            raise UserError("no such file")

    with pytest.raises(UserError):
        fail()
    assert (root / "notes.txt").read_text() == "mine"
    assert (root / "models" / "mine.onnx").read_text() == "mine"


def test_commands_write_into_the_workspace_and_their_cache_only(own_sky, tmp_path):
    """ONNX Runtime wrote a device's name into the user's cache."""
    home, cache = tmp_path / "home", os.environ.get("CANDLESQL_CACHE") or str(opening.cache_folder())
    home.mkdir()
    names = {"HOME": str(home), "CANDLESQL_CACHE": cache, "XDG_CACHE_HOME": str(home / "cache"), "TMPDIR": str(home)}
    code = "from candlesql.cli import main; main()"
    for arguments in (["sql", own_sky, "select photometry_net(5000, 3, 0)"], ["match", own_sky, "gaia_dr2", "twomass"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)], env=os.environ | names, capture_output=True, cwd=home
        )
        assert done.returncode == 0, done.stderr
    assert [str(path) for path in home.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["models/x.onnx", "surveys/x.toml", "catalogs/x.parquet", "sky.duckdb", ".journal"])
def test_a_pipe_in_the_place_of_a_file_keeps_nobody_waiting(own_sky, candlesql, tmp_path, name):
    (own_sky / name).unlink(missing_ok=True)
    os.mkfifo(own_sky / name)
    for arguments in (["info", own_sky], ["sql", own_sky, "select 1"], ["match", own_sky, "gaia_dr2", "twomass"]):
        done = candlesql(*arguments)
        assert (done.code, done.err) == (
            2,
            f"{own_sky / name}: is no file but a pipe, a socket or a device; take it away\n",
        )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sky.duckdb", "is a folder where a file should be"),
        (".journal", "is a folder where a file should be"),
        ("models/red_clump.onnx", "is a folder where a file should be"),
        ("models/red_clump_hull.npz", "is a folder where a file should be"),
        ("models/spectra/parallax.onnx", "is a folder where a file should be"),
        ("surveys/mine.toml", "is a folder where a file should be"),
        ("catalogs/gaia_dr2.parquet", "is a folder where a file should be"),
        ("matches", "is a file where a folder should be"),
        ("catalogs", "is a file where a folder should be"),
    ],
)
def test_a_folder_for_a_file_and_a_file_for_a_folder(own_sky, candlesql, name, said):
    place = own_sky / name
    if said.startswith("is a folder"):
        place.unlink(missing_ok=True)
        place.mkdir(parents=True)
        (place / "mine.txt").write_text("kept")
    else:
        shutil.rmtree(place)
        place.write_text("kept")
    for arguments in (["info", own_sky], ["match", own_sky, "gaia_dr2", "twomass"]):
        done = candlesql(*arguments)
        assert (done.code, done.err) == (2, f"{place}: {said}; take it away\n")
    assert (place / "mine.txt" if place.is_dir() else place).read_text() == "kept"


def test_a_link_to_a_folder_that_is_no_catalog_is_not_read(own_sky, candlesql, secret):
    (own_sky / "catalogs" / "home.hats").symlink_to(secret.parent)
    assert "TOPSECRET" not in candlesql("sql", own_sky, f"from '{secret}'").out


def test_files_of_the_ledger_are_those_that_were_written(tiny_sky):
    with open_sky(tiny_sky) as connection:
        rows = connection.execute("select files from candlesql.runs where product like 'match.%'").fetchall()
    ((name, (size, digest)),) = json.loads(rows[0][0]).items()
    assert (name, size) == (
        "matches/gaia_dr2_twomass.parquet",
        find_sky(tiny_sky).match("gaia_dr2", "twomass").stat().st_size,
    )
    assert len(digest) == 64
