"""How a survey's columns are made from a file's: by name, type and unit, as SQL."""

from __future__ import annotations

import math
import re

import duckdb

from ..errors import MissingColumn, RefusedFile, UnknownName, UserError, WrongUnit
from ..workspace.query import first_row, quoted
from .readers import FileColumn, Source
from .readers.sexagesimal import NO_POSITION, PATTERN, degrees
from .survey import Column, Survey
from .units import Conversion, conversion, in_brackets, is_other_than_dex

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
FLOATS = ("REAL", "DOUBLE")
#: Integers from them on are not all distinct as floating-point numbers of 64 and 32 bits.
LARGEST_EXACT, LARGEST_EXACT_REAL = 2**53, 2**24
#: No star is this bright or faint: archives write 99, 99.99, 99.999, -999 where they have no magnitude.
IMPOSSIBLE_MAGNITUDE = 90
#: How a unit says that it is of a logarithm, but for `dex` and brackets.
LOGARITHM = re.compile(r"(?:log|log10|lg)[ (]\s*([^()]+?)\s*\)?", re.IGNORECASE)
#: What stands for a missing number where a typed file holds numbers as text.
NO_NUMBER = ("", "null", "none", "nan", "na", "n/a", "<na>", "--")


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
        known = [name, *column.aka, *(role for role in ("ra", "dec") if name == getattr(survey, role))]
        known += [column.element.label] if column.element else []
        found = next((by_case[k] for k in (*known, *(k.lower() for k in known)) if k in by_case), None)
        if name not in chosen and found and not column.derived:
            chosen[name] = found
        if name not in chosen and column.required:
            unread = next((n for n in source.left_out if n.lower() in [k.lower() for k in known]), None)
            raise MissingColumn(
                f"column {name} is missing" if unread is None else f"column {unread} is of a kind that is not read",
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
            near = [name for name in source.columns if name.lower() == theirs.lower()]
            what = "is not in the file" + (f"; it has {near[0]}" if near else "")
            if theirs in source.left_out:
                what = "has several values a row, or is of a kind that is not read"
            raise MissingColumn(f"--rename {theirs}={ours}: column {theirs} {what}", file=source.path, column=theirs)
        if ours not in survey.columns:
            raise UnknownName(f"--rename {theirs}={ours}: survey {survey.name} has no column {ours}", column=ours)
        if list(renames.values()).count(ours) > 1:
            raise UserError(f"--rename {theirs}={ours}: two columns cannot both become {ours}")


def typed_field(
    survey: Survey,
    column: Column,
    theirs: str | None,
    source: Source,
    units: dict[str, str],
    in_parts: frozenset[str] = frozenset(),
) -> str:
    """The SQL that makes one column of the survey from the file, sentinels still in it; `in_parts` are the columns of
    the file whose text has hours or degrees, minutes and seconds."""
    if column.constant is not None:
        return f'{column.constant}::{column.type} as "{column.name}"'
    if column.by:
        cases = " ".join(f"when {quoted(key)} then {value}" for key, value in column.values.items())
        return f'(case {_value(source.columns[column.by])} {cases} end)::{column.type} as "{column.name}"'
    if theirs is None:
        return f'null::{column.type} as "{column.name}"'
    said = source.columns[theirs]
    made = None if theirs in in_parts else _conversion(column, source, said, units.get(column.name))
    return f'{_typed(survey, column, said, made)} as "{column.name}"'


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
    position = re.search(NO_POSITION + r": (.*)", str(error))
    if position:
        return RefusedFile(
            f"{position[1][:60]!r} is no position in hours or degrees, minutes and seconds", file=source.path
        )
    for name, theirs in chosen.items():
        column, said = survey.columns[name], source.columns[theirs]
        value = without_prefix(said, survey.id_prefixes) if name == survey.id else _number(said)
        test = f"try_cast({value} as {column.type}) is null"
        if column.type in INTEGERS and (said.is_text or said.is_float or _is_decimal(said)):
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
    if column.type == "BIGINT" and re.fullmatch(r"[+-]?\d+", str(value)):
        return f"which is too large for {column.name}, a 64-bit integer with sign"
    if column.type == "BIGINT" and _looks_rounded(said, value):
        return f"which has lost digits of {column.name}: 64-bit integers must be stored as integers or plain digits"
    if column.type == "BIGINT" and (release := re.match(r"Gaia E?DR\d", str(value))):
        return f"an identifier of {release[0]}, which is another release than that of {column.name} here"
    return f"which is no {column.type}; mend the file" + (" or its delimiter" if said.is_text else "")


def _looks_rounded(said: FileColumn, value: object) -> bool:
    """Whether a value that is no BIGINT is a number with an exponent, or too large for a floating-point number."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return math.isfinite(number) and (abs(number) >= _largest_exact(said) or "e" in str(value).lower())


def _value(said: FileColumn) -> str:
    return f"trim({said.sql})" if said.is_text else said.sql


def _is_rounded(said: FileColumn, value: str) -> str:
    """Whether a value has passed through floating point and is too large to have come out whole."""
    if said.is_text:
        number = f"try_cast({value} as double)"
        return (
            f"(contains(lower({value}), 'e') and {number} is not null "
            f"or contains({value}, '.') and coalesce(abs({number}) >= {LARGEST_EXACT}, false))"
        )
    return f"abs({value}) >= {_largest_exact(said)}" if said.is_float else "false"


def _largest_exact(said: FileColumn) -> int:
    return LARGEST_EXACT_REAL if said.type == "REAL" else LARGEST_EXACT


def _is_fraction(said: FileColumn, value: str) -> str:
    """Whether a value is a number, and no whole one."""
    guard = f"contains({value}, '.') and " if said.is_text else ""
    return f"({guard}coalesce(try_cast({value} as double) % 1 <> 0, false))"


def takes_nan(column: Column, said: FileColumn) -> bool:
    """Whether NaN of the file becomes NULL in the column: integers that came as floating-point numbers."""
    return column.type in INTEGERS and said.is_float


def _typed(survey: Survey, column: Column, said: FileColumn, made: Conversion | None) -> str:
    if column.name == survey.id and said.is_text:
        return _id(survey, column, said)
    if column.type == "VARCHAR" and said.type == "TIMESTAMP WITH TIME ZONE":
        # As text it would be in the time zone of the machine.
        return f"({said.sql} at time zone 'UTC')::VARCHAR || 'Z'"
    if column.type == "VARCHAR":
        return said.sql if said.type == "VARCHAR" else f"{_value(said)}::VARCHAR"
    value = _number(said)
    if made is None:
        return f"{degrees(value, 15 if column.name == survey.ra else 1)}::{column.type}"
    if takes_nan(column, said):
        value = f"if(isnan({value}), null, {value})"
    if column.type in INTEGERS and made.is_identity and (said.is_text or said.is_float or _is_decimal(said)):
        fault = _is_fraction(said, value)
        fault = f"{_is_rounded(said, value)} or {fault}" if column.type == "BIGINT" else fault
        return f"if({fault}, error('not whole'), {value})::{column.type}"
    if made.is_identity:
        # A cast to a floating-point number passes over blanks itself.
        is_plain = column.type in FLOATS and said.is_text and said.type != "VARCHAR"
        return f"{said.sql if is_plain else value}::{column.type}"
    number = f"{value}::DOUBLE"
    sentinels = ", ".join(repr(s) for s in survey.sentinels) or "null"
    return f"if({number} in ({sentinels}), {number}, {made.sql(number)})::{column.type}"


def _id(survey: Survey, column: Column, said: FileColumn) -> str:
    """An identifier that stands as text, behind what archives write before it."""
    value = without_prefix(said, survey.id_prefixes)
    if column.type not in INTEGERS:
        return f"{value}::{column.type}"
    return f"if({_is_rounded(said, value)} or {_is_fraction(said, value)}, error('not whole'), {value})::{column.type}"


def without_prefix(said: FileColumn, prefixes: tuple[str, ...]) -> str:
    """The SQL of an identifier without what archives write before it, such as "Gaia DR3 "."""
    value = _value(said)
    if not said.is_text or not prefixes:
        return value
    words = "|".join(re.escape(prefix).replace(r"\ ", r"\s*") for prefix in prefixes)
    return f"regexp_replace({value}, {quoted(f'^({words})')}, '', 'i')"


def _is_decimal(said: FileColumn) -> bool:
    return said.type.startswith("DECIMAL")


def _number(said: FileColumn) -> str:
    """The SQL of a value that is to become a number; of a typed file's text, NULL where it says so in words."""
    value = _value(said)
    if said.is_text and said.type == "VARCHAR":
        return f"if(lower({value}) in ({', '.join(map(quoted, NO_NUMBER))}), null, {value})"
    return value


def _conversion(column: Column, source: Source, said: FileColumn, stated: str | None) -> Conversion:
    """From the file's unit to the survey's, the same where the file does not say."""
    text = stated or said.unit
    if column.type not in (*INTEGERS, *FLOATS):
        return Conversion()
    if text == column.unit or not column.unit or (not stated and column.unit == "dex" and not is_other_than_dex(text)):
        return Conversion()
    logarithm = LOGARITHM.fullmatch(text.strip())
    if logarithm and not column.unit.startswith("dex"):
        raise WrongUnit(
            f"column {said.name} is in {text!r}, a logarithm",
            file=source.path,
            column=said.name,
            value=text,
            hint=f"say --unit '{column.name}=dex({logarithm[1]})' if it is to base 10",
        )
    if in_brackets(text) and not column.unit.startswith("dex"):
        inside = text.strip()[1:-1]
        raise WrongUnit(
            f"column {said.name} is in {text!r}: CDS writes the logarithm of a quantity so, others the quantity itself",
            file=source.path,
            column=said.name,
            value=text,
            hint=f"say --unit '{column.name}=dex({inside})' if it holds logarithms to base 10, or "
            f"--unit {column.name}={inside} if it does not",
        )
    made = conversion(text, column.unit)
    if made is None:
        raise WrongUnit(
            f"column {said.name} is in {text!r}, which cannot be converted to {column.unit} of {column.name}",
            file=source.path,
            column=said.name,
            value=text,
            hint=f"if the file is wrong, say --unit {column.name}={column.unit}",
        )
    return made


def sexagesimal(
    connection: duckdb.DuckDBPyConnection, survey: Survey, source: Source, chosen: dict[str, str]
) -> frozenset[str]:
    """The file's columns of the position whose first value is text of hours or degrees, minutes and seconds."""
    found = set()
    for theirs in (chosen[name] for name in (survey.ra, survey.dec) if name in chosen):
        said = source.columns[theirs]
        if said.is_text and said.unit.lower() not in ("deg", "degree", "rad", "hourangle"):
            query = f"select {said.sql} from {source.relation([theirs])} where {said.sql} is not null limit 1"
            row = first_row(connection, query)
            found |= {theirs} if row and PATTERN.fullmatch(str(row[0]).strip()) else set()
    return frozenset(found)
