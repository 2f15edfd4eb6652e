"""What a user cannot see of the tables of a red clump run: parallaxes, places, states, and stars that judge nothing."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

#: Why scored stars are not in the catalogue, and how many.
LEFT_OUT = """
    select refusal, count(*) from red_clump.judged where refusal in ('too few bands', 'not a giant', 'outside the hull')
    group by refusal order by all
"""
#: No parallax of Gaia is as precise as this [mas]; as of many stars, it is in another unit.
LEAST_PARALLAX_ERROR = 0.003
#: Galactic latitudes agree with those of ra and dec to this [deg], whatever the epoch.
SAME_PLACE = 0.1


def notes(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """A line for each table and thing to say."""
    yield from _parallaxes(connection)
    yield from _places(connection)
    yield from _states(connection)
    yield from _labels_to_judge_by(connection)


def left_out(connection: duckdb.DuckDBPyConnection) -> str:
    """Why scored stars are not in the red clump catalogue, with how many; nothing if all are."""
    rows = connection.execute(LEFT_OUT).fetchall()
    return ", ".join(f"{refusal} ({n:,})" for refusal, n in rows)


def _parallaxes(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Wide tables whose parallaxes nobody has said the zero point of, or that cannot be in mas."""
    query = """
        select wide_survey, count(parallax), count(parallax_zero_point), median(parallax_error) from staging.wide_stars
        group by all having count(parallax) > 0 order by all
    """
    for survey, n, n_zero_points, error in connection.execute(query).fetchall():
        if not n_zero_points:
            yield (
                f"note: {survey}: its {n:,} parallaxes are taken as they are, for it has no parallax_zero_point (Gaia "
                "DR2 reads about -0.05 mas at infinity, DR3 -0.02); docs/own-table.md says how to give one"
            )
        if error is not None and error < LEAST_PARALLAX_ERROR:
            yield (
                f"warning: {survey}: half of its parallax errors are below {float(error):.2g} mas, which no survey "
                "reaches; are they and the parallaxes in mas?"
            )


def _places(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Wide tables whose l and b are not those of their ra and dec."""
    query = """
        select wide_survey, count(*) from staging.wide_stars
        where abs(b - sphere.galactic_latitude(ra, "dec")) > ? group by all order by all
    """
    for survey, n in connection.execute(query, [SAME_PLACE]).fetchall():
        yield f"warning: {survey}: l and b of {n:,} stars are not those of their ra and dec, which are taken instead"


def _states(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Tables with states that are no known words."""
    query = """
        with states as (
            select wide_survey as survey, evolutionary_state as word from staging.wide_stars
            union all
            select 'seismology', evolutionary_state from staging.seismology
        )
        select survey, count(*), mode(word) from states
        where trim(word) <> '' and red_clump.state_of(word) is null group by all order by all
    """
    for survey, n, word in connection.execute(query).fetchall():
        yield (
            f"warning: {survey}: {n:,} values of evolutionary_state are no state that is known ({word!r:.40} is one): "
            "they are no labels; write RC, RGB or AGB"
        )


def _labels_to_judge_by(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Label tables with stars that are none to judge by."""
    query = """
        select labels.label_table, count(*), count(held_out.source_id)
        from red_clump.labels as labels left join red_clump.held_out as held_out using (survey, source_id)
        where labels.is_rc is not null group by all having count(held_out.source_id) < count(*) order by all
    """
    for table, n, n_left in connection.execute(query).fetchall():
        yield (
            f"note: {table}: {n_left:,} of {n:,} stars with a state are left to judge by (red_clump.roc, calibration); "
            "from the others the network learnt, or they have no position that tells"
        )
