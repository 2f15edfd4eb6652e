"""The pairs of two surveys, with what the nearest stars and a ranking by errors or magnitudes need of their rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import duckdb

from ...catalogs.survey import Survey
from ...errors import UserError
from ...udfs.names import identifier
from ...workspace.query import first_row
from .pairs import MAS, MAX_RADIUS_ARCSEC, Epochs, epochs_of, pairs_sql, staged

Rank = Literal["separation", "errors", "magnitude"]
#: What the sky is shifted by to see how many pairs chance makes, in search radii, but not less than an arcminute.
SHIFT_RADII, MIN_SHIFT_ARCSEC = 20, 60
VARIANCES = ("east", "north", "covariance", "pm_east", "pm_north")
#: The standard deviation that stands for unknown errors where magnitudes rank, in search radii.
UNKNOWN_ERROR = 1 / 3


@dataclass(frozen=True)
class Sides:
    """Two surveys to be paired: queries of their rows, and the epochs of both."""

    moving: str
    standing: str
    epochs: tuple[Epochs, Epochs]


def sides(
    connection: duckdb.DuckDBPyConnection,
    moving: Survey,
    standing: Survey,
    rank: Rank,
    radius_arcsec: float,
    epochs: tuple[Epochs, Epochs] | None,
) -> Sides:
    """The rows of both, with whatever of their columns the workspace has.

    Raises
    ------
    UserError
        If the ranking needs errors or magnitudes that there are none of.
    """
    queries = [staged(moving), staged(standing)]
    known = epochs or (epochs_of(connection, queries[0]), epochs_of(connection, queries[1]))
    there = [_columns(connection, survey) for survey in (moving, standing)]
    added = [_motion(moving, standing, there[0]), []]
    if rank != "separation":
        if rank == "errors" and not any(_has_errors(s, t) for s, t in zip((moving, standing), there, strict=True)):
            raise UserError(f"--rank errors: neither {moving.name} nor {standing.name} has errors of its positions")
        unknown = 0.0 if rank == "errors" else (UNKNOWN_ERROR * radius_arcsec * 1000) ** 2 / 2
        for fields, survey, columns in zip(added, (moving, standing), there, strict=True):
            fields += _variances(connection, survey, columns, unknown)
            if rank == "magnitude":
                fields.append(f"{_magnitude(survey, columns)} as magnitude")
    return Sides(_filled(moving, added[0], known[0]), _filled(standing, added[1], known[1]), known)


def _filled(survey: Survey, added: list[str], epochs: Epochs) -> str:
    return (
        f"select * replace (coalesce(epoch_yr, {epochs.mean!r}::double) as epoch_yr, coalesce(pmra, 0) as pmra, "
        f"coalesce(pmdec, 0) as pmdec) from ({staged(survey, added)})"
    )


def neighbours_sql(connection: duckdb.DuckDBPyConnection, both: Sides, radius_arcsec: float, rank: Rank) -> str:
    """What goes after FROM to get `(moving_id, standing_id, chord_squared, badness)` of every pair within the radius.

    Of several neighbours the one of the lowest badness is the best.
    """
    if rank == "magnitude":
        _count_magnitudes(connection, both, radius_arcsec)
    plain = _all_pairs(connection, both, radius_arcsec, with_rows=rank != "separation")
    if rank == "separation":
        return f"(select *, chord_squared as badness from {plain})"
    ids = "m.id as moving_id, s.id as standing_id, chord_squared"
    rows = f"(select moving_id as m, standing_id as s, chord_squared from {plain})"
    if rank == "errors":
        return f"(select {ids}, sphere.misfit(m, s) as badness from {rows})"
    return (
        f"(select {ids}, sphere.misfit(m, s) + coalesce(misfit, 0) as badness "
        f"from {rows} left join magnitude_misfits on magnitude_bin = sphere.magnitude_bin(m, s))"
    )


def shifted(query: str, radius_arcsec: float) -> str:
    """A query's stars moved toward the equator, by so much that no pair with another survey is more than chance."""
    shift = max(MIN_SHIFT_ARCSEC, SHIFT_RADII * radius_arcsec) / 3600
    return f'select * replace (sphere.shifted_declination("dec", {shift!r}) as "dec") from ({query})'


def _all_pairs(connection: duckdb.DuckDBPyConnection, both: Sides, radius_arcsec: float, with_rows: bool) -> str:
    """Every pair; of near stars those that are within the radius where the Earth sees them."""
    reach = _near_reach(both.epochs)
    connection.execute(
        f"create or replace temp table near_stars as select *, {reach} as near_reach from ({both.moving}) "
        "where near_reach > 0"
    )
    (farthest,) = first_row(connection, "select max(near_reach) from near_stars")
    if not farthest:
        moving, standing = (both.moving, both.standing)
        if with_rows:
            moving, standing = _as_rows(moving), _as_rows(standing)
        return pairs_sql(connection, moving, standing, radius_arcsec, both.epochs)
    others = f"select * from ({both.moving}) where {reach} = 0"
    standing = _as_rows(both.standing) if with_rows else both.standing
    pairs = pairs_sql(connection, _as_rows(others) if with_rows else others, standing, radius_arcsec, both.epochs)
    found = pairs_sql(
        connection,
        _as_rows("from near_stars"),
        _as_rows(both.standing),
        min(MAX_RADIUS_ARCSEC, radius_arcsec + farthest / 1000 + 0.001),
        both.epochs,
        prefix="near_",
    )
    limit = (radius_arcsec * 1000 * MAS) ** 2
    ids = ("moving_id", "standing_id") if with_rows else ("moving_id.id", "standing_id.id")
    return (
        f"(select moving_id, standing_id, chord_squared from {pairs} union all "
        f"select {ids[0]} as moving_id, {ids[1]} as standing_id, "
        f"sphere.near_chord_squared(moving_id, standing_id) as chord_squared from {found} "
        f"where sphere.near_chord_squared(moving_id, standing_id) <= {limit!r}::double)"
    )


