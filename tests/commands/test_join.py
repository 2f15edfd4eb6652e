"""A user's catalog beside a view's rows: which column is meant, and what is said where none is."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import duckdb
import pytest
from candlesql import UserError
from candlesql.catalogs.any_table import Theirs
from candlesql.catalogs.readers import FileColumn
from candlesql.commands import join


@pytest.fixture
def connection(empty):
    """A view of two stars; their table of three rows, of which one has no star."""
    empty.execute(
        """create schema red; create table red.stars as
            from (values (1, 10.5, 'gaia_dr2'), (2, 20.5, 'gaia_dr2')) as t(source_id, ra, survey);
        alter table red.stars alter source_id type bigint;
        create table mine as from (values (0, 'c', 3, 0.5), (1, 'a', 1, 0.5), (2, 'b', 2, 0.5))
            as t(file_row_number, name, id, x)"""
    )
    return empty


def theirs(connection, **columns):
    """Their table, with types; what its file says of a column is `unit ucd`."""
    types = dict(connection.execute("select column_name, column_type from (describe mine)").fetchall())
    del types["file_row_number"]
    said = {name: FileColumn(name, "", *columns.get(name, " ").split(" ")) for name in types}
    return Theirs("mine", types, said, SimpleNamespace(name="mine.csv"))


# --- the column of a position


def places(**said):
    return Theirs(
        "mine", dict.fromkeys(said, "DOUBLE"), {n: FileColumn(n, "", *t.split(" ")) for n, t in said.items()}, "f"
    )


@pytest.mark.parametrize(
    ("said", "axis", "column"),
    [
        ({"ra": "deg ", "RAJ2000": "deg "}, "ra", "ra"),
        ({"RAJ2000": "deg ", "ra_icrs": "deg "}, "ra", "RAJ2000"),
        ({"RA_ICRS": "deg "}, "ra", "RA_ICRS"),
        ({"DECJ2000": "deg "}, "dec", "DECJ2000"),
        ({"x": "deg POS.EQ.RA;META.MAIN", "ra": "deg "}, "ra", "ra"),
        ({"y": "deg pos.eq.dec", "x": "deg POS.EQ.DEC;META.MAIN"}, "dec", "x"),
    ],
)
def test_which_column_is_the_position(said, axis, column):
    assert f'theirs."{column}"::double' in join._place(None, places(**said), axis)


def test_a_position_in_radians_and_in_degrees():
    with duckdb.connect(config={"threads": 1}) as connection:
        for unit, value in (("deg", 0.5), ("rad", 28.6478897565), ("", 0.5)):
            text = join._place(connection, places(ra=f"{unit} "), "ra")
            assert connection.execute(f"select {text} from (select 0.5 as ra) as theirs").fetchone()[
                0
            ] == pytest.approx(value)


def test_hours_are_of_right_ascension_alone():
    """01:30:00 is 22.5 deg of right ascension and 1.5 of declination."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("create table mine as from (values ('01:30:00', '01:30:00'), (null, 'x')) as t(ra, \"dec\")")
        given = Theirs("mine", {"ra": "VARCHAR", "dec": "VARCHAR"}, {}, "f")
        given.said.update({name: FileColumn(name, "") for name in ("ra", "dec")})
        text = join._place(connection, given, "ra")
        assert connection.execute(f"select {text} from mine as theirs").fetchall() == [(22.5,), (None,)]
        with pytest.raises(UserError, match="column dec holds 'x', which is no position"):
            join._place(connection, given, "dec")
        connection.execute("delete from mine where ra is null")
        text = join._place(connection, given, "dec")
        assert connection.execute(f"select {text} from mine as theirs").fetchall() == [(1.5,)]


def test_positions_that_are_none():
    with pytest.raises(UserError, match=r"has no column ra; it has a, b, c, d, e, f, g, h$"):
        join._place(None, places(**dict.fromkeys("abcdefghi", " ")), "ra")
    for unit in ("mag", "[deg]"):
        with pytest.raises(UserError, match=r"column ra is in .*, which is no angle"):
            join._place(None, places(ra=f"{unit} "), "ra")


# --- by identifier


def rows_by_id(connection, kind: str, on: str = "id") -> list[tuple]:
    given = theirs(connection)
    given.types[on] = kind
    query = f"select theirs.name, ours.ra {join._by_id(connection, given, 'red.stars', on)} order by 1"
    return connection.execute(query).fetchall()


def test_whole_numbers_are_compared_as_they_are(connection):
    for kind in ("BIGINT", "INTEGER", "UBIGINT"):
        assert rows_by_id(connection, kind) == [("a", 10.5), ("b", 20.5), ("c", None)]
    assert "try_cast" not in join._by_id(connection, theirs(connection), "red.stars", "ID")


def test_identifiers_behind_words(connection):
    connection.execute("alter table mine alter id type varchar using 'Gaia EDR2  ' || id")
    assert rows_by_id(connection, "VARCHAR") == [("a", 10.5), ("b", 20.5), ("c", None)]


def test_a_column_of_another_case_is_meant_where_there_is_none_of_this(connection):
    given = Theirs("mine", {"ID": "VARCHAR", "id": "BIGINT"}, {}, "f")
    assert 'on theirs."id" =' in join._by_id(connection, given, "red.stars", "id")
    with pytest.raises(UserError, match="has no column star; it has ID, id"):
        join._by_id(connection, given, "red.stars", "star")


