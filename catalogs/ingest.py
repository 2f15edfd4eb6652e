"""Turns a catalog file into the survey's one sorted, typed Parquet file with its units in it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
from astropy import units as u

from ..errors import UserError
from ..sql.products import record
from ..sql.progress import run_with_bar
from ..sql.query import first_row, quoted
from ..sql.workspace import connect, find_sky, make_sky, refresh
from . import healpix
from .checks import check_rows
from .metadata import kv_metadata
from .readers import Source, open_file
from .survey import Column, Survey, load_survey, read_survey

ROW_GROUP = 122_880
NUMERIC = ("TINYINT", "INTEGER", "BIGINT", "REAL", "DOUBLE")


@dataclass(frozen=True)
class Ingested:
    """What an ingest did: rows stored, sentinels by column that became NULL, columns of the file left out."""

    rows: int
    sentinels: dict[str, int]
    left_out: list[str]


def ingest_survey(path: Path, name: str, files: list[Path], renames: dict[str, str], units: dict[str, str]) -> Ingested:
    """`candlesql ingest`: into the workspace at `path`, made if need be; `name` may be the path of a survey file."""
    own = Path(name)
    survey = read_survey(own) if own.suffix == ".toml" else load_survey(name, find_sky(path).surveys)
    sky = make_sky(path)
    started = time.time()
    done = ingest(
        survey,
        files,
        sky.catalog(survey.name),
        renames,
        units,
        run_with_bar(f"reading {survey.name}"),
    )
    if own.suffix == ".toml" and own.resolve() != (sky.surveys / own.name).resolve():
        shutil.copy(own, sky.surveys / own.name)
    with connect(sky) as connection:
        said = f"ingest {survey.name} {' '.join(file.name for file in files)}"
        record(connection, f"staging.{survey.name}", said, files, {}, done.rows, time.time() - started)
        refresh(connection, sky)
    return done


def ingest(
    survey: Survey,
    files: list[Path],
    target: Path,
    renames: dict[str, str] | None = None,
    units: dict[str, str] | None = None,
    run: Callable[[duckdb.DuckDBPyConnection, str], None] | None = None,
) -> Ingested:
    """Read files of one survey, check them, and store them sorted by HEALPix index.

    Parameters
    ----------
    target
        The Parquet file to write; it appears, or is replaced, only when all is well.
    renames
        Name in the file to name in the survey.
    units
        Survey column to the unit of the file, where the file does not say or says it wrongly.
    run
        Executes a long statement (for a progress bar).

    Raises
    ------
    UserError
        For a missing column, a value or unit that cannot be converted, a duplicate identifier, a missing or
        impossible position, a damaged file.
    """
    run = run or (lambda connection, query: connection.execute(query) and None)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.with_name(f".{target.stem}.ingest")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        with duckdb.connect() as connection:
            connection.execute(f"set temp_directory = {quoted(work / 'spill')}")
            connection.execute("set preserve_insertion_order = true")
            left_out = [
                _convert(connection, survey, file, work, n, renames, units, run) for n, file in enumerate(files)
            ]
            typed = f"read_parquet({quoted(work / '*.typed.parquet')})"
            check_rows(connection, survey, typed, files, units or {})
            sentinels = _count_sentinels(connection, survey, typed)
            _store(connection, survey, typed, work / "sorted.parquet", run)
            (rows,) = first_row(connection, f"select count(*) from {quoted(work / 'sorted.parquet')}")
        (work / "sorted.parquet").replace(target)
    except OSError as error:
        raise UserError(f"{target}: cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Ingested(rows, sentinels, sorted(set().union(*left_out)))


def _convert(
    connection: duckdb.DuckDBPyConnection,
    survey: Survey,
    file: Path,
    work: Path,
    number: int,
    renames: dict[str, str] | None,
    units: dict[str, str] | None,
    run: Callable[[duckdb.DuckDBPyConnection, str], None],
) -> set[str]:
    """One file to typed Parquet in the survey's names and units; returns the columns that it leaves out."""
    source = open_file(connection, file)
    try:
        chosen = _choose(survey, source, renames or {})
        fields = [
            _field(survey, column, chosen.get(name), source, units or {}) for name, column in survey.columns.items()
        ]
        query = f"select {', '.join(fields)} from {source.relation}"
        try:
            run(
                connection,
                f"copy ({query}) to {quoted(work / f'{number}.typed.parquet')} (format parquet, compression zstd)",
            )
        except (
            duckdb.ConversionException,
            duckdb.InvalidInputException,
            duckdb.OutOfRangeException,
        ) as error:
            raise UserError(_bad_value(connection, survey, source, chosen, error)) from None
    finally:
        source.close()
    used = set(chosen.values()) | {column.by for column in survey.columns.values()}
    return set(source.columns) - used


