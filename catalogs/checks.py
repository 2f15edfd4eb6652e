"""What must hold of a survey's rows before they are stored; each failure is one line that says the way out."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ..errors import UserError
from ..sql.query import first_row
from .survey import Survey


def check_rows(
    connection: duckdb.DuckDBPyConnection,
    survey: Survey,
    relation: str,
    files: list[Path],
    units: dict[str, str],
) -> None:
    """Refuse empty files, missing or repeated identifiers, and positions off the sphere.

    Raises
    ------
    UserError
        With the first value at fault.
    """
    where = ", ".join(str(file) for file in files[:3]) + (" …" if len(files) > 3 else "")
    rows = first_row(connection, f"select count(*) from {relation}")
    if not rows[0]:
        raise UserError(f"{where}: has no rows")
    _check_ids(connection, survey, relation, where)
    if survey.has_position:
        _check_positions(connection, survey, relation, where)
        if survey.ra not in units:
            _check_hours(connection, survey, relation, where)


def _check_ids(connection: duckdb.DuckDBPyConnection, survey: Survey, relation: str, where: str) -> None:
    missing = first_row(connection, f'select count(*) from {relation} where "{survey.id}" is null')
    if missing[0]:
        raise UserError(f"{where}: {survey.id} is NULL in {missing[0]:,} rows; give every row an identifier")
    if not survey.unique:
        return
    twice = first_row(
        connection,
        f'select "{survey.id}", count(*), count(*) over () from {relation} '
        f'group by "{survey.id}" having count(*) > 1 order by 1 limit 1',
    )
    if twice:
        raise UserError(
            f"{where}: {survey.id} {twice[0]} stands in {twice[1]} rows ({twice[2]:,} such identifiers); "
            "keep one row each, or say unique = false in a survey file of your own"
        )


def _check_positions(connection: duckdb.DuckDBPyConnection, survey: Survey, relation: str, where: str) -> None:
    ra, dec = f'"{survey.ra}"', f'"{survey.dec}"'
    if survey.columns[survey.ra].required:
        row = first_row(
            connection,
            f'select "{survey.id}", count(*) over () from {relation} '
            f"where {ra} is null or {dec} is null or isnan({ra}) or isnan({dec}) limit 1",
        )
        if row:
            raise UserError(
                f"{where}: {row[1]:,} rows have no position, the first is {survey.id} {row[0]}; leave those rows out"
            )
    for name, test, range_ in (
        (survey.ra, f"not isnan({ra}) and not {ra} between 0 and 360", "0 to 360"),
        (survey.dec, f"not isnan({dec}) and not {dec} between -90 and 90", "-90 to 90"),
    ):
        row = first_row(
            connection,
            f'select "{name}", "{survey.id}", count(*) over () from {relation} where {test} limit 1',
        )
        if row:
            raise UserError(
                f"{where}: {name} is {row[0]} for {survey.id} {row[1]} ({row[2]:,} such rows), outside {range_} deg; "
                f"if the file is in another unit say --unit {name}=hourangle, or rad"
            )


def _check_hours(connection: duckdb.DuckDBPyConnection, survey: Survey, relation: str, where: str) -> None:
    """Right ascensions that fill 0 to 24 and nothing beyond, over a wide range of declination, are hours."""
    row = first_row(
        connection,
        f'select min("{survey.ra}"), max("{survey.ra}"), max("{survey.dec}") - min("{survey.dec}"), count(*) '
        f"from {relation}",
    )
    if row[0] is not None and row[3] >= 20 and row[1] <= 24 and row[1] - row[0] > 18 and row[2] > 30:
        raise UserError(
            f"{where}: {survey.ra} runs from {row[0]:.3f} to {row[1]:.3f} over {row[2]:.0f} deg of declination, which "
            f"looks like hours; say --unit {survey.ra}=hourangle, or --unit {survey.ra}=deg if it is right"
        )
