"""Which rows a match of two small surveys has, whichever of them moves, and what is refused."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import pytest
from candlesql import UserError
from candlesql.catalogs.survey import Column, Survey
from candlesql.commands import match
from candlesql.commands.steps.pairs import Epochs
from candlesql.workspace.folder import Sky

MOVING = Survey("moving", "", "", "id", {"id": Column("id", "BIGINT")}, ra="ra", dec="dec", pmra="pmra", pmdec="pmdec")
STILL = Survey("still", "", "", "name", {"name": Column("name", "VARCHAR")}, ra="ra", dec="dec")


@pytest.fixture
def connection(database):
    """Star 1 has moved 10 arcsec north in 10 years, to where a is; near it is b; star 2 and d are alone."""
    database.execute(
        """create table staging.moving(id bigint, ra double, "dec" double, pmra double, pmdec double, epoch_yr double);
        create table staging.still(name varchar, ra double, "dec" double, epoch_yr double);
        insert into staging.moving values (1, 10, 0, 0, -1000, 2010), (2, 50, 9, 0, 0, 2010);
        insert into staging.still values ('a', 10, 10.12 / 3600, 2000), ('b', 10, 10.43 / 3600, 2000),
            ('d', 9, 9, 2000)"""
    )
    return database


def rows(connection, left, right, kind):
    query = match.match_query(connection, left, right, 1.0, kind)
    return {(row[0], row[1], row[3]) for row in connection.execute(query).fetchall()}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("best", {(1, "a", 2)}),
        ("all", {(1, "a", 2), (1, "b", 2)}),
        ("left", {(1, "a", 2), (2, None, 0)}),
        ("anti", {(2, None, 0)}),
        ("outer", {(1, "a", 2), (2, None, 0), (None, "b", 0), (None, "d", 0)}),
    ],
)
def test_kinds_of_matches(connection, kind, expected):
    assert rows(connection, MOVING, STILL, kind) == expected


def test_the_survey_with_motions_moves_on_either_side(connection):
    found = connection.execute(match.match_query(connection, STILL, MOVING, 1.0, "best"))
    assert [column[0] for column in found.description] == ["name", "id", "separation_arcsec", "n_neighbours"]
    assert sorted(found.fetchall()) == [
        ("a", 1, pytest.approx(0.12, abs=1e-6), 1), ("b", 1, pytest.approx(0.43, abs=1e-6), 1),
    ]  # fmt: skip


class Seen(Exception):
    pass


@pytest.mark.parametrize(("left", "right"), [(MOVING, STILL), (STILL, MOVING)])
def test_epochs_are_given_in_the_order_of_the_surveys(monkeypatch, left, right):
    """The first of `epochs` is that of the left survey; the moving one is asked for first."""
    asked = []

    def sides(connection, moving, standing, rank, radius, epochs):
        asked.append((moving, standing, rank, radius, epochs))
        raise Seen

    monkeypatch.setattr(match, "sides", sides)
    of = {"moving": Epochs(2010, 2010, 2010), "still": Epochs(2000, 2000, 2000)}
    for epochs in ((of[left.name], of[right.name]), None):
        with pytest.raises(Seen):
            match.match_query(None, left, right, 2.0, "best", epochs=epochs, rank="errors")
    assert asked == [
        (MOVING, STILL, "errors", 2.0, (of["moving"], of["still"])), (MOVING, STILL, "errors", 2.0, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("left", "right", "moves"),
    [(MOVING, STILL, True), (STILL, MOVING, False), (STILL, STILL, True), (MOVING, MOVING, True)],
)
def test_which_survey_moves(left, right, moves):
    assert match.moves(left, right) is moves


def test_pairs_by_separation_and_those_of_chance(connection, monkeypatch):
    """In bins of 0.05 arcsec: pairs at 0.12 and 0.43; star 2, moved an arcminute to the equator, meets c by chance."""
    connection.execute(
        """create table candlesql.match_statistics("left" varchar, "right" varchar, low double, high double, n integer,
            chance integer, n_left integer);
        insert into candlesql.match_statistics values ('still', 'moving', 0, 0, 0, 0, 0), ('still', 'x', 0, 0, 0, 0, 7);
        insert into staging.still values ('c', 50, 9 - 60.02 / 3600, 2010)"""
    )
    monkeypatch.setattr(match, "all_or_nothing", lambda connection: contextlib.nullcontext())
    match.measure(connection, STILL, MOVING, 1.0)
    query = """from candlesql.match_statistics where "right" = 'moving' order by low"""
    found = connection.execute(query).fetchall()
    assert len(found) == 20
    assert {row[:2] for row in found} == {("still", "moving")}
    assert {row[6] for row in found} == {4}
    assert [row[2:4] for row in found] == [(pytest.approx(k / 20), pytest.approx((k + 1) / 20)) for k in range(20)]
    assert [(round(row[2], 2), row[4]) for row in found if row[4]] == [(0.1, 1), (0.4, 1)]
    assert [(row[2], row[5]) for row in found if row[5]] == [(0, 1)]
    assert connection.execute("select n_left from candlesql.match_statistics where \"right\" = 'x'").fetchall() == [
        (7,)
    ]


# --- what is refused, and what is written


@pytest.fixture
def sky(tmp_path):
    (tmp_path / "catalogs").mkdir()
    return Sky(tmp_path)


def test_surveys_that_cannot_be_matched(sky, monkeypatch):
    looked = []
    monkeypatch.setattr(match, "refuse_damaged", lambda _, sky, name: looked.append(name))
    with pytest.raises(UserError, match="LEFT and RIGHT are both still; a match is between two surveys"):
        match._check(None, sky, STILL, STILL)
    with pytest.raises(UserError, match=r"survey moving is not ingested: `candlesql ingest .* moving FILE`"):
        match._check(None, sky, MOVING, STILL)
    sky.catalog("moving").touch()
    with pytest.raises(UserError, match="survey still is not ingested"):
        match._check(None, sky, MOVING, STILL)
    sky.catalog("still").touch()
    with pytest.raises(UserError, match="survey blind has no positions to match"):
        match._check(None, sky, MOVING, Survey("blind", "", "", "id", {}))
    looked.clear()
    match._check(None, sky, MOVING, STILL)
    assert looked == ["moving", "still"]


@pytest.mark.parametrize(("rank", "said"), [("separation", "--kind all"), ("errors", "--kind all --rank errors")])
def test_what_is_written_down_of_a_match(sky, monkeypatch, rank, said):
    monkeypatch.setattr(match, "_check", lambda *_: None)
    monkeypatch.setattr(match, "match_query", lambda *given, rank: (given[3:], rank))
    monkeypatch.setattr(match, "write_product", lambda *given, **named: (given, named))
    (_, _, product, query, target, made_by, sources), named = match.match(None, sky, MOVING, STILL, 1.5, "all", rank)
    assert (product, target) == ("match.moving_still", sky.match("moving", "still"))
    assert query == ((1.5, "all"), rank)
    assert made_by == f"match moving still --radius 1.5 {said}"
    assert sources == [sky.catalog("moving"), sky.catalog("still")]
    assert named["if_empty"]().startswith("no row of moving lies within 1.5 arcsec of one of still; do they cover")


def test_the_command(sky, monkeypatch):
    measured = []
    monkeypatch.setattr(match, "existing_sky", lambda path: sky)
    monkeypatch.setattr(match, "writing", lambda path: contextlib.nullcontext("connection"))
    monkeypatch.setattr(match, "load_survey", lambda name, own: SimpleNamespace(name=name))
    monkeypatch.setattr(match, "match", lambda _, __, left, right, *given: given[:3])
    monkeypatch.setattr(
        match, "measure", lambda _, left, right, radius: measured.append((left.name, right.name, radius))
    )
    assert match.match_surveys(sky.root, "a", "b", 2.0, "all") == (2.0, "all", "separation")
    assert measured == []
    assert match.match_surveys(sky.root, "a", "b", 2.0, "outer", "errors", True) == (2.0, "outer", "errors")
    assert measured == [("a", "b", 2.0)]
    with pytest.raises(UserError, match="--kind some: it is one of best, mutual, all, left, anti, outer"):
        match.match_surveys(sky.root, "a", "b", 2.0, "some")
