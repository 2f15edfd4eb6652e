"""Turns a catalog file into the survey's one sorted, typed Parquet file with its units in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from ..errors import RefusedFile, UserError
from ..workspace.change import remove
from ..workspace.connection import in_memory
from ..workspace.ledger import Run, execute
from ..workspace.query import first_row, parquet_rows, quoted
from . import healpix
from .checks import check_rows, facts_sql
from .elements import with_elements
from .fields import choose, first_misfit, is_sentinel, sexagesimal, takes_nan, typed_field
from .metadata import kv_metadata
from .readers import FileColumn, Source, hats, open_file, parquet, refusing, split_hdu
from .recognise import unread_photometry
from .releases import check_release
from .remote.address import Address, Place
from .remote.hats import fingerprint
from .survey import Column, Survey

ROW_GROUP = 122_880


#: Bytes that DuckDB takes in an ingest, whatever the size; what does not fit goes to the disk.
MEMORY = 256_000_000


#: Of what is read again at once and then removed: looking for words that repeat would cost two fifths of writing it.
PASSING = "format parquet, compression snappy, dictionary_size_limit 1"

READ_ERRORS = (
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
    duckdb.IOException,
    duckdb.SerializationException,
)


@dataclass(frozen=True)
class Ingested:
    """What an ingest did: rows stored, sentinels by column that became NULL, columns of the file left out, rows that
    stand in the HEALPix cell (0.4 mas) of another, those left out that look like photometry of no known band, files
    that do not show which release they are of, columns that sentinels and impossible values leave empty, and the
    versions of what was read at an address."""

    rows: int
    sentinels: dict[str, int]
    left_out: list[str]
    same_place: int = 0
    unknown_photometry: list[str] = field(default_factory=list)
    taken_as_told: list[str] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)
    from_afar: dict[str, str] = field(default_factory=dict)


def ingest(
    survey: Survey,
    files: Sequence[Place],
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
    files: Sequence[Place],
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
    of_several = target.with_name(f".{target.stem}.ingest")
    work = of_several if len(files) > 1 else target.with_name(f".{target.stem}.reading")
    keep = False
    try:
        if work != of_several:
            remove(of_several, target.parent)
        work.mkdir(parents=True, exist_ok=True)
        from_afar = {str(file): fingerprint(file) for file in files if isinstance(file, Address)}
        parts = [work / f"{_signature(survey, file, renames, units, from_afar)}.parquet" for file in files]
        _clear(work, set(parts))
        keep = len(files) > 1
        with in_memory(work / "spill", at_most=MEMORY) as connection:
            connection.execute("set preserve_insertion_order = false")
            left_out, said, unknown, told = _convert_all(connection, survey, files, parts, renames, units, run)
            keep = False
            sentinels, emptied, facts = _clean(connection, survey, parts)
            check_rows(connection, survey, "cleaned", facts, files, units)
            made = work / "sorted.parquet"
            _store(
                connection,
                survey,
                [_completed(survey, c, said.get(name)) for name, c in survey.columns.items()],
                made,
                run,
            )
            (rows,) = first_row(connection, f"select count(*) from {parquet_rows([made])}")
            same_place = _same_place(connection, survey, made)
        yield made, Ingested(rows, sentinels, sorted(left_out), same_place, unknown, told, emptied, from_afar)
    except OSError as error:
        raise RefusedFile(f"cannot be written ({error.strerror or error})", file=target) from None
    finally:
        if not keep:
            remove(work, target.parent)


def stored_in(path: Place) -> list[Path]:
    """The files here that a catalog's rows come from; of one behind an address there are none."""
    if isinstance(path, Address):
        return []
    return hats.partitions(path) if path.is_dir() else [split_hdu(path)[0]]


def _signature(
    survey: Survey, file: Place, renames: dict[str, str], units: dict[str, str], from_afar: dict[str, str]
) -> str:
    """Names what becomes of a file: another file, survey, rename or unit gives another name."""
    stats = [path.stat() for path in stored_in(file) if path.exists()]
    version = from_afar.get(str(file)) or [(stat.st_size, stat.st_mtime_ns) for stat in stats]
    seen = [str(file if isinstance(file, Address) else file.resolve()), version, survey, renames, units]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:32]


