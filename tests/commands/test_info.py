"""What `info` says of a workspace, line by line, of tables of a few rows."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import duckdb
import pytest
from candlesql.commands import bug, info
from candlesql.sql import files


@pytest.fixture
def connection(empty):
    return empty.execute(
        """create schema candlesql; create schema staging; create schema red_clump;
        create table candlesql.state as select '1.2' as version;
        create table candlesql.runs(product varchar, n_rows bigint, seconds double, made_by varchar, made_at timestamp,
            models varchar, trained_on varchar, version varchar);
        create table candlesql.models(sha256 varchar, trained_on varchar);
        create table candlesql.cuts(name varchar, value varchar);
        create table red_clump.stars(survey varchar);
        create table red_clump.catalogue(reason varchar, tier integer, distance_kpc double);
        create table red_clump.judged(refusal varchar)"""
    )


def test_why_giants_have_no_tier_or_distance(connection):
    assert list(info._refused(connection)) == []
    rows = "('faint', null, null), ('faint', null, 1.5), (null, 2, null), ('rare', null, 2)"
    connection.execute(f"insert into red_clump.catalogue values {rows}, (null, 1, 1)")
    assert list(info._refused(connection)) == [], "there are no scores"
    connection.execute("insert into candlesql.runs(product) values ('red_clump.scores')")
    assert list(info._refused(connection)) == [
        "  red_clump.catalogue: no tier: faint (2), rare (1)",
        "  red_clump.catalogue: no distance: faint (1), no reason said (1)",
    ]
    connection.execute("delete from red_clump.catalogue where tier is null or distance_kpc is null")
    assert list(info._refused(connection)) == []
    connection.execute("insert into red_clump.judged values ('not a giant'), ('too few bands'), ('not a giant'), ('x')")
    assert list(info._refused(connection)) == ["  red_clump.catalogue leaves out: not a giant (2), too few bands (1)"]


def test_stars_of_two_tables_count_twice(connection):
    connection.execute("insert into red_clump.stars values ('b'), ('b')")
    assert list(info._shared_stars(connection)) == []
    connection.execute("insert into red_clump.stars values ('a')")
    (line,) = info._shared_stars(connection)
    assert line.startswith("  red_clump reads a, b: a star that stands in two of them counts twice (red_clump.surveys")


def test_a_catalog_in_a_line(connection):
    connection.execute("create table staging.own(r double, d double)")
    survey = SimpleNamespace(name="own", ra="r", dec="d", has_position=True)
    assert info._catalog_line(connection, survey) == "staging.own: 0 rows without positions"
    connection.execute("insert into staging.own select 10 + range, -5 - range from range(1200)")
    assert info._catalog_line(connection, survey) == (
        "staging.own: 1,200 rows, ra 10.00 to 1209.00, dec -1204.00 to -5.00 deg"
    )
    survey.has_position = False
    assert info._catalog_line(connection, survey) == "staging.own: 1,200 rows"


@pytest.fixture
def sky(tmp_path):
    (tmp_path / "own").touch()
    return SimpleNamespace(root=tmp_path, surveys=tmp_path, models=tmp_path, catalog=lambda name: tmp_path / name)


@pytest.fixture
def described(connection, sky, monkeypatch):
    """The lines of `info`, each after the workspace's."""
    opened = []
    monkeypatch.setattr(info, "existing_sky", lambda path: sky)
    monkeypatch.setattr(
        info, "open_sky", lambda path, trust: opened.append(trust) or contextlib.nullcontext(connection)
    )
    monkeypatch.setattr(info, "survey_files", lambda folder: ["absent", "own"])
    monkeypatch.setattr(info, "load_survey", lambda name, folder: SimpleNamespace(name=name, has_position=False))
    monkeypatch.setattr(info, "fitted_lines", lambda _, system: [f"{system} is fitted"])
    connection.execute("create table staging.own as from range(3)")

    def lines():
        first, *rest = info.describe_sky("sky")
        assert first == f"{sky.root}  (1.2)"
        assert set(opened) == {False}
        return rest

    return lines


def test_a_workspace_line_by_line(connection, described):
    connection.execute(
        """insert into candlesql.runs values
            ('a.scores', 12345, 1.26, 'score a', '2026-01-02 03:04:05', '{"m": "1", "n": "2", "o": "3"}',
             '{"n": "both"}', '1'),
            ('staging.own', 3, 0, 'ingest\nown', '2026-01-01', '{}', null, '1');
        insert into candlesql.models values ('1', 'simulated'), ('2', 'real'), ('3', 'real')"""
    )
    assert described() == [
        "  staging.own: 3 rows",
        "  staging.own: 3 rows in 0.0 s by `ingest own`, 2026-01-01 00:00",
        "  a.scores: 12,345 rows in 1.3 s by `score a`, 2026-01-02 03:04, by m, which was trained on simulated stars, "
        "and by n, which was trained on simulated and real stars",
        "  red_clump is fitted",
        "  distmass is fitted",
        "  all cuts as published",
    ]


def test_cuts_that_are_not_as_published(connection, described):
    published = files.cuts()["max_ruwe"].value
    connection.execute("insert into candlesql.cuts values ('unknown_cut', '7'), ('max_ruwe', '9.9')")
    assert described()[-2:] == [
        f"  cut max_ruwe = 9.9, published {published}",
        "  cut unknown_cut = 7, unknown here",
    ]


def test_a_bug_report_line_by_line(connection, sky, monkeypatch, tmp_path):
    ours, shipped = SimpleNamespace(parents=[tmp_path]), SimpleNamespace(parents=[])
    models = [
        SimpleNamespace(name="own", path=ours, metadata={"trained_on": "real"}, sha256="0123456789abcdef"),
        SimpleNamespace(name="theirs", path=shipped, metadata={}, sha256="fedcba9876543210"),
    ]
    monkeypatch.setattr(bug, "existing_sky", lambda path: sky)
    monkeypatch.setattr(bug, "open_sky", lambda path: contextlib.nullcontext(connection))
    monkeypatch.setattr(bug, "every_model", lambda folder: models)
    _, versions, *lines = bug.describe_bug(tmp_path)
    assert f"duckdb {duckdb.__version__}, " in versions
    assert bug._version("no-such-package") == "not installed"
    assert lines == [
        "workspace of candlesql 1.2",
        "cuts: as published",
        "made: nothing",
        "model own: workspace, real, 0123456789ab",
        "model theirs: shipped, unknown, fedcba987654",
    ]
    published = files.cuts()["max_ruwe"].value
    connection.execute("insert into candlesql.cuts values ('max_ruwe', '9.9')")
    connection.execute(
        """insert into candlesql.runs(product, version, made_at)
            values ('b', '2', '2026-01-02'), ('a', '1', '2026-01-01')"""
    )
    assert list(bug.describe_bug(tmp_path))[3:5] == [
        f"cuts: max_ruwe = 9.9 (published {published})",
        "made: a (1), b (2)",
    ]
