"""Commands on four stars: what they give of them, row by row."""

from __future__ import annotations

import csv
from types import SimpleNamespace

import duckdb
import pytest
from candlesql import UserError, open_sky
from candlesql.commands import bug, export, fetch, join, models, shell
from candlesql.commands.shell import dots
from candlesql.commands.steps import scoring, shown
from candlesql.udfs.metadata import Field
from candlesql.workspace.folder import find_sky

IDS = [4295806720, 34361129088, 38655544960, 6917528443525529728]


@pytest.fixture(scope="module")
def connection(tiny_sky):
    with open_sky(tiny_sky) as connection:
        yield connection


def rows_of(path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_join_by_identifier_keeps_every_row(connection, tmp_path):
    """One star is theirs alone; the identifiers of others stand behind Gaia's words."""
    theirs = tmp_path / "mine.csv"
    theirs.write_text(f"name,ra\nGaia DR2 {IDS[1]},5\nGaia DR2 77,6\nGaia DR2 {IDS[0]},7\n")
    told: list[str] = []
    found = join.join(connection, theirs, tmp_path / "out.csv", "staging.gaia_dr2", on="name", tell=told.append)
    assert (found, told) == ((3, 2), [])
    rows = rows_of(tmp_path / "out.csv")
    assert [(row["ra"], row["ra_candlesql"], row["phot_g_mean_mag"]) for row in rows] == [
        ("5", "150.0", "13.25"), ("6", "", ""), ("7", "10.0", "13.25"),
    ]  # fmt: skip
    for name, on, words in (
        ("Gaia DR3 1", "name", "identifiers of GAIA DR3.*those of GAIA DR2"),
        ("Gaia DR2 1", "id", "has no column id; it has name"),
        ("Gaia DR2 1", "name", "none of its 1 rows joins"),
    ):
        theirs.write_text(f"name,x\n{name},5\n")
        with pytest.raises(UserError, match=words):
            join.join(connection, theirs, tmp_path / "none.csv", "staging.gaia_dr2", on=on)
    assert not (tmp_path / "none.csv").exists()


def test_a_join_by_position_takes_the_nearest(connection, tmp_path):
    """1.8 arcsec north of star 1, across ra = 0 of star 3, and 3.6 arcsec off."""
    theirs = tmp_path / "mine.csv"
    theirs.write_text("n,ra,dec\n1,10,0.0005\n2,0.0002,-30\n3,150,45.001\n")
    assert join.join(connection, theirs, tmp_path / "out.csv", "staging.gaia_dr2", radius_arcsec=2.0) == (3, 2)
    assert [row["source_id"] for row in rows_of(tmp_path / "out.csv")] == [str(IDS[0]), str(IDS[2]), ""]


@pytest.mark.parametrize("radius", [0.0, 601.0])
def test_a_join_within_no_radius(connection, tmp_path, radius):
    theirs = tmp_path / "mine.csv"
    theirs.write_text("n,ra,dec\n1,10,0.0\n")
    with pytest.raises(UserError, match="must lie between 0 and 600 arcsec"):
        join.join(connection, theirs, tmp_path / "out.csv", "staging.gaia_dr2", radius_arcsec=radius)


def test_a_view_and_a_query_are_exported(connection, tmp_path):
    assert export.export(connection, "staging.gaia_dr2", tmp_path / "view.csv") == 4
    assert {row["source_id"] for row in rows_of(tmp_path / "view.csv")} == {str(n) for n in IDS}
    query = "select ra from staging.gaia_dr2 where ra > 100 order by ra desc"
    assert export.export(connection, query, tmp_path / "query.csv") == 3
    assert [row["ra"] for row in rows_of(tmp_path / "query.csv")] == ["359.9999", "200.0", "150.0"]
    assert export.export(connection, "select ra from staging.gaia_dr2 where ra > 100", tmp_path / "q.csv") == 3
    assert [row["ra"] for row in rows_of(tmp_path / "q.csv")] == ["150.0", "200.0", "359.9999"], "by their values"
    with pytest.raises(UserError, match="has no rows"):
        export.export(connection, "select ra from staging.gaia_dr2 where ra > 400", tmp_path / "none.csv")
    with pytest.raises(UserError, match="--overwrite"):
        export.export(connection, query, tmp_path / "query.csv")


def test_what_a_bug_report_says(tiny_sky, tmp_path):
    lines = list(bug.describe_bug(tiny_sky))
    assert lines[0].startswith("candlesql ")
    assert "cuts: as published" in lines
    (made,) = (line for line in lines if line.startswith("made: "))
    assert "staging.gaia_dr2 (" in made
    assert any(line.startswith("model red_clump: shipped, ") for line in lines)
    assert len(list(bug.describe_bug(None))) == 2
    assert list(bug.describe_bug(tmp_path / "none"))[2].startswith("workspace: ")


def test_what_the_shell_answers_for_strangers(connection, tiny_sky, capsys):
    desk = dots.Desk(connection, find_sky(tiny_sky), dots.Looks())
    with pytest.raises(UserError, match="--trust"):
        list(shell.answers(desk, "set threads = 1;", False))
    assert list(shell.answers(desk, "set variable x = 1; select 2 as n;", False))[-1].rows == [(2,)]
    desk.looks.timer = True
    assert list(shell.answers(desk, "select 2 as n;", True))[1].endswith(" s")
    with pytest.raises(dots.Leave):
        list(shell.answers(desk, "quit", True))
    shell._print(dots.Looks(), "a word")
    shell._print(dots.Looks(lines=True), shown.Rows(["n"], ["integer"], [(7,)]))
    assert capsys.readouterr().out == "a word\nn = 7\n\n(1 row)\n"


@pytest.mark.parametrize(
    ("text", "is_complete"),
    [("", True), ("select 1", False), ("select 1;", True), ("select ';", False), ("select ';'", False),
     ("select ';';", True),
     ("select 1; -- more", True), (".views", True), ("quit", True), ("select /* ; ", False)],
)  # fmt: skip
def test_what_enter_ends(text, is_complete):
    assert shell.is_complete(text) is is_complete


def test_models_of_a_workspace(tiny_sky):
    rows = models.model_rows(find_sky(tiny_sky)).rows
    (joint,) = (row for row in rows if row[0] == "red_clump")
    assert joint[1] == "shipped"
    assert joint[4].endswith(" inputs")
    with pytest.raises(UserError, match=r"there is no model red_clumb.*there are red_clump"):
        list(models.describe_model(find_sky(tiny_sky), "red_clumb"))
    lines = list(models.describe_model(find_sky(tiny_sky), "red_clump"))
    assert lines[0].startswith("red_clump  ")
    assert lines[-1].startswith("  sha256   ")


def test_a_cone_of_a_catalog_that_is_not_there(tmp_path):
    with pytest.raises(UserError) as stop:
        fetch.fetch_survey(tmp_path / "sky", "twomass", "1,2,3", None, None, hats=str(tmp_path / "none"))
    assert "is asked for" not in str(stop.value)


@pytest.mark.parametrize(
    ("rows", "bases", "words"),
    [
        ("select null::int as g, 1 as j where false", 0, "t.inputs has no rows: ingest gaia_dr2, or a table like it"),
        ("select null::int as g, 1 as j where false", 5, "t.inputs has no rows: the cuts take all 5 of gaia_dr2"),
        ("select null::int as g, 1 as j", 5, "m.onnx cannot score 1 stars of t.inputs: none has g; "),
        ("select null::int as g, 1 as j union all select 1, null", 5, "2 stars of t.inputs: none has all of g, j; "),
    ],
)
def test_why_there_is_nothing_to_score(rows, bases, words, tmp_path):
    with duckdb.connect() as database:
        database.execute("create schema t; create schema staging")
        database.execute(f"create table t.inputs as {rows}; create table staging.gaia_dr2 as from range({bases})")
        steps = SimpleNamespace(name="t", inputs="t.inputs", bases=("gaia_dr2",))
        model = SimpleNamespace(path=tmp_path / "m.onnx", inputs=[Field("g", ""), Field("j", "")])
        assert words in scoring.nothing_to_score(database, steps, model)


def test_a_model_that_reads_what_is_not_there(tmp_path):
    with duckdb.connect() as database:
        database.execute("create schema t; create table t.inputs(g double, j double)")
        database.execute("comment on column t.inputs.g is '[mag] its G'")
        steps = SimpleNamespace(inputs="t.inputs")

        def check(*fields):
            scoring.check_inputs(database, steps, SimpleNamespace(path=tmp_path / "m.onnx", inputs=list(fields)))

        check(Field("g", "mag"), Field("g", ""), Field("j", "mas"))
        with pytest.raises(UserError, match=r"wants g in mas, t\.inputs has it in mag"):
            check(Field("g", "mas"))
        with pytest.raises(UserError, match=r"wants k, which t\.inputs lacks"):
            check(Field("k", "mag"))
