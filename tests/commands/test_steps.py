"""Steps of commands on a few rows by hand."""

from __future__ import annotations

from types import SimpleNamespace

import duckdb
import pytest
from candlesql.commands.steps import neighbours, pairs, scoring
from candlesql.commands.steps.pairs import Epochs
from candlesql.commands.steps.shown import fetched, text_of
from candlesql.errors import UserError


@pytest.fixture
def connection():
    with duckdb.connect() as opened:
        opened.execute("create schema staging; create schema stats; create macro stats.hypot(x, y) as sqrt(x*x + y*y)")
        yield opened


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([(1, 6), (5, 6), (9, 3), (12, 8), (20, 1)], {"id < 9": 12, "id >= 9 and id < 20": 11, "id >= 20": 1}),
        ([(1, 10), (9, 10), (9, 10)], {"id < 9": 10, "id >= 9": 20}),  # one identifier is in one part
        ([(1, 10)], {"true": 10}),
        ([(None, 10), (9, 10)], {"true": 20}),
    ],
)
def test_parts_begin_at_row_groups(monkeypatch, groups, expected):
    """Of at least ten rows each, but for the last."""
    monkeypatch.setattr(scoring, "PART_ROWS", 10)
    monkeypatch.setattr(scoring, "_row_groups", lambda *_: groups)
    monkeypatch.setattr(scoring, "_columns", lambda *_: {"id": ("BIGINT", "")})
    assert dict(scoring._ranges(None, None, SimpleNamespace(id="survey, id", inputs="x"))) == expected
    monkeypatch.setattr(scoring, "_columns", lambda *_: {"id": ("VARCHAR", "")})
    assert scoring._ranges(None, None, SimpleNamespace(id="id", inputs="x")) == [("true", sum(n for _, n in groups))]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"g": "[mag] G"}, "wants ks, which a.inputs lacks"),
        ({"g": "[mag] G", "ks": "[mas] Ks"}, "wants ks in mag, a.inputs has it in mas"),
        ({"g": "[mag] G", "ks": "Ks"}, ""),
        ({"g": "[mag] G", "ks": "[] Ks"}, ""),
    ],
)
def test_inputs_that_lack_or_have_another_unit(monkeypatch, columns, said):
    monkeypatch.setattr(scoring, "_columns", lambda *_: {name: ("FLOAT", text) for name, text in columns.items()})
    model = SimpleNamespace(inputs=[SimpleNamespace(name=n, unit="mag") for n in ("g", "ks")], path="m.onnx")
    if said:
        with pytest.raises(UserError, match=said):
            scoring.check_inputs(None, SimpleNamespace(inputs="a.inputs"), model)
    else:
        scoring.check_inputs(None, SimpleNamespace(inputs="a.inputs"), model)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("(1, null), (2, null)", "m.onnx cannot score 2 stars of a.inputs: none has ks; ingest and match"),
        ("(1, null), (null, 2)", "m.onnx cannot score 2 stars of a.inputs: none has all of g, ks; ingest and match"),
    ],
)
def test_why_there_is_nothing_to_score(connection, rows, said):
    connection.execute(f"create schema a; create table a.inputs as from (values {rows}) as t(g, ks)")
    model = SimpleNamespace(inputs=[SimpleNamespace(name=n) for n in ("g", "ks")], path=SimpleNamespace(name="m.onnx"))
    steps = SimpleNamespace(inputs="a.inputs", bases=["gaia", "other"], name="a")
    assert scoring.nothing_to_score(connection, steps, model).startswith(said)
    connection.execute("delete from a.inputs; create table staging.gaia(i int); create table staging.other(i int)")
    assert scoring.nothing_to_score(connection, steps, model) == (
        "a.inputs has no rows: ingest gaia or other, or a table like it"
    )
    connection.execute("insert into staging.gaia from range(1200)")
    assert scoring.nothing_to_score(connection, steps, model) == "a.inputs has no rows: the cuts take all 1,200 of gaia"


