"""Writes match tables: each star of one survey and its neighbours in another, both at the other's epoch."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal, cast, get_args

import duckdb

from ..catalogs.survey import Survey, load_survey
from ..errors import UserError
from .products import Run, execute, write_product
from .progress import run_with_bar
from .query import first_row
from .views import match_columns
from .workspace import Sky, existing_sky, open_sky

Kind = Literal["best", "mutual", "all"]
MAX_RADIUS_ARCSEC = 600
MAS = math.radians(1 / 3.6e6)
#: Edge of the cubes [rad] unless a star searches further; between 5e-5 and 1.5e-4 the speed is the same.
CELL = 1e-4
#: The widest search ball spans this many edges, the most that `sphere.moving_in_cubes` makes copies for.
CELLS_ACROSS = 6


#: What the sky is shifted by to see how many pairs chance makes, in search radii, but not less than an arcminute.
SHIFT_RADII, MIN_SHIFT_ARCSEC = 20, 60
SEPARATION_BINS = 20


def match_surveys(
    path: Path, left: str, right: str, radius_arcsec: float, kind: str, with_statistics: bool = False
) -> int:
    """`candlesql match`: the number of pairs."""
    if kind not in get_args(Kind):
        raise UserError(f"--kind {kind}: it is one of {', '.join(get_args(Kind))}")
    sky = existing_sky(path)
    left_survey, right_survey = (load_survey(name, sky.surveys) for name in (left, right))
    with open_sky(path, read_only=False) as connection:
        rows = match(
            connection, sky, left_survey, right_survey, radius_arcsec, cast(Kind, kind), run_with_bar("matching")
        )
        if with_statistics:
            measure(connection, left_survey, right_survey, radius_arcsec)
        return rows


def measure(connection: duckdb.DuckDBPyConnection, left: Survey, right: Survey, radius_arcsec: float) -> None:
    """Count pairs of two surveys by separation, and those that chance makes, into `candlesql.match_statistics`.

    A row is a bin of separation: all pairs in it, those with the moving survey shifted by twenty radii toward the
    equator, and the rows of the left survey. What pairs there are beyond the shifted ones are counterparts.
    """
    moving, standing = (left, right) if bool(left.pmra) or not right.pmra else (right, left)
    shift = max(MIN_SHIFT_ARCSEC, SHIFT_RADII * radius_arcsec) / 3600
    shifted = f'select * replace ("dec" - if("dec" > 0, {shift!r}, -{shift!r}) as "dec") from ({_staged(moving)})'
    connection.execute(
        """create table if not exists candlesql.match_statistics("left" varchar, "right" varchar,
            low_arcsec double, high_arcsec double, n_pairs bigint, n_random bigint, n_left bigint)"""
    )
    counts = []
    for query in (_staged(moving), shifted):
        pairs = pairs_sql(connection, query, _staged(standing), radius_arcsec)
        width = radius_arcsec / SEPARATION_BINS
        found = connection.execute(
            f"select least(floor(sphere.chord_in_arcsec(chord_squared) / {width!r}::double), {SEPARATION_BINS - 1})"
            f"::integer as bin, count(*) from {pairs} group by bin"
        ).fetchall()
        counts.append(dict(found))
    (n_left,) = first_row(connection, f"select count(*) from staging.{left.name}")
    connection.begin()
    connection.execute(
        'delete from candlesql.match_statistics where "left" = ? and "right" = ?', [left.name, right.name]
    )
    connection.executemany(
        "insert into candlesql.match_statistics values (?, ?, ?, ?, ?, ?, ?)",
        [
            [left.name, right.name, k * width, (k + 1) * width, counts[0].get(k, 0), counts[1].get(k, 0), n_left]
            for k in range(SEPARATION_BINS)
        ],
    )
    connection.commit()


def match(
    connection: duckdb.DuckDBPyConnection,
    sky: Sky,
    left: Survey,
    right: Survey,
    radius_arcsec: float = 1.0,
    kind: Kind = "best",
    run: Run = execute,
) -> int:
    """Match two ingested surveys and write `match.<left>_<right>`; returns the number of pairs.

    The survey with proper motions is moved to each row's epoch of the other; where both have them the left one moves.
    "best" gives each left row its nearest right one, "mutual" the pairs that are nearest to each other, "all" every
    pair. Of two at the same distance the lower identifier is the nearest.

    Raises
    ------
    UserError
        If a survey is not ingested or has no positions, or nothing matches; a match from before then stays.
    """
    _check(sky, left, right)
    left_moves = bool(left.pmra) or not right.pmra
    moving, standing = (left, right) if left_moves else (right, left)
    pairs = pairs_sql(connection, _staged(moving), _staged(standing), radius_arcsec)
    sides = ("moving_id", "standing_id") if left_moves else ("standing_id", "moving_id")
    return write_product(
        connection,
        sky,
        f"match.{left.name}_{right.name}",
        _query(pairs, sides, left, right, kind),
        sky.match(left.name, right.name),
        f"match {left.name} {right.name} --radius {radius_arcsec:g} --kind {kind}",
        [sky.catalog(left.name), sky.catalog(right.name)],
        run=run,
        if_empty=lambda: (
            f"no row of {left.name} lies within {radius_arcsec:g} arcsec of one of {right.name}; do they cover the "
            "same sky, in degrees? (`candlesql info` shows the ranges)"
        ),
    )


def _check(sky: Sky, left: Survey, right: Survey) -> None:
    if left.name == right.name:
        raise UserError(f"LEFT and RIGHT are both {left.name}; a match is between two surveys")
    for survey in (left, right):
        if not survey.has_position:
            raise UserError(f"survey {survey.name} has no positions to match")
        if not sky.catalog(survey.name).exists():
            raise UserError(f"survey {survey.name} is not ingested: `candlesql ingest {sky.root} {survey.name} FILE`")


def pairs_sql(connection: duckdb.DuckDBPyConnection, moving: str, standing: str, radius_arcsec: float) -> str:
    """What goes after FROM to get `(moving_id, standing_id, chord_squared)` of every pair within the radius.

    Parameters
    ----------
    moving, standing
        Queries with columns id, ra, dec [deg], epoch_yr, and for the moving one pmra (times cos dec), pmdec [mas/yr].
        Rows without a position are left out; those without an epoch get the mean one.

    Raises
    ------
    UserError
        If the radius is not between 0 and 600 arcsec.
    """
    if not 0 < radius_arcsec <= MAX_RADIUS_ARCSEC:
        raise UserError(f"--radius {radius_arcsec:g}: must lie between 0 and {MAX_RADIUS_ARCSEC} arcsec")
    for name, query in (("moving_stars", moving), ("standing_stars", standing)):
        (mean,) = first_row(connection, f"select coalesce(avg(epoch_yr), 2000.0)::double from ({query})")
        connection.execute(
            f"create or replace temp view {name} as "
            f"select * replace (coalesce(epoch_yr, {mean!r}::double) as epoch_yr) from ({query}) "
            'where isfinite(ra) and isfinite("dec")'
        )
    mid, half, cell = _grid(connection, radius_arcsec)
    return (
        f"sphere.pairs('moving_stars', 'standing_stars', {radius_arcsec!r}::double, {mid!r}::double, "
        f"{half!r}::double, {cell!r}::double)"
    )


def _grid(connection: duckdb.DuckDBPyConnection, radius_arcsec: float) -> tuple[float, float, float]:
    """Mid epoch and half range [yr] of the standing stars, and an edge [rad] that fits the farthest-reaching star."""
    low, high = first_row(connection, "select min(epoch_yr), max(epoch_yr) from standing_stars")
    if low is None:
        return 2000.0, 0.0, CELL
    mid, half = (low + high) / 2, (high - low) / 2
    fastest, longest = first_row(
        connection,
        f"select max(stats.hypot(pmra, pmdec)), max(abs(epoch_yr - {mid!r}::double)) from moving_stars",
    )
    speed = (fastest or 0.0) * MAS
    curved = 0.5 * (speed * ((longest or 0.0) + half)) ** 2
    reach = radius_arcsec * 1000 * MAS + speed * half + curved + 1e-8
    return mid, half, max(CELL, 2.01 * reach / CELLS_ACROSS)


def _staged(survey: Survey) -> str:
    """A survey's rows as the crossmatch wants them."""
    motion = [f'"{name}"::double' if name else "0::double" for name in (survey.pmra, survey.pmdec)]
    return (
        f'select "{survey.id}" as id, "{survey.ra}"::double as ra, "{survey.dec}"::double as "dec", '
        f"{motion[0]} as pmra, {motion[1]} as pmdec, epoch_yr from staging.{survey.name}"
    )


def _query(pairs: str, sides: tuple[str, str], left: Survey, right: Survey, kind: Kind) -> str:
    left_id, right_id = (f'"{name}"' for name in list(match_columns(left, right))[:2])
    a, b = sides
    columns = f"{a} as {left_id}, {b} as {right_id}, sphere.chord_in_arcsec(chord_squared) as separation_arcsec"
    counted = f"count(*) over (partition by {a}) as n_neighbours"
    if kind == "best":
        return (
            f"select {a} as {left_id}, arg_min({b}, (chord_squared, {b})) as {right_id}, "
            f"sphere.chord_in_arcsec(min(chord_squared)) as separation_arcsec, count(*) as n_neighbours "
            f"from {pairs} group by {a}"
        )
    if kind == "mutual":
        return (
            f"select {columns}, {counted} from {pairs} "
            f"qualify row_number() over (partition by {a} order by chord_squared, {b}) = 1 "
            f"and row_number() over (partition by {b} order by chord_squared, {a}) = 1"
        )
    return f"select {columns}, {counted} from {pairs}"