def _clear(work: Path, parts: set[Path]) -> None:
    """Take away what an ingest before has left, but for the files that it had finished and this one needs."""
    for path in work.iterdir():
        if path not in parts:
            remove(path, work)


def _convert_all(
    connection: duckdb.DuckDBPyConnection,
    survey: Survey,
    files: Sequence[Place],
    parts: list[Path],
    renames: dict[str, str],
    units: dict[str, str],
    run: Run,
) -> tuple[set[str], dict[str, FileColumn], list[str], list[str]]:
    """Each file to its part, unless that is there from before; returns the columns that are left out, what the first
    file says of those that are not, photometry of no known band in it, and the files that do not show their release.

    Raises
    ------
    UserError
        Also where a file lacks a column of the survey that another one has.
    """
    left_out: set[str] = set()
    said: dict[str, FileColumn] = {}
    unknown: list[str] = []
    as_told: list[str] = []
    first: tuple[Place, set[str]] | None = None
    for file, part in zip(files, parts, strict=True):
        source = with_elements(survey, open_file(connection, file, survey.layout, survey.hdu))
        try:
            if not check_release(connection, survey, source):
                as_told.append(file.name)
            with refusing(file):
                chosen = choose(survey, source, renames)
            if first is None:
                unknown = unread_photometry(survey, source, chosen)
            first = first or (file, set(chosen))
            said = said or {ours: source.columns[theirs] for ours, theirs in chosen.items()}
            _refuse_mixed(*first, file, set(chosen))
            read = _columns_to_read(survey, source, chosen)
            if not part.exists():
                with refusing(file):
                    _convert(connection, _in_first_units(survey, said), source, chosen, read, part, units, run)
        finally:
            source.close()
        unread = {column.part_of or name for name, column in source.columns.items() if name not in read}
        left_out |= (unread | {*source.left_out}) - {source.columns[name].part_of for name in read}
    return left_out, said, unknown, as_told


def _completed(survey: Survey, column: Column, said: FileColumn | None) -> Column:
    """A survey's column with the unit, UCD and description of the file where the survey is silent, and the epoch."""
    if column.name in (survey.ra, survey.dec) and isinstance(survey.epoch, float):
        column = replace(column, epoch=survey.epoch)
    if said is None:
        return column
    return replace(
        column,
        unit=column.unit or said.unit,
        ucd=column.ucd or said.ucd,
        description=column.description or said.description,
    )


def _in_first_units(survey: Survey, said: dict[str, FileColumn]) -> Survey:
    """The survey with the first file's unit where it says none itself, so that later files are converted to that."""
    columns = {n: replace(c, unit=c.unit or (said[n].unit if n in said else "")) for n, c in survey.columns.items()}
    return replace(survey, columns=columns)


def _refuse_mixed(first: Place, expected: set[str], file: Place, there: set[str]) -> None:
    for whole, lacking, names in ((first, file, expected - there), (file, first, there - expected)):
        if names:
            raise RefusedFile(
                f"has no column {min(names)}, which {whole} has; the files of one survey must have the same "
                "columns: leave those rows out, or add the column to the file, empty",
                file=lacking,
            )


def _columns_to_read(survey: Survey, source: Source, chosen: dict[str, str]) -> list[str]:
    wanted = {*chosen.values(), *(column.by for column in survey.columns.values() if column.by)}
    return sorted(wanted, key=list(source.columns).index)


def _refuse_unknown_units(survey: Survey, units: dict[str, str]) -> None:
    for name in units:
        if name not in survey.columns:
            raise UserError(f"--unit {name}={units[name]}: survey {survey.name} has no column {name}")


