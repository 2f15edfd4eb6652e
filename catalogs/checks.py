"""What must hold of a survey's rows before they are stored; each failure is one line that says the way out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ..errors import RefusedFile
from ..workspace.query import first_row
from .survey import Survey

#: Catalogs before and after these years do not exist: such an epoch is a sentinel or in another format.
FIRST_YEAR, LAST_YEAR = 1850, 2150
#: Right ascensions in hours: none above 24, spread over more than half of them, and not along one strip of sky.
HOURS, HOURS_MIN_SPREAD, HOURS_MIN_DEC_RANGE, HOURS_MIN_ROWS = 24, 12, 30, 5


@dataclass(frozen=True)
class Rows:
    """The rows to check: a relation of a survey, and the files that it comes from, for messages."""

    connection: duckdb.DuckDBPyConnection
    survey: Survey
    relation: str
    where: str

    def first(self, select: str, rest: str = "") -> tuple:
        return first_row(self.connection, f"select {select} from {self.relation} {rest}")


def facts_sql(survey: Survey) -> dict[str, str]:
    """What `check_rows` has to know of all rows, as SQL that one scan finds out."""
    id_ = f'"{survey.id}"'
    facts = {"n": "count(*)", "n_missing": f"count(*) - count({id_})"}
    if survey.unique:
        facts["n_different"] = f"count(distinct hash({id_}))"
    if survey.has_position:
        ra, dec = f'"{survey.ra}"', f'"{survey.dec}"'
        facts |= {
            "n_nowhere": f"count(*) filter (where {ra} is null or {dec} is null)",
            "n_off": f"count(*) filter (where not {ra} between 0 and 360 or not {dec} between -90 and 90)",
            "low": f"min({ra})",
            "high": f"max({ra})",
            "height": f"max({dec}) - min({dec})",
            "n_ra": f"count({ra})",
        }
        if isinstance(survey.epoch, dict):
            facts["n_odd_epochs"] = f"count(*) filter (where {_odd_epoch(survey.epoch)})"
    return facts


def check_rows(
    connection: duckdb.DuckDBPyConnection,
    survey: Survey,
    relation: str,
    facts: dict[str, Any],
    files: list[Path],
    units: dict[str, str],
) -> None:
    """Refuse empty files, missing or repeated identifiers, positions off the sphere, and impossible epochs.

    Parameters
    ----------
    facts
        What `facts_sql` asks of the rows; a second look is taken only at what they show to be wrong.

    Raises
    ------
    UserError
        With the first value at fault.
    """
    where = ", ".join(str(file) for file in files[:3]) + (" …" if len(files) > 3 else "")
    rows = Rows(connection, survey, relation, where)
    if not facts["n"]:
        raise RefusedFile("has no rows", file=where)
    if facts["n_missing"]:
        missing = f"{survey.id} is NULL in {facts['n_missing']:,} rows"
        raise RefusedFile(f"{missing}; give every row an identifier", file=where)
    if survey.unique and facts["n_different"] < facts["n"]:
        _check_ids(rows)
    if survey.has_position:
        if facts["n_nowhere"] or facts["n_off"]:
            _check_positions(rows)
        if facts.get("n_odd_epochs"):
            _check_epochs(rows)
        if survey.ra not in units:
            _check_hours(survey, facts, where)


def _odd_epoch(epoch: dict[str, Any]) -> str:
    """SQL of whether a row's epoch is no date."""
    zero = {"jd": 2451545.0, "mjd": 51544.5}[epoch["format"]]
    low, high = (zero + (year - 2000) * 365.25 for year in (FIRST_YEAR, LAST_YEAR))
    return f'not "{epoch["column"]}" between {low} and {high}'


def _check_ids(rows: Rows) -> None:
    id_ = rows.survey.id
    twice = rows.first(
        f'"{id_}", count(*), count(*) over ()', f'group by "{id_}" having count(*) > 1 order by 1 limit 1'
    )
    if twice:
        raise RefusedFile(
            f"{id_} {twice[0]} stands in {twice[1]} rows ({twice[2]:,} such identifiers); "
            "keep one row each, or say unique = false in a survey file of your own",
            file=rows.where,
        )


def _check_positions(rows: Rows) -> None:
    id_, ra, dec = rows.survey.id, rows.survey.ra, rows.survey.dec
    if rows.survey.columns[ra].required:
        row = rows.first(f'"{id_}", count(*) over ()', f'where "{ra}" is null or "{dec}" is null order by 1 limit 1')
        if row:
            raise RefusedFile(
                f"{ra} or {dec} is NULL in {row[1]:,} rows, the first is {id_} {row[0]}; leave those out",
                file=rows.where,
            )
    for name, low, high in ((ra, 0, 360), (dec, -90, 90)):
        row = rows.first(
            f'"{name}", "{id_}", count(*) over ()', f'where not "{name}" between {low} and {high} order by 2 limit 1'
        )
        if row:
            raise RefusedFile(
                f"{name} is {row[0]} for {id_} {row[1]} ({row[2]:,} such rows), outside {low} to {high} "
                f"deg; mend the file, or if it is in another unit say --unit {name}=hourangle, or rad",
                file=rows.where,
            )


def _check_epochs(rows: Rows) -> None:
    epoch = rows.survey.epoch
    if not isinstance(epoch, dict):
        return
    column, format_ = epoch["column"], epoch["format"]
    row = rows.first(
        f'"{column}", "{rows.survey.id}", count(*) over ()', f"where {_odd_epoch(epoch)} order by 2 limit 1"
    )
    if row:
        raise RefusedFile(
            f"{column} is {row[0]} for {rows.survey.id} {row[1]} ({row[2]:,} such rows), no date as "
            f"{format_.upper()} between {FIRST_YEAR} and {LAST_YEAR}; mend it, or leave it empty",
            file=rows.where,
        )


def _check_hours(survey: Survey, facts: dict[str, Any], where: str) -> None:
    """Right ascensions that fill 0 to 24 and nothing beyond, over a wide range of declination, are hours."""
    low, high, height, n = (facts[name] for name in ("low", "high", "height", "n_ra"))
    if n < HOURS_MIN_ROWS or high > HOURS or high - low < HOURS_MIN_SPREAD or height < HOURS_MIN_DEC_RANGE:
        return
    raise RefusedFile(
        f"{survey.ra} runs from {low:.3f} to {high:.3f} over {height:.0f} deg of declination, which "
        f"looks like hours; say --unit {survey.ra}=hourangle, or --unit {survey.ra}=deg if it is right",
        file=where,
    )
