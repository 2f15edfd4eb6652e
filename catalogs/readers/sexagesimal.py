"""Positions in hours, minutes and seconds of columns of their own (CDS: RAh RAm RAs DE- DEd DEm DEs)."""

from __future__ import annotations

import re
from dataclasses import replace

from ...workspace.query import quoted
from .source import FileColumn, Source

NO_POSITION = "no position"
RA, DEC = ("RAh", "RAm", "RAs"), ("DEd", "DEm", "DEs")
SIGN = "DE-"
#: A position in one text: three numbers between colons, blanks or letters, with a sign in front.
PATTERN = re.compile(r"[+-]?\s*\d{1,3}\s*[:hd°\s]\s*\d{1,2}\s*[:m''′\s]\s*\d{1,2}(\.\d*)?\s*[s\"″]?")


def with_positions(source: Source) -> Source:
    """The source with columns `ra` and `dec` [deg] where it has their parts, and none of these names."""
    there = source.columns
    if not {*RA, *DEC} <= set(there) or {"ra", "dec"} & {name.lower() for name in there}:
        return source
    hours = _sum(RA, there, unsigned=False)
    ra = FileColumn("ra", f"15 * {hours}", "deg", "pos.eq.ra", f"From {' '.join(RA)}", is_float=True, type="DOUBLE")
    sign = there[SIGN].sql if SIGN in there else f"left(trim({there['DEd'].sql}::VARCHAR), 1)"
    dec = replace(
        ra,
        name="dec",
        sql=f"if(coalesce(trim({sign}::VARCHAR), '') = '-', -1, 1) * {_sum(DEC, there, unsigned=True)}",
        ucd="pos.eq.dec",
        description=f"From {SIGN} {' '.join(DEC)}",
        needs=(*((SIGN,) if SIGN in there else ()), *DEC),
    )
    return replace(source, columns={**there, "ra": replace(ra, needs=RA), "dec": dec})


def _sum(names: tuple[str, ...], there: dict[str, FileColumn], unsigned: bool) -> str:
    parts = [f"{there[name].sql}::DOUBLE" for name in names]
    first = f"abs({parts[0]})" if unsigned else parts[0]
    return f"({first} + coalesce({parts[1]}, 0) / 60 + coalesce({parts[2]}, 0) / 3600)"


def degrees(value: str, per_unit: int) -> str:
    """The SQL of a position text in degrees; `per_unit` is 15 for hours, 1 for degrees. A text that is none is an error
    that says `NO_POSITION`."""
    numbers = f"regexp_extract_all({value}, '\\d+(?:\\.\\d*)?')"
    size = f"({numbers}[1]::DOUBLE + {numbers}[2]::DOUBLE / 60 + {numbers}[3]::DOUBLE / 3600)"
    made = f"({per_unit} * if(starts_with(trim({value}), '-'), -1, 1) * {size})"
    is_none = f"not regexp_full_match(trim({value}), {quoted(PATTERN.pattern)})"
    is_off = f"{numbers}[2]::DOUBLE >= 60 or {numbers}[3]::DOUBLE > 60"
    fault = f"error({quoted(NO_POSITION + ': ')} || {value})"
    return f"(case when trim({value}) = '' then null when {is_none} or {is_off} then {fault} else {made} end)"
