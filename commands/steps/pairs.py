"""Pairs of stars on the sky: two queries through the crossmatch macros."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from ...catalogs.survey import Survey
from ...errors import UserError
from ...udfs.names import identifier
from ...workspace.query import first_row

MAX_RADIUS_ARCSEC = 600
MAS = math.radians(1 / 3.6e6)
#: Edge of the cubes [rad] unless a star searches further; between 5e-5 and 1.5e-4 the speed is the same.
CELL = 1e-4
#: The widest search ball spans this many edges, the most that `sphere.moving_in_cubes` makes copies for.
CELLS_ACROSS = 6


@dataclass(frozen=True)
class Epochs:
    """Mean, first and last epoch [yr] of a survey's rows; the ends are None where there are none."""

    mean: float
    first: float | None
    last: float | None


def epochs_of(connection: duckdb.DuckDBPyConnection, query: str) -> Epochs:
    """The epochs of a query with the column epoch_yr."""
    return Epochs(
        *first_row(
            connection, f"select coalesce(avg(epoch_yr), 2000.0)::double, min(epoch_yr), max(epoch_yr) from ({query})"
        )
    )


def pairs_sql(
    connection: duckdb.DuckDBPyConnection,
    moving: str,
    standing: str,
    radius_arcsec: float,
    epochs: tuple[Epochs, Epochs] | None = None,
    prefix: str = "",
) -> str:
    """What goes after FROM to get `(moving_id, standing_id, chord_squared)` of every pair within the radius.

    Parameters
    ----------
    moving, standing
        Queries with columns id, ra, dec [deg], epoch_yr, and for the moving one pmra (times cos dec), pmdec [mas/yr].
        Rows without a position are left out; those without an epoch get the mean one.
    epochs
        Of both, where their rows are only a part of the sky's: a part is then matched as it is within the whole.
    prefix
        Of the temporary views; two calls with different ones stand side by side.

    Raises
    ------
    UserError
        If the radius is not between 0 and 600 arcsec.
    """
    if not 0 < radius_arcsec <= MAX_RADIUS_ARCSEC:
        raise UserError(f"--radius {radius_arcsec:g}: must lie between 0 and {MAX_RADIUS_ARCSEC} arcsec")
    known = epochs or (epochs_of(connection, moving), epochs_of(connection, standing))
    moving_view, standing_view = f"{prefix}moving_stars", f"{prefix}standing_stars"
    for name, query, epoch in zip((moving_view, standing_view), (moving, standing), known, strict=True):
        connection.execute(
            f"create or replace temp view {name} as "
            f"select * replace (coalesce(epoch_yr, {epoch.mean!r}::double) as epoch_yr) from ({query}) "
            'where isfinite(ra) and isfinite("dec")'
        )
    mid, half, cell = _grid(connection, moving_view, known[1], radius_arcsec)
    return (
        f"sphere.pairs('{moving_view}', '{standing_view}', {radius_arcsec!r}::double, {mid!r}::double, "
        f"{half!r}::double, {cell!r}::double)"
    )


def _grid(
    connection: duckdb.DuckDBPyConnection, moving: str, standing: Epochs, radius_arcsec: float
) -> tuple[float, float, float]:
    """Mid epoch and half range [yr] of the standing stars, and an edge [rad] that fits the farthest-reaching star."""
    first, last = standing.first or standing.mean, standing.last or standing.mean
    mid, half = (first + last) / 2, (last - first) / 2
    fastest, longest = first_row(
        connection,
        f"select max(stats.hypot(pmra, pmdec)), max(abs(epoch_yr - {mid!r}::double)) from {moving}",
    )
    speed = (fastest or 0.0) * MAS
    curved = 0.5 * (speed * ((longest or 0.0) + half)) ** 2
    reach = radius_arcsec * 1000 * MAS + speed * half + curved + 1e-8
    return mid, half, max(CELL, 2.01 * reach / CELLS_ACROSS)


def staged(survey: Survey, added: Sequence[str] = ()) -> str:
    """A survey's rows as the crossmatch wants them, and other columns of it; those alone that its `only` lets in."""
    let_in = f" where coalesce(try_cast({identifier(survey.only)} as integer) = 1, true)" if survey.only else ""
    motion = [f'"{name}"::double' if name else "0::double" for name in (survey.pmra, survey.pmdec)]
    return (
        f'select "{survey.id}" as id, "{survey.ra}"::double as ra, "{survey.dec}"::double as "dec", '
        f"{', '.join([f'{motion[0]} as pmra', f'{motion[1]} as pmdec', 'epoch_yr', *added])} from staging.{survey.name}"
        f"{let_in}"
    )
