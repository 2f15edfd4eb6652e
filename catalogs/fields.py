"""How a survey's columns are made from a file's: by name, type and unit, as SQL."""

from __future__ import annotations

import math

import duckdb

from ..errors import MissingColumn, RefusedFile, UnknownName, UserError, WrongUnit
from ..workspace.query import first_row, quoted
from .readers import FileColumn, Source
from .survey import Column, Survey

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
FLOATS = ("REAL", "DOUBLE")
#: Integers beyond it are not all distinct as 64-bit floating-point numbers.
LARGEST_EXACT = 2**53
#: No star is this bright or faint: archives write 99, 99.99, 99.999, -999 where they have no magnitude.
IMPOSSIBLE_MAGNITUDE = 90
UNIT_FORMATS = (None, "cds", "fits", "vounit")
#: What files say and astropy does not read.
UNIT_WORDS = {"muhz": "uHz", "degrees": "deg", "degree": "deg", "angular degree": "deg", "---": "", "none": ""}


def choose(survey: Survey, source: Source, renames: dict[str, str]) -> dict[str, str]:
    """Survey column to file column: by --rename, by name, by another known name; case matters only between two.

    Raises
    ------
    UserError
        If a column is missing, or a rename names one that is not there.
    """
    _check_renames(survey, source, renames)
    names = [name for name in source.columns if name not in renames]
    by_case = {name.lower(): name for name in reversed(names)} | {name: name for name in names}
    chosen = {ours: theirs for theirs, ours in renames.items()}
    for name, column in survey.columns.items():
        known = [name, *column.aka]
        found = next((by_case[k] for k in (*known, *(k.lower() for k in known)) if k in by_case), None)
        if name not in chosen and found and not column.derived:
            chosen[name] = found
        if name not in chosen and column.required:
            raise MissingColumn(
                f"column {name} is missing",
                file=source.path,
                column=name,
                hint=f"{survey.path} expects it. If yours has another name, use --rename THEIRS={name}",
            )
        if column.by and column.by not in source.columns:
            raise MissingColumn(
                f"column {column.by} is missing",
                file=source.path,
                column=column.by,
                hint=f"{survey.path} fills {name} by it",
            )
    _check_positions(survey, source, chosen)
    return chosen


def _check_positions(survey: Survey, source: Source, chosen: dict[str, str]) -> None:
    """Refuse a position that the file's own UCD says is another: Galactic, ecliptic, or the two swapped."""
    for role, expected in (("ra", "pos.eq.ra"), ("dec", "pos.eq.dec")):
        name = getattr(survey, role)
        ucd = source.columns[chosen[name]].ucd if name in chosen else ""
        if ucd.lower().startswith("pos.") and not ucd.lower().startswith(expected):
            raise RefusedFile(
                f"column {chosen[name]} is {ucd} by its UCD, and {name} of {survey.name} is {expected}; "
                f"say --rename THEIRS={name}, or mend the file",
                file=source.path,
            )


def _check_renames(survey: Survey, source: Source, renames: dict[str, str]) -> None:
    for theirs, ours in renames.items():
        if theirs not in source.columns:
            what = "has several values a row" if theirs in source.left_out else "is not in the file"
            raise MissingColumn(f"--rename {theirs}={ours}: column {theirs} {what}", file=source.path, column=theirs)
        if ours not in survey.columns:
            raise UnknownName(f"--rename {theirs}={ours}: survey {survey.name} has no column {ours}", column=ours)
        if list(renames.values()).count(ours) > 1:
            raise UserError(f"--rename {theirs}={ours}: two columns cannot both become {ours}")


def typed_field(survey: Survey, column: Column, theirs: str | None, source: Source, units: dict[str, str]) -> str:
    """The SQL that makes one column of the survey from the file, sentinels still in it."""
    if column.constant is not None:
        return f'{column.constant}::{column.type} as "{column.name}"'
    if column.by:
        cases = " ".join(f"when {quoted(key)} then {value}" for key, value in column.values.items())
        return f'(case {_value(source.columns[column.by])} {cases} end)::{column.type} as "{column.name}"'
    if theirs is None:
        return f'null::{column.type} as "{column.name}"'
    said = source.columns[theirs]
    factor = _factor(column, source, said, units.get(column.name))
    return f'{_typed(survey, column, said, factor)} as "{column.name}"'


def is_sentinel(survey: Survey, column: Column) -> str:
    """The SQL test of a value that stands for a missing one; empty where none can."""
    name = f'"{column.name}"'
    is_key = column.name == survey.id or (column.required and column.name in (survey.ra, survey.dec))
    if is_key or column.type not in (*INTEGERS, *FLOATS):
        return ""
    whole = column.type in INTEGERS
    listed = [str(int(s)) if whole else f"{s!r}::{column.type}" for s in survey.sentinels if s == int(s) or not whole]
    tests = [f"{name} in ({', '.join(listed)})"] if listed else []
    if not whole:
        tests.append(f"not isfinite({name})")
    if column.unit == "mag":
        tests.append(f"abs({name}) >= {IMPOSSIBLE_MAGNITUDE}")
    return " or ".join(tests)