@pytest.mark.parametrize("kind", ["DOUBLE", "FLOAT"])
def test_identifiers_that_have_lost_digits(connection, kind):
    with pytest.raises(UserError, match=f"id is stored as {kind}, which cannot hold 64-bit identifiers"):
        rows_by_id(connection, kind)


@pytest.mark.parametrize(
    ("identifier", "surveys", "is_refused"),
    [
        ("Gaia DR3 1", ["gaia_dr2"], True),
        (" gaia edr3 1", ["gaia_dr2"], True),
        ("Gaia EDR3 1", ["gaia_dr3"], False),
        ("Gaia DR3 1", ["gaia_dr2", "gaia_dr3"], False),
        ("Gaia DR3 1", ["mine"], False),
        ("Gaia DR2 1", ["gaia_dr2"], False),
        ("1", ["gaia_dr2"], False),
    ],
)
def test_identifiers_of_another_release(connection, identifier, surveys, is_refused):
    connection.execute("update red.stars set survey = ?", [surveys[0]])
    connection.execute("update red.stars set survey = ? where source_id = 2", [surveys[-1]])
    connection.execute(f"alter table mine alter id type varchar using '{identifier}'")
    refused = pytest.raises(
        UserError, match=r"column id has identifiers of GAIA DR3, and red\.stars those of GAIA DR2; join"
    )
    with refused if is_refused else contextlib.nullcontext():
        join._by_id(connection, theirs(connection), "red.stars", "id")


def test_a_view_of_one_survey_says_its_release_by_its_name(connection):
    connection.execute("create schema staging; create table staging.gaia_dr2(source_id bigint)")
    connection.execute("alter table mine alter id type varchar using 'Gaia DR3 1'")
    with pytest.raises(UserError, match=r"and staging\.gaia_dr2 those of GAIA DR2"):
        join._by_id(connection, theirs(connection), "staging.gaia_dr2", "id")


# --- views that cannot be joined


def test_views_without_identifiers_or_with_one_twice(connection):
    columns = join.view_columns(connection, "red.stars")
    join._refuse_repeated(connection, "red.stars", columns)
    with pytest.raises(UserError, match=r"red\.stars has no source_id, so it cannot be joined"):
        join._refuse_repeated(connection, "red.stars", columns[1:])
    connection.execute("insert into red.stars values (2, 1, 'x'), (2, 2, 'x'), (5, 1, 'x'), (5, 1, 'x')")
    with pytest.raises(UserError, match=r"red\.stars has source_id 2 in 3 rows; join a view with one row a star"):
        join._refuse_repeated(connection, "red.stars", columns)


# --- all of it


@pytest.fixture
def joined(connection, monkeypatch, tmp_path):
    """Joins their table by `id`; gives the counts, what was told, and what was written."""

    def run(left_out=()):
        told, written = [], []
        given = theirs(connection, x="mag phot.mag")
        given = Theirs(given.relation, given.types, given.said, given.file, left_out)
        monkeypatch.setattr(join, "provenance", lambda *_: "red.stars by candlesql")
        monkeypatch.setattr(join, "as_parquet", lambda *_: contextlib.nullcontext(given))
        monkeypatch.setattr(join, "write_file", lambda *given: written.append(given))
        file, out = tmp_path / "mine.csv", tmp_path / "out.csv"
        return join.join(connection, file, out, "red.stars", on="id", tell=told.append), told, written[0]

    return run


def test_every_row_of_theirs_in_its_order_with_what_ours_says(connection, joined):
    counts, told, (_, query, columns, note, _) = joined()
    assert (counts, told) == ((3, 2), [])
    assert connection.execute(query).fetchall() == [
        ("c", 3, 0.5, None, None, None), ("a", 1, 0.5, 1, 10.5, "gaia_dr2"), ("b", 2, 0.5, 2, 20.5, "gaia_dr2"),
    ]  # fmt: skip
    assert [(c.name, c.unit, c.ucd) for c in columns[:3]] == [
        ("name", "", ""),
        ("id", "", ""),
        ("x", "mag", "phot.mag"),
    ]
    assert [c.name for c in columns[3:]] == ["source_id", "ra", "survey"]
    assert note == "mine.csv, and\nred.stars by candlesql"


def test_columns_that_are_left_out_are_told(joined):
    assert joined(("a", "b"))[1] == ["left out, since they cannot be read: a, b"]


def test_no_row_joins(connection, joined):
    connection.execute("delete from red.stars")
    with pytest.raises(UserError, match=r"none of its 3 rows joins red\.stars; are its identifiers"):
        joined()


def test_the_result_is_another_file(connection, tmp_path):
    mine, out = tmp_path / "mine.csv", tmp_path / "out.csv"
    mine.write_text("id\n1\n")
    with pytest.raises(UserError, match="is the catalog that is joined"):
        join.join(connection, mine, mine, "red.stars", on="id")
    out.write_text("")
    with pytest.raises(UserError, match="--overwrite"):
        join.join(connection, mine, out, "red.stars", on="id")