def _as_rows(query: str) -> str:
    """Each star's whole row in the place of its identifier, so that a pair knows both its rows."""
    return f'select r as id, r.ra, r."dec", r.epoch_yr, r.pmra, r.pmdec from ({query}) as r'


def _near_reach(epochs: tuple[Epochs, Epochs]) -> str:
    moving, standing = epochs
    first, last = moving.first or moving.mean, moving.last or moving.mean
    years = max(abs((standing.last or standing.mean) - first), abs(last - (standing.first or standing.mean)))
    return f"sphere.near_reach(parallax, recession, pmra, pmdec, {years!r}::double)"


def _columns(connection: duckdb.DuckDBPyConnection, survey: Survey) -> set[str]:
    rows = connection.execute(f"describe staging.{survey.name}").fetchall()
    return {row[0] for row in rows}


def _motion(moving: Survey, standing: Survey, there: set[str]) -> list[str]:
    """Parallax, where the other survey's positions are those of one moment, and recession."""
    parallax = f"{identifier(moving.parallax)}::double" if moving.parallax in there else "null::double"
    velocity = f"{identifier(moving.radial_velocity)}::double" if moving.radial_velocity in there else "null::double"
    seen = parallax if standing.is_seen_from_earth else "null::double"
    return [f"{seen} as parallax", f"sphere.recession({parallax}, {velocity}) as recession"]


def _has_errors(survey: Survey, there: set[str]) -> bool:
    return bool(survey.errors) and {survey.errors[k] for k in ("east", "major") if k in survey.errors} <= there


def _variances(connection: duckdb.DuckDBPyConnection, survey: Survey, there: set[str], unknown: float) -> list[str]:
    """Variances and covariance [mas^2]; the survey's mean where a row has none."""
    said = _error_sql(survey, there) if _has_errors(survey, there) else {}
    names = [name for name in VARIANCES if name in said]
    means = dict.fromkeys(VARIANCES, 0.0) | {"east": unknown, "north": unknown}
    if names:
        wanted = ", ".join(f"avg({said[name]})" for name in names)
        found = first_row(connection, f"select {wanted} from staging.{survey.name}")
        means |= {name: mean if mean is not None else means[name] for name, mean in zip(names, found, strict=True)}
        means["covariance"] = 0.0
    return [f"coalesce({said.get(name, 'null')}, {means[name]!r})::double as {name}" for name in VARIANCES]


def _error_sql(survey: Survey, there: set[str]) -> dict[str, str]:
    """SQL of the variances that a survey's columns give."""
    from astropy import units as u

    given = {
        role: f"{identifier(name)}::double * {u.Unit(survey.columns[name].unit or 'mas').to(target):.17g}"
        for role, name in survey.errors.items()
        if name in there
        for target in [u.deg if role == "angle" else u.mas / u.yr if role.startswith("pm_") else u.mas]
    }
    if "major" in given:
        ellipse = f"({given['major']}, {given['minor']}, {given['angle']})"
        return {name: f"sphere.ellipse_{name}{ellipse}" for name in ("east", "north", "covariance")}
    variances = {role: f"pow({value}, 2)" for role, value in given.items() if role != "co"}
    if "co" in given:
        variances["covariance"] = f"sign({given['co']}) * pow({given['co']}, 2)"
    return variances


def _magnitude(survey: Survey, there: set[str]) -> str:
    if survey.magnitude not in there:
        raise UserError(f"--rank magnitude: {survey.name} has no magnitude to compare")
    return f"{identifier(survey.magnitude)}::double"


def _count_magnitudes(connection: duckdb.DuckDBPyConnection, both: Sides, radius_arcsec: float) -> None:
    """Make `magnitude_misfits(magnitude_bin, misfit)` from all pairs and those that chance makes."""
    for name, moving in (("pair_magnitudes", both.moving), ("random_magnitudes", shifted(both.moving, radius_arcsec))):
        pairs = pairs_sql(connection, _as_rows(moving), _as_rows(both.standing), radius_arcsec, both.epochs)
        connection.execute(f"create or replace temp view {name}_of as from {pairs}")
        connection.execute(f"create or replace temp table {name} as from sphere.magnitude_counts('{name}_of')")
    connection.execute(
        "create or replace temp table magnitude_misfits as "
        "from sphere.magnitude_misfits('pair_magnitudes', 'random_magnitudes')"
    )