def test_how_far_the_fastest_star_is_searched(connection):
    """500 mas/yr, half of 4 years, at most 8 years from the middle: 1 + 1 arcsec, and the curvature of 5 arcsec."""
    connection.execute(
        "create table stars as from (values (300.0, 400.0, 2010.0), (1, 1, 2001)) as t(pmra, pmdec, epoch_yr)"
    )
    mid, half, cell = pairs._grid(connection, "stars", Epochs(2001, 2000, 2004), 1.0)
    assert (mid, half, cell) == (2002, 2, 1e-4)
    arcsec = 4.84813681e-6
    wide = pairs._grid(connection, "stars", Epochs(2001, 2000, 2004), 500.0)[2]
    assert wide == pytest.approx(2.01 / 6 * (501 * arcsec + 0.5 * (5 * arcsec) ** 2 + 1e-8), rel=1e-8)
    assert pairs._grid(connection, "stars", Epochs(2001, None, None), 1.0)[:2] == (2001, 0)


@pytest.mark.parametrize("radius", [0, -1, 600.1])
def test_radii_of_pairs(connection, radius):
    with pytest.raises(UserError, match="must lie between 0 and 600 arcsec"):
        pairs.pairs_sql(connection, "a", "b", radius)


@pytest.mark.parametrize(
    ("moving", "standing", "years"),
    [
        (Epochs(2015, None, None), Epochs(2000, 1997, 2001), 18),
        (Epochs(2015, 2014, 2016), Epochs(2000, None, None), 16),
        (Epochs(1990, None, None), Epochs(2000, 1997, 2001), 11),
    ],
)
def test_the_longest_time_between_two_surveys(moving, standing, years):
    said = neighbours._near_reach((moving, standing)).rpartition(", ")[2]
    assert said.removesuffix(".0::double)").removesuffix("::double)") == str(years)


def survey(unit: str = "mas", **errors: str) -> SimpleNamespace:
    columns = {name: SimpleNamespace(unit=unit) for name in errors.values()}
    return SimpleNamespace(name="own", errors=errors, columns=columns, magnitude="m")


def test_variances_are_in_mas_and_the_mean_stands_for_none(connection):
    """0.1 and 0.3 arcsec: 1e4 and 9e4 mas^2; minus 0.2 arcsec of covariance: -4e4."""
    connection.execute(
        "create table staging.own as from (values (0.1, 0.2, -0.2), (0.3, 0.4, 0.2), (null, null, null)) as t(a, d, c)"
    )
    given = survey("arcsec", east="a", north="d", co="c")
    found = neighbours._variances(connection, given, {"a", "d", "c"}, 7.0)
    rows = connection.execute(f"select {', '.join(found)} from staging.own").fetchall()
    expected = [(1e4, 4e4, -4e4, 0, 0), (9e4, 16e4, 4e4, 0, 0), (5e4, 10e4, 0, 0, 0)]
    for row, wanted in zip(rows, expected, strict=True):
        assert row == pytest.approx(wanted)


def test_unknown_errors_are_what_is_given(connection):
    connection.execute("create table staging.own as select 1 as m")
    found = neighbours._variances(connection, survey(east="a", north="d"), {"m"}, 7.0)
    assert connection.execute(f"select {', '.join(found)} from staging.own").fetchall() == [(7, 7, 0, 0, 0)]
    assert neighbours._magnitude(survey(), {"m"}) == '"m"::double'
    with pytest.raises(UserError, match="own has no magnitude to compare"):
        neighbours._magnitude(survey(), {"a"})


def test_a_shift_is_twenty_radii_but_not_less_than_an_arcminute():
    assert repr(60 / 3600) in neighbours.shifted("q", 1.0)
    assert repr(200 / 3600) in neighbours.shifted("q", 10.0)


def test_values_as_text():
    given = [None, True, 7, 0.00123456, 12345.678912, 0.0, {"a": None, "b": [False]}, (1, "x"), b"\x0a\xff"]
    assert [text_of(value, 3) for value in given] == [
        "NULL", "true", "7", "0.00123", "12345.6789", "0.0", "{a: NULL, b: [false]}", "[1, x]",
        "0aff",
    ]  # fmt: skip


def test_times_with_a_zone_are_shown_as_duckdb_writes_them(connection):
    """For Python it needs a package that is not there; two columns may have one name, and the rows keep their order."""
    connection.execute("set timezone = 'UTC'")
    times = "(select timestamptz '2020-01-02 03:04:05+00' as t)"
    found = fetched(connection.sql(f"select t, n, t, [t] as l from {times}, range(3) as r(n) order by n desc"))
    assert found.columns == ["t", "n", "t", "l"]
    assert found.types[:2] == ["timestamp with time zone", "bigint"]
    said = "2020-01-02 03:04:05+00"
    assert found.rows == [(said, n, said, f"['{said}']") for n in (2, 1, 0)]