def first_misfit(
    connection: duckdb.DuckDBPyConnection, survey: Survey, source: Source, chosen: dict[str, str], error: Exception
) -> UserError:
    """Name the first value that does not fit its column; what DuckDB says where no value is at fault."""
    for name, theirs in chosen.items():
        column, said = survey.columns[name], source.columns[theirs]
        value = _value(said)
        test = f"try_cast({value} as {column.type}) is null"
        if column.type in INTEGERS and (said.is_text or said.is_float):
            test += f" or {_is_fraction(said, value)}"
        if column.type == "BIGINT":
            test += f" or {_is_rounded(said, value)}"
        try:
            row = first_row(
                connection,
                f"select {value} from {source.relation([theirs])} "
                f"where {value} is not null and {value}::varchar <> 'nan' and ({test}) limit 1",
            )
        except duckdb.Error:
            break
        if row:
            return RefusedFile(f"column {theirs} holds {row[0]!r}, {_fault(column, said, row[0])}", file=source.path)
    lines = [line.strip() for line in str(error).split("\n")[:3]]
    words = "; ".join(line for line in lines if line)
    return RefusedFile(f"damaged, or not what its name says: {words}; mend it, or fetch it again", file=source.path)


def _fault(column: Column, said: FileColumn, value: object) -> str:
    if column.type == "BIGINT" and _looks_rounded(value):
        return f"which has lost digits of {column.name}: 64-bit integers must be stored as integers or plain digits"
    return f"which is no {column.type}; mend the file" + (" or its delimiter" if said.is_text else "")


def _looks_rounded(value: object) -> bool:
    """Whether a value that is no BIGINT is a number with an exponent, or too large for a floating-point number."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return math.isfinite(number) and (abs(number) > LARGEST_EXACT or "e" in str(value).lower())


def _value(said: FileColumn) -> str:
    return f"trim({said.sql})" if said.is_text else said.sql


def _is_rounded(said: FileColumn, value: str) -> str:
    """Whether a value has passed through floating point and is too large to have come out whole."""
    if said.is_text:
        number = f"try_cast({value} as double)"
        return (
            f"(contains(lower({value}), 'e') and {number} is not null "
            f"or contains({value}, '.') and coalesce(abs({number}) > {LARGEST_EXACT}, false))"
        )
    return f"abs({value}) > {LARGEST_EXACT}" if said.is_float else "false"


def _is_fraction(said: FileColumn, value: str) -> str:
    """Whether a value is a number, and no whole one."""
    guard = f"contains({value}, '.') and " if said.is_text else ""
    return f"({guard}coalesce(try_cast({value} as double) % 1 <> 0, false))"


def _typed(survey: Survey, column: Column, said: FileColumn, factor: float) -> str:
    value = _value(said)
    if column.type in INTEGERS and said.is_float:
        value = f"if(isnan({value}), null, {value})"
    if column.type in INTEGERS and factor == 1 and (said.is_text or said.is_float):
        fault = _is_fraction(said, value)
        fault = f"{_is_rounded(said, value)} or {fault}" if column.type == "BIGINT" else fault
        return f"if({fault}, error('not whole'), {value})::{column.type}"
    if factor == 1:
        return f"{value}::{column.type}"
    sentinels = ", ".join(repr(s) for s in survey.sentinels) or "null"
    return f"if({value}::DOUBLE in ({sentinels}), {value}::DOUBLE, {value}::DOUBLE * {factor!r})::{column.type}"


def _factor(column: Column, source: Source, said: FileColumn, stated: str | None) -> float:
    """From the file's unit to the survey's; 1 where the file does not say."""
    text = stated or said.unit
    if text == column.unit or not column.unit or column.unit == "dex" or column.type not in (*INTEGERS, *FLOATS):
        return 1.0
    factor = unit_factor(text, column.unit)
    if factor is None:
        raise WrongUnit(
            f"column {said.name} is in {text!r}, which cannot be converted to {column.unit} of {column.name}",
            file=source.path,
            column=said.name,
            value=text,
            hint=f"if the file is wrong, say --unit {column.name}={column.unit}",
        )
    return factor


def unit_factor(text: str, ours: str) -> float | None:
    """From one unit to another; 1 where the file does not say, None where they are of different kinds."""
    from astropy import units as u

    text = UNIT_WORDS.get(text.strip().lower(), text)
    if not text:
        return 1.0
    try:
        theirs = _unit(text)
        if theirs == u.hour and u.Unit(ours).is_equivalent(u.deg):
            theirs = u.hourangle
        return float(f"{theirs.to(u.Unit(ours)):.15g}")
    except (ValueError, TypeError, u.UnitConversionError):
        return None


def _unit(text: str):
    """An astropy unit in any of the spellings that archives use.

    Raises
    ------
    ValueError
        If none of them reads it.
    """
    from astropy import units as u

    for form in UNIT_FORMATS:
        for spelling in (text, text.lower()):
            try:
                return u.Unit(spelling, format=form, parse_strict="raise")
            except (ValueError, TypeError):
                continue
    raise ValueError(text)
