"""Turns a catalog file into the survey's one sorted, typed Parquet file with its units in it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ..errors import UserError
from ..sql.products import Run, execute, record, replaced
from ..sql.progress import run_with_bar
from ..sql.query import first_row, quoted
from ..sql.workspace import connect, find_sky, make_sky, refresh
from . import healpix
from .checks import check_rows
from .fields import choose, first_misfit, is_sentinel, typed_field
from .metadata import kv_metadata
from .readers import open_file
from .survey import Column, Survey, load_survey, read_survey

ROW_GROUP = 122_880
READ_ERRORS = (
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
    duckdb.IOException,
    duckdb.SerializationException,
)


@dataclass(frozen=True)
class Ingested:
    """What an ingest did: rows stored, sentinels by column that became NULL, columns of the file left out."""

    rows: int
    sentinels: dict[str, int]
    left_out: list[str]


def ingest_survey(path: Path, name: str, files: list[Path], renames: dict[str, str], units: dict[str, str]) -> Ingested:
    """`candlesql ingest`: into the workspace at `path`, made if need be; `name` may be the path of a survey file."""
    own = Path(name)
    surveys = find_sky(path).surveys
    survey = read_survey(own, surveys) if own.suffix == ".toml" else load_survey(name, surveys)
    sky = make_sky(path)
    connect(sky).close()
    started = time.time()
    target = sky.catalog(survey.name)
    run = run_with_bar(f"reading {survey.name}")
    with (
        prepared(survey, files, target, renames, units, run) as (made, done),
        connect(sky) as connection,
        replaced(made, target),
    ):
        if own.suffix == ".toml" and own.resolve() != (sky.surveys / own.name).resolve():
            shutil.copy(own, sky.surveys / own.name)
        refresh(connection, sky)
        said = f"ingest {survey.name} {' '.join(file.name for file in files)}"
        record(connection, f"staging.{survey.name}", said, files, {}, done.rows, time.time() - started)
    return done


def ingest(
    survey: Survey,
    files: list[Path],
    target: Path,
    renames: dict[str, str] | None = None,
    units: dict[str, str] | None = None,
) -> Ingested:
    """Read files of one survey, check them, and store them at `target`, which appears or changes only if all is well.

    The parameters and errors are those of `prepared`.
    """
    with prepared(survey, files, target, renames or {}, units or {}) as (made, done):
        made.replace(target)
    return done


@contextmanager
def prepared(
    survey: Survey,
    files: list[Path],
    target: Path,
    renames: dict[str, str],
    units: dict[str, str],
    run: Run = execute,
) -> Iterator[tuple[Path, Ingested]]:
    """The rows of files of one survey, checked and sorted by HEALPix index, in a Parquet file beside `target`.

    Parameters
    ----------
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
        impossible position, a damaged file, a full disk.
    """
    _refuse_unknown_units(survey, units)
    work = target.with_name(f".{target.stem}.ingest")
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir(parents=True)
        with duckdb.connect() as connection:
            connection.execute(f"set temp_directory = {quoted(work / 'spill')}")
            parts = [work / f"{number}.parquet" for number in range(len(files))]
            left_out = [
                _convert(connection, survey, file, part, renames, units, run)
                for file, part in zip(files, parts, strict=True)
            ]
            sentinels = _clean(connection, survey, parts)
            check_rows(connection, survey, "cleaned", files, units)
            made = work / "sorted.parquet"
            _store(connection, survey, made, run)
            (rows,) = first_row(connection, f"select count(*) from {quoted(made)}")
        yield made, Ingested(rows, sentinels, sorted(set().union(*left_out)))
    except OSError as error:
        raise UserError(f"{target}: cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _refuse_unknown_units(survey: Survey, units: dict[str, str]) -> None:
    for name in units:
        if name not in survey.columns:
            raise UserError(f"--unit {name}={units[name]}: survey {survey.name} has no column {name}")


def _convert(
    connection: duckdb.DuckDBPyConnection,
    survey: Survey,
    file: Path,
    part: Path,
    renames: dict[str, str],
    units: dict[str, str],
    run: Run,
) -> set[str]:
    """One file to Parquet in the survey's names, types and units; returns the columns that it leaves out."""
    source = open_file(connection, file)
    try:
        chosen = choose(survey, source, renames)
        read = sorted(
            {*chosen.values(), *(c.by for c in survey.columns.values() if c.by)}, key=list(source.columns).index
        )
        fields = [
            typed_field(survey, column, chosen.get(name), source, units) for name, column in survey.columns.items()
        ]
        query = f"select {', '.join(fields)} from {source.relation(read)}"
        try:
            run(connection, f"copy ({query}) to {quoted(part)} (format parquet, compression zstd)")
        except READ_ERRORS as error:
            raise source.failure() or first_misfit(connection, survey, source, chosen, error) from None
    finally:
        source.close()
    return {*source.columns, *source.left_out} - set(read)


def _clean(connection: duckdb.DuckDBPyConnection, survey: Survey, parts: list[Path]) -> dict[str, int]:
    """Make the view `cleaned`, where sentinels, NaN and infinities are NULL; returns how many there are by column."""
    rows = f"read_parquet([{', '.join(quoted(part) for part in parts)}])"
    tests = {name: test for name, column in survey.columns.items() if (test := is_sentinel(survey, column))}
    fields = [f'if({tests[n]}, null, "{n}") as "{n}"' if n in tests else f'"{n}"' for n in survey.columns]
    connection.execute(f"create or replace temp view cleaned as select {', '.join(fields)} from {rows}")
    if not tests:
        return {}
    counts = ", ".join(f"count(*) filter (where {test})" for test in tests.values())
    found = first_row(connection, f"select {counts} from {rows}")
    return {name: n for name, n in zip(tests, found, strict=True) if n}


def _store(connection: duckdb.DuckDBPyConnection, survey: Survey, path: Path, run: Run) -> None:
    """Sorted by HEALPix, so that the row groups' statistics prune; units and descriptions in the metadata."""
    healpix.register(connection)
    order = f'healpix_29("{survey.ra}", "{survey.dec}")' if survey.has_position else "null::bigint"
    fields = ", ".join(f'"{name}"' for name in survey.columns)
    query = f'select {order} as _healpix_29, {fields} from cleaned order by _healpix_29, "{survey.id}"'
    index = Column("_healpix_29", "BIGINT", ucd="pos.healpix", description="HEALPix index, order 29, NESTED")
    metadata = kv_metadata(
        connection, "cleaned", [index, *survey.columns.values()], f"{survey.title}; {survey.citation}"
    )
    run(
        connection,
        f"copy ({query}) to {quoted(path)} (format parquet, compression zstd, row_group_size {ROW_GROUP}, {metadata})",
    )