def _convert(
    connection: duckdb.DuckDBPyConnection,
    survey: Survey,
    source: Source,
    chosen: dict[str, str],
    read: list[str],
    part: Path,
    units: dict[str, str],
    run: Run,
) -> None:
    """One file to Parquet in the survey's names, types and units."""
    temporary = part.with_suffix(".tmp")
    try:
        in_parts = sexagesimal(connection, survey, source, chosen)
        fields = [
            typed_field(survey, c, chosen.get(name), source, units, in_parts) for name, c in survey.columns.items()
        ]
        query = f"select {', '.join(fields)} from {source.relation(read)}"
        run(connection, f"copy ({query}) to {quoted(temporary)} ({PASSING})")
        files = stored_in(source.path)
        if files and files[0].suffix.lower() in parquet.SUFFIXES:
            kept = {c: said for c, said in chosen.items() if not takes_nan(survey.columns[c], source.columns[said])}
            parquet.refuse_lost_values(connection, source, files, temporary, kept)
    except duckdb.Error as error:
        if failure := source.failure():
            raise failure from None
        if isinstance(error, READ_ERRORS):
            raise first_misfit(connection, survey, source, chosen, error) from None
        raise
    source.settled()
    temporary.replace(part)


def _clean(
    connection: duckdb.DuckDBPyConnection, survey: Survey, parts: list[Path]
) -> tuple[dict[str, int], list[str], dict[str, Any]]:
    """Make the view `cleaned`, where sentinels, NaN and infinities are NULL; returns how many there are by column, the
    columns that have nothing else, and the facts that the rows are checked by, of one scan."""
    rows = parquet_rows(parts)
    tests = {name: test for name, column in survey.columns.items() if (test := is_sentinel(survey, column))}
    fields = [f'if({tests[n]}, null, "{n}") as "{n}"' if n in tests else f'"{n}"' for n in survey.columns]
    connection.execute(f"create or replace temp view cleaned as select {', '.join(fields)} from {rows}")
    facts = facts_sql(survey)
    flagged = [f'count(*) filter (where "{name} is one")' for name in tests]
    left = [f'count("{name}")' for name in tests]
    flags = [f'{test} as "{name} is one"' for name, test in tests.items()]
    seen = f"select {', '.join([*fields, *flags])} from {rows}"
    found = first_row(connection, f"select {', '.join([*flagged, *left, *facts.values()])} from ({seen})")
    numbers = {name: n for name, n in zip(tests, found, strict=False) if n}
    n_left = dict(zip(tests, found[len(tests) :], strict=False))
    emptied = [name for name in numbers if not n_left[name]]
    return numbers, emptied, dict(zip(facts, found[2 * len(tests) :], strict=True))


def _store(connection: duckdb.DuckDBPyConnection, survey: Survey, columns: list[Column], path: Path, run: Run) -> None:
    """Sorted by HEALPix, so that the row groups' statistics prune; units and descriptions in the metadata."""
    healpix.register(connection)
    order = f'healpix_29("{survey.ra}", "{survey.dec}")' if survey.has_position else "null::bigint"
    fields = ", ".join(f'"{name}"' for name in survey.columns)
    query = f'select {order} as _healpix_29, {fields} from cleaned order by _healpix_29, "{survey.id}"'
    index = Column("_healpix_29", "BIGINT", ucd="pos.healpix", description="HEALPix index, order 29, NESTED")
    metadata = kv_metadata(connection, "cleaned", [index, *columns], f"{survey.title}; {survey.citation}")
    options = f"format parquet, compression zstd, compression_level 1, row_group_size {ROW_GROUP}, {metadata}"
    run(connection, f"copy ({query}) to {quoted(path)} ({options})")


def _same_place(connection: duckdb.DuckDBPyConnection, survey: Survey, path: Path) -> int:
    """Rows in the HEALPix cell of the row before, in a sorted file."""
    if not survey.has_position:
        return 0
    connection.execute("set preserve_insertion_order = true")
    (n,) = first_row(
        connection,
        "select count(*) filter (where here = before) from (select _healpix_29 as here, lag(_healpix_29) over () as "
        f"before from {parquet_rows([path])})",
    )
    return n
