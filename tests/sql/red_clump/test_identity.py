"""A star is a row of one survey: two tables that number their stars alike stay apart everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from candlesql.commands.run import run_system
from candlesql.sql.open import open_sky
from candlesql.workspace.folder import find_sky

OWN = 'title = "Mine"\ncitation = "mine"\nlike = "wide"\n'
N = 60


@pytest.fixture(scope="module")
def two_tables(mock_sky, new_sky, tmp_path_factory) -> Path:
    """Giants of two tables, numbered from 0 in both: those of `first` are labelled red clump, those of `second` not."""
    folder = tmp_path_factory.mktemp("twins")
    files = {"first": folder / "first.parquet", "second": folder / "second.parquet"}
    with open_sky(mock_sky) as connection:
        for k, (name, file) in enumerate(files.items()):
            (folder / f"{name}.toml").write_text(OWN)
            connection.execute(
                f"""copy (
                    select row_number() over (order by giants.source_id) - 1 as source_id,
                        inputs.* exclude (survey, source_id, g_error_ratio), '{("RC", "RGB")[k]}' as evolutionary_state
                    from red_clump.inputs as inputs inner join red_clump.giants as giants using (survey, source_id)
                    where giants.joint_p_rc is not null and giants.p_rc is not null
                    order by giants.source_id limit {N} offset {k * N}
                ) to '{file}' (format parquet)"""
            )
    sky = new_sky(folder / "sky", files, tuple(folder / f"{name}.toml" for name in files))
    with open_sky(sky, read_only=False) as connection:
        run_system(connection, find_sky(sky), "red_clump")
    return sky


@pytest.mark.parametrize("view", ["training", "evaluation", "binned", "catalogue", "labels", "scores", "baseline"])
def test_every_star_stands_once(two_tables, view):
    with open_sky(two_tables) as connection:
        rows = connection.execute(
            f"select survey, count(*), count(distinct source_id) from red_clump.{view} group by 1"
        )
        assert sorted(rows.fetchall()) == [("first", N, N), ("second", N, N)]


def test_no_star_is_judged_by_the_label_of_its_namesake(two_tables):
    with open_sky(two_tables) as connection:
        for view in ("training", "labels", "evaluation", "ranked"):
            states = connection.execute(f"select distinct survey, is_rc from red_clump.{view} order by 1").fetchall()
            assert states == [("first", True), ("second", False)], view
        judged = connection.execute(
            "select distinct n from (select method, count(*) as n from red_clump.ranked group by method)"
        ).fetchall()
        assert judged == [(2 * N,)]


def test_distances_and_truth_keep_to_their_table(two_tables):
    with open_sky(two_tables) as connection:
        twice = connection.execute(
            "select count(*) from red_clump.catalogue as c inner join red_clump.scores as s using (survey, source_id) "
            "where c.ra <> s.ra or c.p_rc <> s.p_rc"
        ).fetchall()
        assert twice == [(0,)]
        for view in ("distances", "bayesian_distances", "precision"):
            (row,) = connection.execute(
                f"select count(*) - count(distinct (survey, source_id)) from red_clump.{view}"
            ).fetchall()
            assert row == (0,), view


def test_the_same_star_in_two_tables_is_counted_and_said(view):
    stars = """
        select * from (values
            ('first', 1, 10.0, 0.0), ('first', 2, 0.0, 5.0), ('first', 3, 50.0, 5.0), ('first', 4, 50.0, 5.0),
            ('second', 1, 10.0, 0.0002), ('second', 9, 359.9999, 5.0), ('second', 5, 60.0, 80.0),
            ('third', 3, null, null)
        ) as t(survey, source_id, ra, dec)
    """
    view("red_clump.places", **{"red_clump.stars": stars})
    rows = {row["survey"]: row for row in view("red_clump.surveys")}
    assert {name: (row["n"], row["n_elsewhere"]) for name, row in rows.items()} == {"first": (4, 2), "second": (3, 2)}


def test_info_says_that_a_star_in_two_tables_counts_twice(two_tables, candlesql):
    assert "red_clump reads first, second: a star that stands in two of them counts twice" in (
        candlesql("info", two_tables).out
    )
