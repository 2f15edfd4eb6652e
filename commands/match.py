"""Writes match tables: each star of one survey and its neighbours in another, both at the other's epoch."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Literal, cast, get_args

import duckdb

from ..catalogs.survey import Survey, load_survey
from ..errors import NotIngested, UserError
from ..sql.damage import refuse_damaged
from ..sql.open import writing
from ..sql.place import write_product
from ..sql.systems import system_steps
from ..sql.views import match_columns
from ..workspace.folder import Sky, existing_sky
from ..workspace.ledger import Run, execute, is_fresh
from ..workspace.progress import run_with_bar
from ..workspace.query import all_or_nothing, first_row
from .steps.neighbours import Rank, neighbours_sql, shifted, sides
from .steps.pairs import Epochs, epochs_of, pairs_sql, staged

__all__ = ["Epochs", "Kind", "epochs_of", "match", "match_query", "match_surveys", "moves", "pairs_sql", "staged"]


Kind = Literal["best", "mutual", "all", "left", "anti", "outer"]


SEPARATION_BINS = 20


def match_surveys(
    path: Path,
    left: str,
    right: str,
    radius_arcsec: float,
    kind: str,
    rank: str = "separation",
    with_statistics: bool = False,
) -> int:
    """`candlesql match`: the number of pairs."""
    for option, value, known in (("kind", kind, get_args(Kind)), ("rank", rank, get_args(Rank))):
        if value not in known:
            raise UserError(f"--{option} {value}: it is one of {', '.join(known)}")
    sky = existing_sky(path)
    left_survey, right_survey = (load_survey(name, sky.surveys) for name in (left, right))
    with writing(path) as connection:
        rows = match(
            connection,
            sky,
            left_survey,
            right_survey,
            radius_arcsec,
            cast(Kind, kind),
            cast(Rank, rank),
            run_with_bar("matching"),
        )
        if with_statistics:
            measure(connection, left_survey, right_survey, radius_arcsec)
        return rows


def measure(connection: duckdb.DuckDBPyConnection, left: Survey, right: Survey, radius_arcsec: float) -> None:
    """Count pairs of two surveys by separation, and those that chance makes, for the view `match.statistics`.

    A row is a bin of separation: all pairs in it, those with the moving survey shifted by twenty radii toward the
    equator, and the rows of the left survey. What pairs there are beyond the shifted ones are counterparts.
    """
    moving, standing = (left, right) if moves(left, right) else (right, left)
    counts = []
    for query in (staged(moving), shifted(staged(moving), radius_arcsec)):
        pairs = pairs_sql(connection, query, staged(standing), radius_arcsec)
        connection.execute(f"create or replace temp view counted_pairs as from {pairs}")
        found = connection.execute(
            f"from sphere.separation_counts('counted_pairs', {radius_arcsec!r}::double, {SEPARATION_BINS})"
        ).fetchall()
        counts.append(dict(found))
    (n_left,) = first_row(connection, f"select count(*) from staging.{left.name}")
    width = radius_arcsec / SEPARATION_BINS
    with all_or_nothing(connection):
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


def match(
    connection: duckdb.DuckDBPyConnection,
    sky: Sky,
    left: Survey,
    right: Survey,
    radius_arcsec: float = 1.0,
    kind: Kind = "best",
    rank: Rank = "separation",
    run: Run = execute,
) -> int:
    """Match two ingested surveys and write `match.<left>_<right>`; returns the number of pairs.

    The survey with proper motions is moved to each row's epoch of the other; where both have them the left one moves.
    Where it has parallaxes and radial velocities, stars nearer than 100 pc are moved by those too.

    Parameters
    ----------
    kind
        "best" gives each left row its best right one, "mutual" the pairs that are best for each other, "all" every
        pair, "left" what "best" does and a row without neighbour for every other left row, "anti" those rows alone,
        "outer" what "left" does and a row for every right one that is nobody's best neighbour.
    rank
        The best of several neighbours is the nearest; or the likeliest by the "errors" of both positions; or by these
        and the difference in "magnitude". Of two as good as each other it is the one with the lower identifier.

    Raises
    ------
    UserError
        If a survey is not ingested or has no positions, or nothing matches; a match from before then stays.
    """
    _check(connection, sky, left, right)
    return write_product(
        connection,
        sky,
        f"match.{left.name}_{right.name}",
        match_query(connection, left, right, radius_arcsec, kind, rank=rank),
        sky.match(left.name, right.name),
        f"match {left.name} {right.name} --radius {radius_arcsec:g} --kind {kind}"
        + (f" --rank {rank}" if rank != "separation" else ""),
        [sky.catalog(left.name), sky.catalog(right.name)],
        run=run,
        if_empty=lambda: (
            f"no row of {left.name} lies within {radius_arcsec:g} arcsec of one of {right.name}; do they cover the "
            "same sky, in degrees? (`candlesql info` shows the ranges)"
        ),
    )


def moves(left: Survey, right: Survey) -> bool:
    """Whether it is the left one of two surveys whose stars are moved to the epochs of the other."""
    return bool(left.pmra) or not right.pmra


def _check(connection: duckdb.DuckDBPyConnection, sky: Sky, left: Survey, right: Survey) -> None:
    if left.name == right.name:
        raise UserError(f"LEFT and RIGHT are both {left.name}; a match is between two surveys")
    for survey in (left, right):
        if not survey.has_position:
            raise UserError(f"survey {survey.name} has no positions to match")
        if not sky.catalog(survey.name).exists():
            way_out = f"`candlesql ingest {sky.root} {survey.name} FILE`"
            raise NotIngested(f"survey {survey.name} is not ingested: {way_out}", value=survey.name)
        refuse_damaged(connection, sky, survey.name)


def match_query(
    connection: duckdb.DuckDBPyConnection,
    left: Survey,
    right: Survey,
    radius_arcsec: float,
    kind: Kind,
    epochs: tuple[Epochs, Epochs] | None = None,
    rank: Rank = "separation",
) -> str:
    """The rows of `match.<left>_<right>`; `epochs` of the two as `pairs_sql` takes them."""
    left_moves = moves(left, right)
    moving, standing = (left, right) if left_moves else (right, left)
    known = epochs if left_moves or epochs is None else (epochs[1], epochs[0])
    both = sides(connection, moving, standing, rank, radius_arcsec, known)
    pairs = neighbours_sql(connection, both, radius_arcsec, rank)
    left_id, right_id = list(match_columns(left, right))[:2]
    a, b = ("moving_id", "standing_id") if left_moves else ("standing_id", "moving_id")
    connection.execute(
        f"create or replace temp view match_pairs as "
        f"select {a} as left_id, {b} as right_id, chord_squared, badness from {pairs}"
    )
    for view, survey in (("match_left", left), ("match_right", right)):
        connection.execute(
            f'create or replace temp view {view} as select "{survey.id}" as id from staging.{survey.name}'
        )
    rows = {"left": "'match_left', ", "anti": "'match_left', ", "outer": "'match_left', 'match_right', "}.get(kind, "")
    return (
        f'select left_id as "{left_id}", right_id as "{right_id}", separation_arcsec, n_neighbours '
        f"from sphere.{kind}_neighbours({rows}'match_pairs')"
    )


def match_all(connection: duckdb.DuckDBPyConnection, sky: Sky, system: str, run: Run = execute) -> dict[str, int]:
    """Match each of the system's base surveys with each ingested neighbour whose match is missing or stale."""
    steps = system_steps(system)
    made = {}
    for base, name in itertools.product(steps.bases, steps.neighbours):
        files = [sky.catalog(base), sky.catalog(name)]
        if not all(file.exists() for file in files):
            continue
        product = f"match.{base}_{name}"
        if not is_fresh(connection, product, files) or not sky.match_files(base, name):
            left, right = load_survey(base, sky.surveys), load_survey(name, sky.surveys)
            made[product] = match(connection, sky, left, right, run=run)
    return made
