"""What `run` makes, and what it leaves as it is, with all that computes replaced."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from candlesql import UserError
from candlesql.commands import match, run, score
from candlesql.sql.systems import system_steps
from candlesql.workspace.folder import Sky

MODEL = SimpleNamespace(name="m", sha256="abc", metadata={}, inputs=[SimpleNamespace(name="g")], path=Path("m.onnx"))


@pytest.fixture
def sky(tmp_path):
    made = Sky(tmp_path)
    for folder in (made.catalogs, made.matches, made.scores, made.models):
        folder.mkdir()
    return made


@pytest.fixture
def connection(empty):
    empty.execute("create schema red_clump; create schema distmass; create schema t")
    return empty


def test_where_stars_are_lost(monkeypatch):
    monkeypatch.setattr(run, "left_out", lambda connection: connection)
    assert run._where_lost("", system_steps("red_clump")) == "red_clump.funnel counts what each cut takes"
    assert run._where_lost("faint (2)", system_steps("red_clump")) == "faint (2), see red_clump.refusals"
    text = "select 1 where x > cuts.low() and y < cuts.high()"
    items = [SimpleNamespace(name="t.catalogue", body=text)]
    steps = SimpleNamespace(name="t", catalogue="t.catalogue")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run.files, "items", lambda: items)
        assert run._where_lost("faint (2)", steps) == "loosen low or high with --cut"


def test_whether_files_have_columns(connection, tmp_path):
    file = tmp_path / "a.parquet"
    connection.execute(f"copy (select 1 as a, 2 as b) to '{file}' (format parquet)")
    assert run.holds(connection, [file], ("a", "b"))
    assert not run.holds(connection, [file], ("a", "c"))
    assert run.holds(connection, [], ("a",))
    assert run.holds(connection, [tmp_path / "none"], ())


def test_labels_are_found_once_and_when_they_are_asked_for(connection):
    labels = run._found_once(connection, "t.labels")
    connection.execute("create table t.labels as select 1 as n")
    assert connection.execute(f"from {labels()}").fetchall() == [(1,)]
    connection.execute("insert into t.labels values (2)")
    assert connection.execute(f"from {labels()}").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("fresh", "columns", "scored", "unscored", "expected"),
    [
        (True, "a", "t.scores", 0, True),
        (False, "a", "t.scores", 0, False),
        (True, "b", "t.scores", 0, False),
        (True, "a", "t.scores", 1, True),
        (True, "a", "t.scored", 0, True),
        (True, "a", "t.scored", 1, False),
    ],
)
def test_scores_are_fresh(connection, sky, monkeypatch, fresh, columns, scored, unscored, expected):
    """Of these inputs, with the columns that are carried, and where a view picks of them with all its stars."""
    asked = []
    monkeypatch.setattr(run, "is_fresh", lambda *given: asked.append(given) or fresh)
    (sky.scores / "t").mkdir()
    connection.execute(f"copy (select 1 as a) to '{sky.scores / 't' / 'part.parquet'}' (format parquet)")
    connection.execute(f"create table t.unscored as from range({unscored})")
    steps = SimpleNamespace(name="t", carries=(columns,), scored=scored, scoring_cuts={"cut"})
    assert run._scores_are_fresh(connection, sky, steps, MODEL) is expected
    assert asked == [(connection, "t.scores", [], {"m": "abc"}, {"cut"})]


@pytest.fixture
def made(connection, sky, monkeypatch):
    """What `run` makes of a system, in order, where nothing is fresh but what is told."""
    calls: list[str] = []

    def does(name, gives):
        return lambda *given, **named: calls.append(name) or gives

    monkeypatch.setattr(run, "match_all", lambda *_: calls.append("match") or {"match.a_b": 1})
    monkeypatch.setattr(run, "system_model", lambda *_: MODEL)
    monkeypatch.setattr(run, "score", does("score", 2))
    monkeypatch.setattr(run, "score_spectra", does("spectra", {"parallax.scores": 3}))
    monkeypatch.setattr(run, "score_baseline", does("baseline", {"x.baseline": 4}))
    monkeypatch.setattr(run, "write_gradients", does("gradients", 5))
    monkeypatch.setattr(run, "write_mock_changes", does("changes", None))
    monkeypatch.setattr(run, "write_band_offsets", does("offsets", 0))
    monkeypatch.setattr(run.nmsu, "infer_stale", does("nmsu", {"distmass.nmsu": 6}))

    def make(system: str, fresh: bool = False):
        calls.clear()
        monkeypatch.setattr(run, "_scores_are_fresh", lambda *_: fresh)
        return run.run_system(connection, sky, system), calls

    return make


def test_what_is_made_of_each_system(made):
    first = {"match.a_b": 1, "x.baseline": 4}
    assert made("red_clump") == (
        first | {"red_clump.scores": 2, "red_clump.gradients": 5},
        ["match", "score", "baseline", "gradients", "changes", "offsets"],
    )
    assert made("red_clump", fresh=True)[1] == ["match", "baseline", "gradients", "changes", "offsets"]
    assert made("distmass") == (
        first | {"distmass.scores": 2, "distmass.nmsu": 6}, ["match", "score", "baseline", "nmsu"],
    )  # fmt: skip
    assert made("photometry") == (first | {"photometry.scores": 2}, ["match", "score", "baseline"])
    assert made("parallax") == ({"match.a_b": 1, "parallax.scores": 3}, ["match", "spectra"])


@pytest.mark.parametrize(
    ("labels", "path", "fresh", "rows", "expected"),
    [
        ("t.labels", "shipped/t_baseline.onnx", False, 7, {"t.baseline": 7}),
        ("t.labels", "shipped/t_baseline.onnx", False, 0, {}),
        ("t.labels", "shipped/t_baseline.onnx", True, 7, {}),
        ("", "shipped/t_baseline.onnx", False, 7, {}),
        ("t.labels", None, False, 7, {}),
        ("t.labels", "models/t_baseline.onnx", False, 7, {}),
    ],
)
def test_a_baseline_judges_tables_that_it_was_not_trained_on(sky, monkeypatch, labels, path, fresh, rows, expected):
    asked, written = [], []
    files = {"t_baseline": sky.root / path} if path else {}
    monkeypatch.setattr(run, "model_files", lambda own: files)
    monkeypatch.setattr(run, "load_model", lambda path: MODEL)
    monkeypatch.setattr(run, "is_fresh", lambda *given: asked.append(given) or fresh)
    monkeypatch.setattr(run.files, "cuts_of", lambda view: {view})
    monkeypatch.setattr(run, "write_product", lambda *given: written.append(given) or rows)
    steps = SimpleNamespace(name="t", labels=labels, carries=(), id="star")
    assert run.score_baseline("connection", sky, steps, "run", lambda: "labelled") == expected
    assert asked in ([], [("connection", "t.baseline", [], {"t_baseline": "abc"}, {"t.labels"})])
    if written:
        ((_, _, product, query, target, said, sources, models, how),) = written
        assert query == 'select star, unnest(t_baseline_net("g")) from labelled'
        assert (product, target, said) == ("t.baseline", sky.results / "t_baseline.parquet", "run t")
        assert (sources, models, how) == ([], {"t_baseline": "abc"}, "run")
    assert bool(written) == (bool(labels) and path == "shipped/t_baseline.onnx" and not fresh)


@pytest.fixture
def commanded(connection, sky, monkeypatch):
    """The lines of `run` for a catalogue of some rows; and whether the workspace was opened as a whole."""
    opened, left_out = [], [""]

    def lines(system, rows, cuts, refused=""):
        left_out[0] = refused
        catalogue = system_steps(system).catalogue
        connection.execute(f"create or replace table {catalogue} as from range({rows})")
        given: list[str] = []
        try:
            given += run.run_command(sky.root, system, cuts)
        except UserError as error:
            given.append(str(error))
        return given, opened

    def writing(path, whole):
        opened.append(whole)
        return contextlib.nullcontext(connection)

    monkeypatch.setattr(run, "existing_sky", lambda path: sky)
    monkeypatch.setattr(run, "writing", writing)
    monkeypatch.setattr(run, "cuts_applied", lambda *_: contextlib.nullcontext())
    monkeypatch.setattr(run, "run_system", lambda *_: {"a.b": 12345})
    monkeypatch.setattr(run, "fitted_lines", lambda *_: ["fitted"])
    monkeypatch.setattr(run, "offset_lines", lambda *_: ["offsets"])
    monkeypatch.setattr(run, "left_out", lambda _: left_out[0])
    return lines


def test_what_run_says(commanded):
    assert commanded("red_clump", 1234, {})[0] == [
        "a.b: 12,345 rows", "red_clump.catalogue: 1,234 rows", "fitted", "offsets",
    ]  # fmt: skip
    lines, opened = commanded("distmass", 1, {"max_ruwe": "1"}, "faint (2)")
    assert lines == ["a.b: 12,345 rows", "distmass.catalogue: 1 rows", "fitted"]
    assert opened == [False, True]


def test_an_empty_catalogue(commanded):
    lines, _ = commanded("red_clump", 0, {})
    assert lines == [
        "a.b: 12,345 rows", "offsets",
        "red_clump.catalogue is empty: no star passes; red_clump.funnel counts what each cut takes",
    ]  # fmt: skip
    assert commanded("red_clump", 0, {}, "faint (2)")[0][-1].endswith(
        "no star passes; faint (2), see red_clump.refusals"
    )
    lines, _ = commanded("distmass", 0, {})
    assert lines[1].startswith("distmass.catalogue is empty: no star passes; ")
    assert len(lines) == 2


# --- score


def test_what_score_gives(sky, monkeypatch):
    monkeypatch.setattr(score, "score_spectra", lambda *_: {"a": 3, "b": 4})
    assert score.score("connection", sky, "parallax") == 7
    monkeypatch.setattr(score, "system_model", lambda *_: MODEL)
    monkeypatch.setattr(score, "score_in_parts", lambda *given: given)
    for folder, name in ((sky.matches, "b"), (sky.catalogs, "a")):
        (folder / f"{name}.parquet").touch()
    given = score.score("connection", sky, "distmass")
    assert given[2].name == "distmass"
    assert given[3:] == (MODEL, sorted([sky.catalog("a"), sky.matches / "b.parquet"]))
    monkeypatch.setattr(score, "writing", contextlib.nullcontext)
    monkeypatch.setattr(score, "existing_sky", lambda path: sky)
    assert score.score_command(sky.root, "parallax") == 7
    with pytest.raises(UserError, match="system 'no' is unknown"):
        score.score_command(sky.root, "no")


# --- matches of a system


@pytest.mark.parametrize(
    ("fresh", "there", "made"),
    [(False, True, ["match.gaia_dr2_twomass"]), (True, True, []), (True, False, ["match.gaia_dr2_twomass"])],
)
def test_matches_that_are_missing_or_stale(sky, monkeypatch, fresh, there, made):
    for name in ("gaia_dr2", "twomass", "mine"):
        sky.catalog(name).touch()
    if there:
        sky.match("gaia_dr2", "twomass").parent.mkdir(exist_ok=True)
        sky.match("gaia_dr2", "twomass").touch()
    asked = []
    monkeypatch.setattr(match, "is_fresh", lambda *given: asked.append(given) or fresh)
    monkeypatch.setattr(match, "match", lambda _, __, left, right, run: (left.name, right.name, run))
    found = match.match_all("connection", sky, "red_clump", "run")
    assert asked == [("connection", "match.gaia_dr2_twomass", [sky.catalog("gaia_dr2"), sky.catalog("twomass")])]
    assert found == {product: ("gaia_dr2", "twomass", "run") for product in made}