def _choose(survey: Survey, source: Source, renames: dict[str, str]) -> dict[str, str]:
    """Survey column to file column: by --rename, by name, by another known name; case does not matter."""
    for theirs, ours in renames.items():
        if theirs not in source.columns:
            raise UserError(f"{source.path}: --rename {theirs}={ours}: the file has no column {theirs}")
        if ours not in survey.columns:
            raise UserError(f"--rename {theirs}={ours}: survey {survey.name} has no column {ours}")
    by_case = {name.lower(): name for name in source.columns if name not in renames}
    chosen = {ours: theirs for theirs, ours in renames.items()}
    for name, column in survey.columns.items():
        known = [name, *column.aka]
        found = next((by_case[k.lower()] for k in known if k.lower() in by_case), None)
        if name not in chosen and found and not column.derived:
            chosen[name] = found
        if name not in chosen and column.required:
            raise UserError(
                f"{source.path}: column {name} is missing; {survey.path} expects it. "
                f"If yours has another name, use --rename THEIRS={name}"
            )
    return chosen


def _field(survey: Survey, column: Column, theirs: str | None, source: Source, units: dict[str, str]) -> str:
    """The SQL that makes one column of the survey from the file."""
    name = f'"{column.name}"'
    if column.constant is not None:
        return f"{column.constant}::{column.type} as {name}"
    if column.by:
        cases = " ".join(f"when {quoted(k)} then {v}" for k, v in column.values.items())
        return f'(case "{column.by}" {cases} end)::{column.type} as {name}'
    if theirs is None:
        return f"null::{column.type} as {name}"
    value = f'"{_escaped(theirs)}"'
    if source.is_text:
        value = f"trim({value})"
    factor = _factor(column, source, theirs, units.get(column.name))
    typed = f"{value}::{column.type}"
    if factor != 1:
        typed = f"({value}::DOUBLE * {factor!r})::{column.type}"
    return f"{typed} as {name}"


def _factor(column: Column, source: Source, theirs: str, stated: str | None) -> float:
    """From the file's unit to the survey's; 1 where the file does not say."""
    unit = stated or source.columns[theirs].unit
    if not unit or not column.unit or column.unit == "dex" or column.type not in NUMERIC:
        return 1.0
    try:
        return float(u.Unit(unit, parse_strict="raise").to(u.Unit(column.unit)))
    except (ValueError, TypeError, u.UnitConversionError):
        raise UserError(
            f"{source.path}: column {theirs} is in {unit!r}, which cannot be converted to {column.unit} of "
            f"{column.name}; if the file is wrong, say --unit {column.name}={column.unit}"
        ) from None


def _bad_value(
    connection: duckdb.DuckDBPyConnection,
    survey: Survey,
    source: Source,
    chosen: dict[str, str],
    error: Exception,
) -> str:
    """Name the first value that does not fit its column."""
    if source.is_text:
        for name, theirs in chosen.items():
            kind = survey.columns[name].type
            value = f'trim("{_escaped(theirs)}")'
            try:
                row = first_row(
                    connection,
                    f"select {value} from {source.relation} "
                    f"where {value} is not null and try_cast({value} as {kind}) is null limit 1",
                )
            except duckdb.Error:
                break
            if row:
                return f"{source.path}: column {theirs} holds {row[0]!r}, which is no {kind}; mend the file or its delimiter"
    return f"{source.path}: {str(error).splitlines()[0]}"


def _is_sentinel(survey: Survey, name: str) -> str:
    listed = ", ".join(f"{s!r}::{survey.columns[name].type}" for s in survey.sentinels)
    return f'"{name}" in ({listed})'


def _sentinel_columns(survey: Survey) -> list[str]:
    if not survey.sentinels:
        return []
    positions = (survey.id, survey.ra, survey.dec)
    return [n for n, c in survey.columns.items() if c.type in ("REAL", "DOUBLE") and n not in positions]


def _count_sentinels(connection: duckdb.DuckDBPyConnection, survey: Survey, typed: str) -> dict[str, int]:
    columns = _sentinel_columns(survey)
    if not columns:
        return {}
    counts = ", ".join(f'count(*) filter (where {_is_sentinel(survey, name)} or isnan("{name}"))' for name in columns)
    row = first_row(connection, f"select {counts} from {typed}")
    return {name: n for name, n in zip(columns, row, strict=True) if n}


def _store(
    connection: duckdb.DuckDBPyConnection,
    survey: Survey,
    typed: str,
    path: Path,
    run: Callable[[duckdb.DuckDBPyConnection, str], None],
) -> None:
    """Sentinels and NaN to NULL, sorted by HEALPix, statistics that prune."""
    healpix.register(connection)
    sentinels = set(_sentinel_columns(survey))
    fields = []
    for name, column in survey.columns.items():
        value = f'"{name}"'
        if name in sentinels:
            value = f"if({_is_sentinel(survey, name)} or isnan({value}), null, {value})"
        elif column.type in ("REAL", "DOUBLE"):
            value = f"if(isnan({value}), null, {value})"
        fields.append(f'{value} as "{name}"')
    order = f'healpix_29("{survey.ra}", "{survey.dec}")' if survey.has_position else "null::bigint"
    query = f'select {order} as _healpix_29, {", ".join(fields)} from {typed} order by _healpix_29, "{survey.id}"'
    index = Column("_healpix_29", "BIGINT", ucd="pos.healpix", description="HEALPix index, order 29, NESTED")
    note = f"{survey.title}; {survey.citation}"
    options = f"format parquet, compression zstd, row_group_size {ROW_GROUP}, {kv_metadata([index, *survey.columns.values()], note)}"
    run(connection, f"copy ({query}) to {quoted(path)} ({options})")


def _escaped(name: str) -> str:
    return name.replace('"', '""')
