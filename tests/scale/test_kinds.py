"""How a view can be made from partitions, read from its text: expected by what its rows are."""

from __future__ import annotations

import duckdb
import pytest

pytest.importorskip("distributed", reason="needs the extra `scale`")

from candlesql.errors import UserError
from candlesql.scale.kinds import Kind, kinds_of_views, views
from candlesql.scale.stages import stages_of, wanted_of
from candlesql.scale.sums import query_of_part, query_of_sum

SYSTEMS = ("red_clump", "photometry", "distmass", "parallax")
STARS = "select survey, source_id, ra from staging.gaia"
TWOMASS = "match.gaia_dr2_twomass as pairs"

QUERIES = {
    # maps and filters
    STARS: "stars",
    f"{STARS} where ra > 10 order by ra": "stars",
    f"{STARS} limit 5": "whole",
    "select distinct survey, source_id from staging.gaia": "stars",
    "select distinct survey from staging.gaia": "whole",
    "select unnest([1, 2]) as tier": "fixed",
    "select * from staging.parsec": "fixed",
    "from staging.twomass": "lookup",
    # numbers by cell
    "select survey, count(*) as n from staging.gaia group by survey": "sum",
    "select floor(ra) as c, count(*) filter (where dec > 0) as n, 1 - n / 2 as x from staging.gaia group by all": "sum",
    "select floor(ra) as cell, min(dec) as low, max(dec) as high from staging.gaia group by floor(ra)": "sum",
    "select count(*) as n from staging.gaia group by floor(ra)": "sum",
    "select survey, count(distinct ra) as n from staging.gaia group by survey": "whole",
    "select survey, avg(ra) as x from staging.gaia group by survey": "whole",
    "select survey, stats.robust_scatter(ra) as x from staging.gaia group by survey": "whole",
    "select survey, count(*) as n from staging.gaia group by survey having count(*) > 2": "whole",
    "select count(*) / sum(ra) as x from staging.gaia": "whole",
    "select count(*) as n from staging.twomass": "whole",
    "select survey, count(*) as n from staging.gaia group by grouping sets ((survey), ())": "whole",
    "select survey, source_id, avg(ra) as x from staging.gaia group by survey, source_id": "stars",
    "with cells as (select survey, count(*) as n from staging.gaia group by survey) select max(n) from cells": "whole",
    # windows
    "select source_id, row_number() over (partition by survey, source_id order by ra) as k from staging.gaia": "stars",
    "select source_id, row_number() over (partition by survey order by ra) as k from staging.gaia": "whole",
    "select source_id, sum(ra) over () as x from staging.gaia": "whole",
    # joins
    "select * from staging.gaia inner join quality.gaia using (survey, source_id)": "stars",
    "select * from staging.gaia full join quality.gaia using (survey, source_id)": "stars",
    "select * from staging.gaia inner join quality.gaia using (survey)": "whole",
    "select * from staging.gaia as a inner join staging.gaia as b on a.source_id = b.source_id + 1": "whole",
    f"select * from {TWOMASS} inner join staging.twomass using (designation)": "stars",
    f"select * from {TWOMASS} left join staging.twomass as t on pairs.designation = t.designation": "stars",
    f"select * from {TWOMASS} right join staging.twomass using (designation)": "whole",
    f"select * from {TWOMASS} inner join staging.twomass as t on pairs.separation_arcsec > t.ra": "whole",
    "select * from match.gaia_dr2_twomass as a inner join match.gaia_dr3_twomass as b using (source_id)": "whole",
    "select * from staging.gaia left join staging.reddening using (source_id)": "stars",
    "select * from staging.reddening left join staging.gaia using (source_id)": "whole",
    "select * from staging.reddening inner join staging.gaia using (source_id)": "stars",
    "select * from staging.gaia where source_id in (select source_id from staging.reddening)": "stars",
    "select * from staging.gaia where ra > (select avg(ra) from staging.gaia)": "whole",
    # unions
    f"{STARS} union all by name {STARS}": "stars",
    f"{STARS} union select survey, source_id, dec from staging.gaia": "stars",
    "select ra from staging.gaia union select dec from staging.gaia": "whole",
    f"{STARS} union all by name select 'x' as survey, 1 as source_id": "lookup",
    f"{STARS} except {STARS}": "whole",
    "with a as (select source_id from staging.gaia) select * from a join staging.gaia using (source_id)": "whole",
    "with recursive a as (select source_id, survey, 1 as k from staging.gaia union all "
    "select source_id, survey, k + 1 from a where k < 3) select * from a": "stars",
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_is_of_the_kind_that_its_rows_are(query):
    assert kinds_of_views("photometry").of_query(query).kind == QUERIES[query]


@pytest.mark.parametrize(
    ("system", "tables"),
    {
        "red_clump": ("gaia_dr2", "gaia_dr3", "gaia_dr4"),
        "photometry": ("gaia_dr2", "gaia_dr3", "gaia_dr4", "green2020"),
        "distmass": ("apogee_dr17", "kepler_apogee", "cn_labels"),
        "parallax": ("apogee_gaia",),
    }.items(),
)
def test_tables_of_stars_are_those_that_identifiers_come_from(system, tables):
    assert kinds_of_views(system).star_tables == tables


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_written_down_of_a_system_is_of_the_right_kind(system):
    kinds, wanted = kinds_of_views(system), wanted_of(system)
    assert {kinds[view] for view in wanted.whole} <= {Kind.SUM, Kind.WHOLE}
    stars = [*wanted.rows, *wanted.kept, *([wanted.places.view] if wanted.places else [])]
    assert {kinds[view] for view in stars} == {Kind.STARS}
    assert {*wanted.whole, *stars} <= views().keys()


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_view_of_the_whole_sky_is_made_once_and_after_what_it_needs(system):
    kinds, made, gathered = kinds_of_views(system), [], set()
    for stage in stages_of(system):
        for view in [*stage.rows, *stage.sums]:
            assert all(need in made for need in kinds.needs(view) if kinds[need] in (Kind.SUM, Kind.WHOLE))
        gathered |= {*stage.rows}
        made += stage.sums
        for view in stage.whole:
            for need in _leaves(kinds, view, {*made, *gathered}):
                assert kinds[need] is Kind.FIXED, f"{view} reads {need}"
            made.append(view)
    assert len(made) == len({*made})
    assert {*wanted_of(system).whole} <= {*made}
    assert sum(stage.has_catalogue for stage in stages_of(system)) == 1


def _leaves(kinds, view: str, there: set[str]) -> set[str]:
    """What a view rests on that is neither there nor made of other views."""
    found: set[str] = set()
    for need in kinds.needs(view):
        if need not in there:
            found |= _leaves(kinds, need, there) if need in views() else {need}
    return found


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_scores_of_all_stars_are_never_gathered(system):
    """They stay in the tiles' own files, which have the name that the rows of such a view would take."""
    assert f"{system}.scores" not in [view for stage in stages_of(system) for view in stage.rows]


def test_rows_in_no_partition_are_refused():
    with pytest.raises(UserError, match=r"photometry\.band_funnel: made of rows that lie in no partition"):
        stages_of("photometry", ("photometry.band_funnel",), ())


def test_parts_are_put_together_as_by_hand(monkeypatch, tmp_path):
    """Two parts of 5 rows; `place` is grouped by and not shown: two cells have one name."""
    text = """
        with doubled as (select *, 2 * x as y from source)
        select name, count(*) as n, sum(y)::bigint as total, min(x) as low, total / n as mean
        from doubled where x < 100 group by name, place order by place"""
    item = next(iter(views().values()))
    monkeypatch.setitem(views(), "a.view", type(item)("a.view", text, "", item.path, False))
    rows = ["('a', 1, 1), ('a', 1, 3), ('a', 2, 5)", "('a', 1, 7), ('b', 3, 9), ('b', 3, 100)"]
    parts = []
    with duckdb.connect() as connection:
        for number, values in enumerate(rows):
            connection.execute(f"create or replace table source as from (values {values}) as t(name, place, x)")
            parts.append(tmp_path / f"{number}.parquet")
            connection.execute(f"copy ({query_of_part('a.view')}) to '{parts[-1]}'")
        made = connection.execute(query_of_sum(connection, "a.view", parts))
        assert [column[0] for column in made.description] == ["name", "n", "total", "low", "mean"]
        assert made.fetchall() == [("a", 1, 10, 5, 10.0), ("a", 3, 22, 1, 22 / 3), ("b", 1, 18, 9, 18.0)]
