"""What must hold of a survey's rows before they are stored; each failure is one line that says the way out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from ..errors import RefusedFile
from ..workspace.query import first_row
from .remote.address import Place
from .survey import Survey

#: Catalogs before and after these years do not exist: such an epoch is a sentinel or in another format.
FIRST_YEAR, LAST_YEAR = 1850, 2150
#: Right ascensions in hours: none above 24, spread over more than half of them, and not along one strip of sky.
HOURS, HOURS_MIN_SPREAD, HOURS_MIN_DEC_RANGE, GUESS_MIN_ROWS = 24, 12, 30, 5
#: In radians: stars all over a patch of some degrees about (0, 0) are rarer than files in radians.
RADIANS_MIN_SPREAD, RADIANS_MIN_DEC_RANGE = 3.2, 0.8


@dataclass(frozen=True)
class Rows:
    """The rows to check: a relation with its columns of identifier and position, and for messages the files that it
    comes from and what to do where a position is in another unit."""

    connection: duckdb.DuckDBPyConnection
    relation: str
    where: str
    id: str
    ra: str = ""
    dec: str = ""
    way_out: str = ""

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
        facts["n_nowhere"] = f"count(*) filter (where {ra} is null or {dec} is null)"
        facts |= place_facts(ra, dec)
        if isinstance(survey.epoch, dict):
            facts["n_odd_epochs"] = f"count(*) filter (where {_odd_epoch(survey.epoch)})"
    return facts


def place_facts(ra: str, dec: str) -> dict[str, str]:
    """What `check_places` has to know of all positions, as SQL."""
    return {
        "n_off": f"count(*) filter (where not {ra} between 0 and 360 or not {dec} between -90 and 90)",
        "low": f"min({ra})",
        "high": f"max({ra})",
        "south": f"min({dec})",
        "north": f"max({dec})",
        "n_ra": f"count({ra})",
    }


def check_rows(
    connection: duckdb.DuckDBPyConnection,
    survey: Survey,
    relation: str,
    facts: dict[str, Any],
    files: Sequence[Place],
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
    rows = Rows(connection, relation, where, survey.id, survey.ra, survey.dec, f"say --unit {survey.ra}={{}}")
    if not facts["n"]:
        raise RefusedFile("has no rows", file=where)
    if facts["n_missing"]:
        missing = f"{survey.id} is NULL in {facts['n_missing']:,} rows"
        raise RefusedFile(f"{missing}; give every row an identifier", file=where)
    if survey.unique and facts["n_different"] < facts["n"]:
        _check_ids(rows)
    if survey.has_position:
        if facts["n_nowhere"] and survey.columns[survey.ra].required:
            _check_all_placed(rows)
        if facts.get("n_odd_epochs"):
            _check_epochs(rows, survey)
        check_places(rows, facts, is_unit_said=survey.ra in units)


def check_places(rows: Rows, facts: dict[str, Any], is_unit_said: bool = False) -> None:
    """Refuse positions off the sphere, and unless their unit is said, those that look like hours or radians.

    Parameters
    ----------
    facts
        What `place_facts` asks of the rows.

    Raises
    ------
    UserError
        With the first value at fault.
    """
    if facts["n_off"]:
        _refuse_off_sphere(rows)
    unit = looks_like(*(facts[name] for name in ("low", "high", "south", "north", "n_ra")))
    if unit and not is_unit_said:
        words = {"hourangle": "hours", "rad": "radians"}[unit]
        raise RefusedFile(
            f"{rows.ra} runs from {facts['low']:.3f} to {facts['high']:.3f} over {facts['north'] - facts['south']:.2g} "
            f"deg of declination, which looks like {words}; {rows.way_out.format(unit)}, or "
            f"{rows.way_out.format('deg')} if it is right",
            file=rows.where,
        )


def looks_like(low: float, high: float, south: float, north: float, n: int) -> str:
    """The unit that a position's numbers look like, if it is not degrees: right ascensions that fill 0 to 24, over a
    wide range of declination, are hours; those that fill 0 to 2 pi, with declinations within pi / 2, radians."""
    if n < GUESS_MIN_ROWS or south is None:
        return ""
    if high <= HOURS and high - low >= HOURS_MIN_SPREAD and north - south >= HOURS_MIN_DEC_RANGE:
        return "hourangle"
    is_small = high <= 2 * math.pi and max(-south, north) <= math.pi / 2
    return "rad" if is_small and high - low >= RADIANS_MIN_SPREAD and north - south >= RADIANS_MIN_DEC_RANGE else ""


def _odd_epoch(epoch: dict[str, Any]) -> str:
    """SQL of whether a row's epoch is no date."""
    zero = {"jd": 2451545.0, "mjd": 51544.5}[epoch["format"]]
    low, high = (zero + (year - 2000) * 365.25 for year in (FIRST_YEAR, LAST_YEAR))
    return f'not "{epoch["column"]}" between {low} and {high}'


def _check_ids(rows: Rows) -> None:
    twice = rows.first(
        f'"{rows.id}", count(*), count(*) over ()', f'group by "{rows.id}" having count(*) > 1 order by 1 limit 1'
    )
    if twice:
        raise RefusedFile(
            f"{rows.id} {twice[0]} stands in {twice[1]} rows ({twice[2]:,} such identifiers); "
            "keep one row each, or say unique = false in a survey file of your own",
            file=rows.where,
        )


def _check_all_placed(rows: Rows) -> None:
    ra, dec = rows.ra, rows.dec
    row = rows.first(f'"{rows.id}", count(*) over ()', f'where "{ra}" is null or "{dec}" is null order by 1 limit 1')
    if row:
        raise RefusedFile(
            f"{ra} or {dec} is NULL in {row[1]:,} rows, the first is {rows.id} {row[0]}; leave those out",
            file=rows.where,
        )


def _refuse_off_sphere(rows: Rows) -> None:
    for name, low, high in ((rows.ra, 0, 360), (rows.dec, -90, 90)):
        row = rows.first(
            f'"{name}", "{rows.id}", count(*) over ()',
            f'where not "{name}" between {low} and {high} order by 2 limit 1',
        )
        if row:
            way_out = rows.way_out.replace(f"--unit {rows.ra}=", f"--unit {name}=").format("hourangle, or rad")
            raise RefusedFile(
                f"{name} is {row[0]} for {rows.id} {row[1]} ({row[2]:,} such rows), outside {low} to {high} "
                f"deg; mend the file, or if it is in another unit {way_out}",
                file=rows.where,
            )


def _check_epochs(rows: Rows, survey: Survey) -> None:
    epoch = survey.epoch
    if not isinstance(epoch, dict):
        return
    column, format_ = epoch["column"], epoch["format"]
    row = rows.first(f'"{column}", "{rows.id}", count(*) over ()', f"where {_odd_epoch(epoch)} order by 2 limit 1")
    if row:
        raise RefusedFile(
            f"{column} is {row[0]} for {rows.id} {row[1]} ({row[2]:,} such rows), no date as "
            f"{format_.upper()} between {FIRST_YEAR} and {LAST_YEAR}; mend it, or leave it empty",
            file=rows.where,
        )
