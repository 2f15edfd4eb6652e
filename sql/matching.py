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
from .workspace import Sky, find_sky, open_sky

Kind = Literal["best", "mutual", "all"]
MAS = math.radians(1 / 3.6e6)
CUBES = 6
CELL = 1e-4


def match_surveys(path: Path, left: str, right: str, radius_arcsec: float, kind: str) -> int:
    """`candlesql match`: the number of pairs."""
    if kind not in get_args(Kind):
        raise UserError(f"--kind {kind}: it is one of {', '.join(get_args(Kind))}")
    sky = find_sky(path)
    left_survey, right_survey = load_survey(left, sky.surveys), load_survey(right, sky.surveys)
    with open_sky(path, read_only=False) as connection:
        return match(connection, sky, left_survey, right_survey, radius_arcsec, cast(Kind, kind), run_with_bar("matching"))


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

    Raises
    ------
    UserError
        If a survey is not ingested or has no positions, or nothing matches.
    """
    for survey in (left, right):
        if not survey.has_position:
            raise UserError(f"survey {survey.name} has no positions to match")
        if not sky.catalog(survey.name).exists():
            raise UserError(f"survey {survey.name} is not ingested: `candlesql ingest {sky.root} {survey.name} FILE`")
    if not 0 < radius_arcsec <= 600:
        raise UserError(f"--radius {radius_arcsec:g}: must lie between 0 and 600 arcsec")
    left_moves = bool(left.pmra) or not right.pmra
    moving, standing = (left, right) if left_moves else (right, left)
    _stage(connection, "moving_stars", moving)
    _stage(connection, "standing_stars", standing)
    mid, half, fastest = _epochs(connection)
    reach = radius_arcsec * 1000 * MAS + fastest * MAS * half * 1.001 + 1e-8
    cell = max(CELL, 2.01 * reach / CUBES)
    pairs = (
        f"sphere.pairs('moving_stars', 'standing_stars', {radius_arcsec!r}::double, {mid!r}::double, "
        f"{half!r}::double, {cell!r}::double)"
    )
    sides = ("moving_id", "standing_id") if left_moves else ("standing_id", "moving_id")
    rows = write_product(
        connection,
        sky,
        f"match.{left.name}_{right.name}",
        _query(pairs, sides, left, right, kind),
        sky.match(left.name, right.name),
        f"match {left.name} {right.name} --radius {radius_arcsec:g} --kind {kind}",
        [sky.catalog(left.name), sky.catalog(right.name)],
        run=run,
    )
    if not rows:
        raise UserError(
            f"no row of {left.name} lies within {radius_arcsec:g} arcsec of one of {right.name}; do they cover the same "
            "sky, in degrees? (`candlesql info` shows the ranges)"
        )
    return rows


def _stage(connection: duckdb.DuckDBPyConnection, name: str, survey: Survey) -> None:
    """A temporary view with the columns that the crossmatch macros want."""
    motion = f'"{survey.pmra}"' if survey.pmra else "0::double"
    motion_dec = f'"{survey.pmdec}"' if survey.pmdec else "0::double"
    connection.execute(
        f'create or replace temp view {name} as select "{survey.id}" as id, "{survey.ra}" as ra, '
        f'"{survey.dec}" as "dec", {motion} as pmra, {motion_dec} as pmdec, epoch_yr '
        f'from staging.{survey.name} where "{survey.ra}" is not null and "{survey.dec}" is not null'
    )


def _epochs(connection: duckdb.DuckDBPyConnection) -> tuple[float, float, float]:
    """Mid epoch and half range [yr] of the standing stars, and the fastest proper motion [mas/yr]."""
    low, high = first_row(connection, "select min(epoch_yr), max(epoch_yr) from standing_stars")
    (fastest,) = first_row(connection, "select max(stats.hypot(pmra, pmdec)) from moving_stars")
    return (low + high) / 2, (high - low) / 2, fastest or 0.0


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
