"""Functions under the commands, by hand and without a workspace."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from candlesql import UserError
from candlesql.catalogs.proposal import Proposal
from candlesql.catalogs.survey import Column, load_survey
from candlesql.commands import cite, cuts, export, fetch, join, models, nmsu, propose, sql, synphot
from candlesql.commands.mock_clusters import write_clusters
from candlesql.commands.shell import completion, dots
from candlesql.commands.steps import bulk, gradients, inputs, neighbours, pairs, scoring, shown
from candlesql.commands.steps.shown import Rows
from candlesql.udfs.feature_space import FeatureSpace
from candlesql.udfs.graph import GraphBuilder
from candlesql.udfs.metadata import Field
from candlesql.udfs.model import write_model
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

# --- rows as a person reads them


def test_a_table_as_it_is_shown():
    found = Rows(["name", "x"], ["varchar", "double"], [("a\x1b[31m", 1.23456789), ("bc", None)])
    assert shown.as_table(found).splitlines() == [
        "┌───────────┬──────────┐",
        "│ name      │ x        │",
        "│ varchar   │ double   │",
        "├───────────┼──────────┤",
        "│ a\\x1b[31m │ 1.234568 │",
        "│ bc        │     NULL │",
        "└───────────┴──────────┘",
        "(2 rows)",
    ]


def test_rows_as_lines():
    found = Rows(["name", "x"], ["varchar", "float"], [("a", 0.1), ("b", 2.0), ("c", 3.0)])
    assert shown.as_lines(found, height=2) == "name = a\n   x = 0.1\n\nname = b\n   x = 2.0\n\n(3 rows, 2 shown)"
    assert shown.as_lines(Rows(["n"], ["integer"], [(1,)])) == "n = 1\n\n(1 row)"


def test_columns_that_do_not_fit_are_counted():
    found = Rows(["aaa", "bbb", "ccc"], ["integer"] * 3, [(1, 2, 3)])
    # 1 + 3 times 3 + 7 of `integer`: 31 columns for all
    assert shown.as_table(found, width=31).endswith("(1 row)")
    assert shown.as_table(found, width=30).endswith("(1 row; 2 of 3 columns fit)")
    assert shown.as_table(found, width=5).endswith("(1 row; 1 of 3 columns fit)")
    assert "ccc" not in shown.as_table(found, width=30)


def test_a_list_is_wrapped_in_its_last_column():
    found = shown.rows_of(["name", "what it is"], [("first", "one two three four five six seven"), ("second", "")])
    lines = shown.as_table(found, width=33).splitlines()
    assert lines[3] == "│ first  │ one two three four │"
    assert lines[4] == "│        │ five six seven     │"
    assert lines[5].split("│")[1].strip() == "second"
    assert max(map(len, lines)) <= 33
    three = shown.rows_of(["a", "b", "c"], [("first", "second word", "one two three four five six")])
    lines = shown.as_table(three, width=45).splitlines()
    assert [line.split("│")[3].strip() for line in lines[3:5]] == ["one two three four", "five six"]


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (None, 7, "NULL"), (True, 7, "true"), (123456.789, 7, "123456.789"), (0.000123456789, 4, "0.0001235"),
        (1.23456789, 4, "1.2346"), (1.5, None, "1.5"), (float("inf"), 7, "inf"), (0.0, 7, "0.0"),
        ({"a": 1.23456789, "b": [1, None]}, 5, "{a: 1.2346, b: [1, NULL]}"),
        (b"\x01\xff", 7, "01ff"), ("a\nb", 7, "a\\nb"),
    ],
)  # fmt: skip
def test_values_as_they_are_shown(value, digits, expected):
    assert shown.text_of(value, digits) == expected


def test_floats_have_nine_digits_where_all_are_asked():
    value = float(np.float32(0.1))
    assert shown._texts(Rows(["x"], ["float"], []), (value,), None) == ["0.100000001"]
    assert shown._texts(Rows(["x"], ["double"], []), (value,), None) == ["0.10000000149011612"]


def test_more_rows_than_are_shown():
    with duckdb.connect() as connection:
        found = shown.fetched(connection.sql("from range(10001)"))
        assert (len(found.rows), found.more, found.count) == (10_000, True, "more than 10,000 rows")
        whole = shown.fetched(connection.sql("from range(10000)"))
        assert (len(whole.rows), whole.more, whole.count) == (10_000, False, "10,000 rows")
        assert shown.as_table(found, height=1).endswith("(more than 10,000 rows, 1 shown)")
    assert Rows(["n"], [], [(1,)]).count == "1 row"


def test_a_word_finds_names_first():
    rows = [("alpha", "of beta"), ("Beta", "x"), ("gamma", "y")]
    assert shown.listed(("n", "w"), "beta", rows).rows == [("Beta", "x")]
    assert shown.listed(("n", "w"), "%y%", rows).rows == [("gamma", "y")]
    assert shown.listed(("n", "w"), "", rows).rows == rows
    with pytest.raises(UserError, match="nothing here holds 'delta'"):
        shown.listed(("n", "w"), "delta", rows)


@pytest.mark.parametrize(
    ("kind", "is_number"), [("double", True), ("bigint", True), ("integer", True), ("varchar", False), ("float", True)]
)
def test_numbers_stand_at_the_right(kind, is_number):
    assert shown._is_number(kind) is is_number


# --- the shell


@pytest.fixture
def desk():
    with duckdb.connect() as connection:
        connection.execute("create schema red; create view red.stars as select 1 as n, 2 as other")
        connection.execute("create macro red.twice(x) as 2 * x")
        yield dots.Desk(connection, None, dots.Looks())


def test_switches_of_the_shell(desk):
    assert dots.answer(desk, ".mode") == "mode line"
    assert dots.answer(desk, ".mode;") == "mode table"
    assert dots.answer(desk, ".mode line") == "mode line"
    assert dots.answer(desk, ".mode table") == "mode table"
    assert dots.answer(desk, ".pager") == "pager off"
    assert dots.answer(desk, ".pager on") == "pager on"
    assert dots.answer(desk, ".pager off") == "pager off"
    assert dots.answer(desk, "\\timing") == "timer on"
    assert dots.answer(desk, ".timer off") == "timer off"
    assert dots.answer(desk, ".digits 3") == "digits 3"
    assert dots.answer(desk, ".digits all") == "digits all"
    for wrong, words in ((".mode box", "it is table or line"), (".digits 0", "above 0"), (".digits x", "above 0")):
        with pytest.raises(UserError, match=words):
            dots.answer(desk, wrong)
    with pytest.raises(UserError, match=r"there is no command \.timr.*nearest: \.timer"):
        dots.answer(desk, ".timr")
    for text in (".quit", "\\q", ".exit"):
        with pytest.raises(dots.Leave):
            dots.answer(desk, text)


def test_what_the_shell_lists(desk):
    assert dots.answer(desk, ".views").rows == [("red.stars", "")]
    assert dots.answer(desk, "\\d").rows == [("red.stars", "")]
    assert dots.answer(desk, ".functions").rows == [("red.twice(x)", "")]
    with pytest.raises(UserError, match="of which view"):
        dots.answer(desk, ".columns")
    assert ".columns VIEW        its columns with unit and description" in dots.answer(desk, "?").splitlines()
    assert ".help                this list" in dots.answer(desk, "help").splitlines()


@pytest.mark.parametrize(
    ("text", "leaves", "is_command"),
    [("quit", True, False), ("select 1;\nexit;", True, False), ("\\q", True, True), ("quit it", False, False),
     ("?", False, True), ("help;", False, True), ("select 1", False, False), (".views", False, True)],
)  # fmt: skip
def test_what_a_line_means(text, leaves, is_command):
    assert (dots.is_leaving(text), dots.is_command(text)) == (leaves, is_command)


def completed(desk, before: str, asked: bool = False) -> list[str]:
    names = completion.Names(desk.connection, {".views": "view", ".mode": "table line", ".cuts": "cut"})
    event = CompleteEvent(completion_requested=asked)
    return [found.text for found in names.get_completions(Document(before), event)]


def test_what_may_stand_at_the_cursor(desk):
    assert completed(desk, "select n from re") == ["red.", "red.stars"]
    assert completed(desk, "from red.") == ["stars", "twice"]
    assert completed(desk, "from red.st") == ["stars"]
    assert completed(desk, "from red.stars as s where s.o") == ["other"]
    assert completed(desk, "from red.stars where oth") == ["other"]
    assert completed(desk, "") == []
    assert "select" in completed(desk, "", asked=True)
    assert completed(desk, ".mo") == [".mode"]
    assert completed(desk, ".mode l") == ["line"]
    assert completed(desk, ".views red") == ["red.stars"]


# --- statements that are refused, and what is said of them


@pytest.mark.parametrize(
    "text",
    [
        "copy (select 1) to 'x'",
        "set threads = 1",
        "explain copy (select 1) to 'x'",
        "attach 'x'",
    ],
)
def test_statements_for_those_who_trust(text):
    with duckdb.connect() as connection, pytest.raises(UserError, match="only done for those who say --trust"):
        sql.refuse_untrusted(connection, connection.extract_statements(text))


@pytest.mark.parametrize(
    "text", ["select 1", "set variable x = 1", "explain select 1", "RESET VARIABLE x", "describe select 1"]
)
def test_statements_for_everyone(text):
    with duckdb.connect() as connection:
        sql.refuse_untrusted(connection, connection.extract_statements(text))


def test_complaints_in_one_line():
    with duckdb.connect() as connection:
        for query, words in (("selec 1", "syntax error"), ("select sum('a' || 1, 2)", "Candidate|No function")):
            with pytest.raises(duckdb.Error) as stop:
                connection.execute(query)
            said = str(sql.explain(connection, query, stop.value))
            assert "\n" not in said
            assert re.search(words, said)
        assert "--read PATH" in str(sql.explain(connection, "x", duckdb.PermissionException("may not be read\nmore")))
    assert not sql.is_ours(duckdb.BinderException("x"))
    assert sql.is_ours(duckdb.InternalException("x"))
    assert sql.is_ours(duckdb.InvalidInputException("Traceback (most recent call last)"))


@pytest.mark.parametrize(
    ("what", "expected"),
    [("red_clump.catalogue", None), ("select 1 ; ", "select 1"), ("from t", "from t"),
     ("select 1; select 2", UserError),
     ("create table t(n int)", UserError), ("selec 1", UserError), ("nowhere.sql", UserError)],
)  # fmt: skip
def test_what_is_exported(what, expected):
    with duckdb.connect() as connection:
        if expected is UserError:
            with pytest.raises(UserError):
                export.query_of(connection, what)
        else:
            assert export.query_of(connection, what) == expected


# --- BibTeX


def test_papers_of_a_citation():
    told: dict[str, str] = {}
    doe = "Doe et al. 2020, arXiv:2001.01234"
    text = f"e.g. Schlafly, Meisner & Green 2019, A&A 240, 30; {doe}; {doe}"
    cite._add(told, text, "mine", "survey mine: its title")
    assert told == {
        "schlafly2019": "@article{schlafly2019,\n  author = {Schlafly and Meisner and Green},\n  year = {2019},\n"
        "  journal = {A\\&A},\n  volume = {240},\n  pages = {30},\n  note = {survey mine: its title}\n}",
        "doe2020": "@misc{doe2020,\n  author = {Doe and others},\n  year = {2020},\n  eprint = {2001.01234},\n"
        "  note = {survey mine: its title},\n  archiveprefix = {arXiv}\n}",
    }
    cite._add(told, "a letter of 1999", "other", "survey other: x")
    assert told["other"] == "@misc{other,\n  title = {survey other: x},\n  note = {a letter of 1999}\n}"
    for nothing in ("", *cite.NOTHING):
        cite._add(told, nothing, "none", "x")
    assert "none" not in told


# --- cones and questions of an archive


@pytest.mark.parametrize(
    ("cone", "expected"),
    [("10,-20.5,0.1", (10.0, -20.5, 0.1)), ("0,90,90", (0.0, 90.0, 90.0)), ("360,-90,1", (360.0, -90.0, 1.0)),
     ("361,0,1", None), ("-1,0,1", None), ("0,91,1", None), ("0,-91,1", None), ("0,0,0", None),
     ("0,0,90.5", None), ("1,2", None), ("a,b,c", None)],
)  # fmt: skip
def test_cones(cone, expected):
    if expected is None:
        with pytest.raises(UserError, match=f"--cone {cone}: "):
            fetch._cone(cone)
    else:
        assert fetch._cone(cone) == expected


def test_the_query_of_a_cone():
    survey = load_survey("twomass")
    known = {"twomass": {"adql": "select {columns} from t where {ra} {dec} {radius}", "without": ["j_m"]}}
    names = [c.name for c in survey.columns.values() if not c.derived and c.name != "j_m"]
    assert fetch._cone_query(survey, known, "1,2,3") == f"select {', '.join(names)} from t where 1.0 2.0 3.0"
    with pytest.raises(UserError, match="knows no table of twomass"):
        fetch._cone_query(survey, {}, "1,2,3")


def test_a_question_has_its_folder(tmp_path):
    sky = SimpleNamespace(root=tmp_path / "new")
    folder = fetch._work(sky, "a", "b")
    assert folder.is_dir()
    assert folder == fetch._work(sky, "a", "b") != fetch._work(sky, "a", "c")
    (tmp_path / "q").write_text(" select 1\n")
    assert fetch._read(tmp_path / "q") == "select 1"
    assert fetch._hash(tmp_path / "q") == hashlib.sha256(b" select 1\n").hexdigest()
    for act in (fetch._read, fetch._hash):
        with pytest.raises(UserError, match="cannot be read"):
            act(tmp_path / "none")


def test_a_fetch_says_what_it_lacks(tmp_path):
    def said(**given) -> str:
        asked = {"cone": None, "adql": None, "url": None} | given
        with pytest.raises(UserError) as stop:
            fetch.fetch_survey(tmp_path / "sky", "twomass", **asked)
        return str(stop.value)

    assert "either --cone" in said()
    assert "either --cone" in said(cone="1,2,3", adql=Path("q"))
    assert "is asked for a --cone" in said(adql=Path("q"), hats="folder")
    assert "--upload needs a query" in said(cone="1,2,3", uploads={"t": "f"})


# --- joins, matches and models


@pytest.mark.parametrize(("on", "radius"), [(None, None), ("id", 1.0)])
def test_a_join_is_by_one_of_two(on, radius, tmp_path):
    with duckdb.connect() as connection, pytest.raises(UserError, match="either --on ID or --radius"):
        join.join(connection, tmp_path / "a.csv", tmp_path / "b.csv", "v", on, radius)


def test_added_columns_have_names_of_their_own():
    columns = [Column(name, "DOUBLE") for name in ("RA", "dec", "tier")]
    assert join._new_names({"ra": "x", "ra_candlesql": "x", "Dec": "x"}, columns) == {
        "RA": "RA_candlesql_candlesql", "dec": "dec_candlesql", "tier": "tier",
    }  # fmt: skip


def test_errors_of_positions_in_milliarcseconds():
    """Gaia's in mas; of AllWISE's in arcsec a thousand."""
    gaia, allwise = load_survey("gaia_dr2"), load_survey("allwise")
    said = neighbours._error_sql(gaia, {gaia.errors["east"], gaia.errors["north"]})
    with duckdb.connect() as connection:
        table = f'(select 3.0::float as "{gaia.errors["east"]}", 2.0::float as "{gaia.errors["north"]}")'
        assert connection.execute(f"select {said['east']}, {said['north']} from {table}").fetchone() == (9.0, 4.0)
        if "east" in allwise.errors:
            unit = 1000.0 if allwise.columns[allwise.errors["east"]].unit == "arcsec" else 1.0
            wise = neighbours._error_sql(allwise, set(allwise.errors.values()))
            names = ", ".join(f'3.0::double as "{name}"' for name in set(allwise.errors.values()))
            assert connection.execute(f"select {wise['east']} from (select {names})").fetchone() == (
                pytest.approx((3 * unit) ** 2),
            )
    moving = neighbours._error_sql(gaia, set(gaia.errors.values()))["pm_east"]
    with duckdb.connect() as connection:
        query = f'select {moving} from (select 3.0::double as "{gaia.errors["pm_east"]}")'
        assert connection.execute(query).fetchone() == (9.0,), "mas / yr"
    assert neighbours._has_errors(gaia, {gaia.errors["east"]})
    assert not neighbours._has_errors(gaia, set())
    with pytest.raises(UserError, match="has no magnitude to compare"):
        neighbours._magnitude(gaia, set())
    assert neighbours._magnitude(gaia, {gaia.magnitude}).endswith("::double")


def test_error_ellipses_in_milliarcseconds():
    """2MASS has axes in arcsec and an angle in degrees."""
    twomass = load_survey("twomass")
    names = ", ".join(
        f"{value} as {twomass.errors[role]}" for role, value in (("major", 0.3), ("minor", 0.2), ("angle", 45))
    )
    said = neighbours._error_sql(twomass, set(twomass.errors.values()))
    assert [*said] == ["east", "north", "covariance"]
    with duckdb.connect() as connection:
        connection.execute("create schema sphere")
        for part in said:
            connection.execute(f"create macro sphere.ellipse_{part}(a, b, c) as [a, b, c]")
            found = connection.execute(f"select {said[part]} from (select {names})").fetchone()[0]
            assert found == pytest.approx([300.0, 200.0, 45.0])


@pytest.mark.parametrize("radius", [0.0, -1.0, 600.5])
def test_radii_that_are_none(radius):
    with duckdb.connect() as connection, pytest.raises(UserError, match="must lie between 0 and 600 arcsec"):
        pairs.pairs_sql(connection, "select 1", "select 1", radius)


@pytest.mark.parametrize("n", [1, 3000])
def test_every_star_of_a_batch_is_inferred(n, tmp_path):
    """More than one chunk of 2,048; y = (2 g, exp(j)), of which the second is asked for first."""
    builder = GraphBuilder()
    parts = [
        builder.add("Mul", builder.rows("x", 0, 1), builder.constant(2.0)),
        builder.add("Exp", builder.rows("x", 1, 2)),
    ]
    fields = {
        "inputs": [{"name": k, "unit": ""} for k in "gj"],
        "outputs": [{"name": k, "unit": ""} for k in ("a", "b")],
    }
    graph = builder.finish(builder.concat(parts), 2, 2, "m")
    what = bulk.Inference(write_model(tmp_path / "m.onnx", graph, {"system": "m", **fields}), ["b", "a"])
    g, j = np.arange(n, dtype=np.float32), np.linspace(0, 1, n, dtype=np.float32)
    batch = pa.record_batch({"id": np.arange(n), "input 0": g, "input 1": j})
    found = bulk._inferred(what, what.schema(batch.schema), batch)
    assert found.schema.names == ["id", "b", "a"]
    np.testing.assert_allclose(found["a"].to_numpy(), 2 * g)
    np.testing.assert_allclose(found["b"].to_numpy(), np.exp(j), rtol=1e-6)


def test_years_between_two_surveys():
    moving, standing = pairs.Epochs(2015.5, None, None), pairs.Epochs(2000.0, 1997.0, 2001.0)
    assert (
        neighbours._near_reach((moving, standing))
        == "sphere.near_reach(parallax, recession, pmra, pmdec, 18.5::double)"
    )
    assert (
        neighbours._near_reach((standing, moving))
        == "sphere.near_reach(parallax, recession, pmra, pmdec, 18.5::double)"
    )


def test_inputs_in_the_system_that_a_model_reads():
    assert inputs.read_as("j_m", "2MASS", ()) == '"j_m"'
    assert inputs.read_as("j_m", "UKIDSS", ()) is None
    assert inputs.read_as("phot_g_mean_mag", "Gaia DR2", ()) == '"phot_g_mean_mag"'
    assert "'g', 'Gaia DR2', 'Gaia DR3', phot_g_mean_mag" in inputs.read_as("phot_g_mean_mag", "Gaia DR3", ())
    assert inputs.read_as("parallax", "Gaia DR2", ()) == '"parallax"'
    above = "parallax - parallax_zero_point"
    assert inputs.read_as("parallax", "zero point corrected", ["parallax_zero_point"]) == above
    assert (
        inputs.read_as("parallax", "Gaia DR2", ["parallax_zero_point"])
        == f"{above} + cuts.gaia_dr2_parallax_zero_point()"
    )
    assert inputs.read_as("own", "", ()) == '"own"'
    for name, wanted in (("phot_g_mean_mag", "2MASS"), ("j_m", "Gaia DR3"), ("parallax", "Gaia DR3")):
        assert inputs.read_as(name, wanted, ()) is None, (name, wanted)


def test_mock_clusters_are_two_files(tmp_path):
    clusters, stars = write_clusters(tmp_path / "new", 1)
    with clusters.open() as file:
        rows = list(csv.DictReader(file))
    with stars.open() as file:
        members = {row["member"] for row in csv.DictReader(file)}
    assert {row["cluster"] for row in rows} == members


def test_one_input_is_moved_by_a_step():
    assert gradients._moved(["g", "j"], "j", "-") == '"g", "j" - cuts.gradient_step()'
    assert gradients._derivatives("g", ["teff_k"]) == (
        "'input': 'g', 'd_teff_k': exact.\"teff_k\".\"g\", "
        '\'step_teff_k\': ("g +"."teff_k" - "g -"."teff_k") / (2 * cuts.gradient_step())'
    )


def test_stars_that_have_what_a_model_reads():
    model = SimpleNamespace(takes_missing=False, inputs=[Field("g", "mag"), Field("j", "mag")], metadata={}, path="m")
    steps = SimpleNamespace(id="survey, source_id", carries=["ra"], rows="t.inputs as inputs")
    what = bulk.Inference(model, ["y"])
    assert scoring.stars_query(steps, what, "true") == (
        'select survey, source_id, "ra", ("g")::float as "input 0", ("j")::float as "input 1" from t.inputs as inputs '
        'where true and "g" is not null and "j" is not null'
    )
    model.takes_missing = True
    assert scoring.stars_query(steps, what, "n > 1").endswith("where n > 1")
    hull = bulk.Inference(model, ["y"], SimpleNamespace(names=("j", "k")))
    assert '("j")::double as "bound 0", ("k")::double as "bound 1", ("g")::float' in scoring.stars_query(
        steps, hull, "true"
    )
    assert (what.n_read, hull.n_read) == (2, 4)
    given = pa.schema([("source_id", pa.int64()), *((f"c{i}", pa.float32()) for i in range(4))])
    assert hull.schema(given).names == ["source_id", "inside_hull", "y"]


def test_missing_outputs_are_null():
    found = bulk._without_nan(np.array([1, np.nan, 3], np.float32), np.array([False, False, True]))
    assert found.to_pylist() == [1.0, None, None]
    assert bulk._without_nan(np.array([1, 2], np.float32), np.zeros(2, bool)).null_count == 0


@pytest.mark.parametrize("threads", [1, 3])
def test_batches_come_in_order(threads):
    assert list(bulk._in_order(threads, lambda number: 10 * number, range(20))) == [10 * i for i in range(20)]


def test_what_a_model_says_of_its_stars():
    assert models._trained_on(SimpleNamespace(metadata={"trained_on": "real"})) == "real"
    assert models._trained_on(SimpleNamespace(metadata={})) == "the file does not say"
    assert models._stars(SimpleNamespace(metadata={"n_train": "12345"})) == "12,345"
    assert models._stars(SimpleNamespace(metadata={"n_train": "many"})) == ""
    assert models._with_unit({"name": "teff", "unit": "K"}) == "teff [K]"
    assert models._with_unit({"name": "p", "unit": ""}) == "p"
    assert models._space("nonsense") == "damaged: train it again"
    spectra = np.random.default_rng(1).normal(0, 0.01, (40, 30)).astype(np.float32)
    text = FeatureSpace.of(spectra, np.full(spectra.shape, 0.01, np.float32), (20, 10)).text()
    print_of = hashlib.sha256(json.loads(text)["arrays"].encode()).hexdigest()[:12]
    assert models._space(text) == f"20, 10 pixels; mean and directions of the spectra {print_of}"


def test_a_cut_that_there_is_not_has_three_neighbours():
    with pytest.raises(UserError) as stop:
        cuts.take_back("sky", ["tier1_min_delta"])
    assert len(stop.value.nearest) == 3
    assert "tier1_min_delta_p" in stop.value.nearest
    with pytest.raises(UserError, match="candlesql cuts SKY lists them"):
        cuts.take_back("sky", ["zzzzzzzz"])


# --- distances and spectra


def test_percentiles_lie_straight_within_a_bin():
    """All of it in one bin: 16, 50 and 84 % of the way through; half in each of two: the middle at their border."""
    pdf = np.zeros((3, len(nmsu.EDGES) - 1), np.float32)
    pdf[0, 4], pdf[1, 7], pdf[1, 8] = 2, 1, 1
    found = nmsu.percentiles(pdf)
    width = nmsu.EDGES[1] - nmsu.EDGES[0]
    assert found[0] == pytest.approx([nmsu.EDGES[4] + width * share for share in nmsu.QUANTILES])
    assert found[1, 1] == pytest.approx(nmsu.EDGES[8])
    assert np.isnan(found[2]).all()


def test_density_of_points_about_a_star():
    """Weight times exp(-x^2 / 2) of each point, summed in the bins of their absolute magnitudes."""
    points = np.array([[4800, 2.5, 0.0], [4900, 2.5, 0.0], [4800, 2.6, 0.0]])
    bins, weight = np.array([3, 3, 5]), np.log(np.array([1.0, 2, 4], np.float32))
    pdf = nmsu._density(points, weight, bins, np.array([[4800.0, 2.5, 0]]), np.array([[100.0, 0.1, 0.1]]))
    assert pdf.shape == (1, len(nmsu.EDGES) - 1)
    assert pdf[0, 3] == pytest.approx(1 + 2 * np.exp(-0.5), rel=1e-5)
    assert pdf[0, 5] == pytest.approx(4 * np.exp(-0.5), rel=1e-5)
    assert pdf.sum() == pytest.approx(1 + 6 * np.exp(-0.5), rel=1e-5)
    assert not nmsu._density(points[:0], weight[:0], bins[:0], np.zeros((2, 3)), np.ones((2, 3))).any()


def test_the_change_from_one_spectrum_to_another():
    wave = np.array([10000.0, 10001, 12000, 12001, 15000])
    before = wave, np.array([1.0, 3, 4, 4, 0])
    after = wave, np.array([1.0, 1, 5, 5, 7])
    table = synphot.binned_change(before, after)
    assert table["flux"].to_pylist() == [0.5, 1.0]
    assert table["flux_change"].to_pylist() == [pytest.approx(-0.5), pytest.approx(0.25)]
    assert table["wavelength_low_um"].to_pylist() == pytest.approx([1.0, 1.2], rel=1e-3)
    assert synphot.binned_change((wave, np.zeros(5)), after).num_rows == 0


@pytest.mark.parametrize(("after", "change"), [(Path("b"), None), (None, 0.1)])
def test_two_spectra_come_with_their_change(after, change):
    with pytest.raises(UserError, match="two spectra need --change-cn"):
        synphot.synphot_command(Path("sky"), Path("a"), after, change)


# --- proposals


def test_names_of_proposed_survey_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    named = {
        "my stars.v2.csv": "my_stars.toml",
        "2mass.csv": "my_2mass.toml",
        "gaia_dr2.fits": "my_gaia_dr2.toml",
        "é.csv": "mine.toml",
        "a1.csv": "a1.toml",
    }
    assert {name: str(propose._target(Path(name), tmp_path / "own")) for name in named} == named
    (tmp_path / "a1.toml").touch()
    with pytest.raises(UserError, match="is there already"):
        propose._target(Path("a1.csv"), tmp_path / "own")


def test_what_comes_next_after_a_proposal():
    proposal = Proposal("", {}, [], "", {"ra": "hourangle"})
    text = propose._next(Path("sky"), [Path("a.csv"), Path("b.csv")], Path("a.toml"), proposal)
    assert text == "candlesql ingest sky a.toml a.csv b.csv --unit ra=hourangle"


def test_what_is_a_table_and_what_a_survey(tmp_path):
    (tmp_path / "t.csv").touch()
    assert propose.is_table(tmp_path / "sky", str(tmp_path / "t.csv"))
    assert propose.is_table(tmp_path / "sky", "https://a.b/t.csv")
    assert not propose.is_table(tmp_path / "sky", "gaia_dr2")
    assert not propose.is_table(tmp_path / "sky", "own.toml")
    assert not propose.is_table(tmp_path / "sky", "unknown")
    with pytest.raises(UserError, match="no such file"):
        propose.is_table(tmp_path / "sky", str(tmp_path / "none.csv"))
