"""Any catalog as Parquet with its own columns, where it is none yet."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from ..errors import RefusedFile
from ..udfs.names import identifier
from ..workspace.ledger import full_disk_told
from ..workspace.query import first_row, literal_path, quoted
from .prepare import READ_ERRORS
from .readers import FileColumn, Source, open_file, refusing
from .remote.address import Place

ROW_NUMBER = "file_row_number"


#: A whole number as a program writes it; one with zeros in front is a name.
WHOLE = "regexp_full_match({0}, '[+-]?(0|[1-9][0-9]*)')"
#: Type of a column of text to the test of each value; a whole number of more than 64 bits would lose digits.
GUESSED = {
    "bigint": f"{WHOLE} and try_cast({{0}} as bigint) is not null",
    "ubigint": f"{WHOLE} and try_cast({{0}} as ubigint) is not null",
    "double": "try_cast({0} as double) is not null and (not regexp_full_match({0}, '[+-]?[0-9]+') or "
    f"{WHOLE} and abs(try_cast({{0}} as hugeint)) <= {2**53})",
    "boolean": "lower({0}) in ('true', 'false')",
}


@dataclass(frozen=True)
class Theirs:
    """A user's catalog as Parquet: what goes after FROM, types by name, what its file says of them, the columns
    that no type here holds, which are not in it, and the file's own names of those that are."""

    relation: str
    types: dict[str, str]
    said: dict[str, FileColumn]
    file: Place
    left_out: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)


@contextmanager
def as_parquet(connection: duckdb.DuckDBPyConnection, file: Place, work: Path) -> Iterator[Theirs]:
    """The catalog, where it is no Parquet file as a copy in the folder `work`, which goes away again.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    source = open_file(connection, file)
    try:
        if ROW_NUMBER in map(str.lower, source.columns):
            raise RefusedFile(f"column {ROW_NUMBER} has a name that DuckDB keeps for itself; rename it", file=file)
        whole = _whole(source)
        names = _distinct(whole)
        path: Place = file
        if file.suffix.lower() != ".parquet" or any(c.sql != identifier(n) for n, c in whole.items()):
            work.mkdir(exist_ok=True)
            path = work / "rows.parquet"
            fields = ", ".join(f"{_declared(c)} as {identifier(names[n])}" for n, c in whole.items())
            query = f"select {fields} from {source.relation(list(whole))}"
            with refusing(file), full_disk_told():
                try:
                    connection.execute(f"copy ({query}) to {quoted(path)} (format parquet)")
                except duckdb.Error:
                    failure = source.failure()
                    if failure:
                        raise failure from None
                    _refuse_misfit(connection, source, whole)
                    raise
        rows = f"read_parquet([{literal_path(path)}], file_row_number = true, hive_partitioning = false)"
        with refusing(file):
            types = _types(connection, rows)
        guessed = [names[n] for n, c in whole.items() if c.is_text and not c.type]
        casts = _casts(connection, rows, guessed)
        if casts:
            rows = f"(select * replace ({', '.join(casts)}) from {rows})"
            types = _types(connection, rows)
        by_name = {names[name]: replace(c, name=names[name]) for name, c in whole.items()}
        said = {name: by_name.get(name, FileColumn(name, "")) for name in types}
        left_out = tuple(name for name in source.left_out if name not in whole)
        yield Theirs(rows, types, said, file, left_out, {names[name]: name for name in whole})
    except duckdb.Error as error:
        if failure := source.failure():
            raise failure from None
        if isinstance(error, READ_ERRORS):
            raise RefusedFile(f"cannot be read: {str(error).splitlines()[0]}", file=file) from None
        raise
    finally:
        source.close()
        shutil.rmtree(work, ignore_errors=True)


def _whole(source: Source) -> dict[str, FileColumn]:
    """The columns as the file has them: a vector of numbers is one, not its elements."""
    whole: dict[str, FileColumn] = {}
    for name, column in source.columns.items():
        if column.part_of in source.vectors:
            whole.setdefault(column.part_of, source.vectors[column.part_of])
        else:
            whole[name] = column
    return {**whole, **source.vectors}


def _declared(column: FileColumn) -> str:
    """The SQL of a column in the type that its file declares."""
    if column.is_text and column.type not in ("", "VARCHAR"):
        return f"trim({column.sql})::{column.type}"
    return column.sql


def _refuse_misfit(connection: duckdb.DuckDBPyConnection, source: Source, columns: dict[str, FileColumn]) -> None:
    """Name the first text that is not of the type that its file declares, if one is at fault."""
    for name, column in columns.items():
        if column.is_text and column.type not in ("", "VARCHAR"):
            row = first_row(
                connection,
                f"select {column.sql} from {source.relation([name])} "
                f"where {column.sql} is not null and try_cast(trim({column.sql}) as {column.type}) is null limit 1",
            )
            if row:
                raise RefusedFile(
                    f"column {name} holds {row[0]!r}, which is no {column.type}, as its header says; mend the file",
                    file=source.path,
                    column=name,
                    value=row[0],
                )


def _types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    rows = connection.execute(f"select column_name, column_type from (describe from {relation})").fetchall()
    return {name: kind for name, kind in rows if name != ROW_NUMBER}


def _distinct(columns: dict[str, FileColumn]) -> dict[str, str]:
    """Names that differ by more than case, since SQL does not tell `G` from `g`."""
    used: set[str] = set()
    names = {}
    for name in columns:
        other = name
        while other.lower() in used:
            other += "_2"
        used.add(other.lower())
        names[name] = other
    return names


def _casts(connection: duckdb.DuckDBPyConnection, rows: str, names: list[str]) -> list[str]:
    """Columns of text that hold nothing but numbers, as numbers."""
    if not names:
        return []
    tests = []
    for name in names:
        value = f"trim({identifier(name)})"
        tests += [f"count({value})", *(f"count(*) filter (where {test.format(value)})" for test in GUESSED.values())]
    counts = iter(first_row(connection, f"select {', '.join(tests)} from {rows}"))
    casts = []
    for name in names:
        n = next(counts)
        kinds = [kind for kind in GUESSED if next(counts) == n]
        if n and kinds:
            casts.append(f"trim({identifier(name)})::{kinds[0]} as {identifier(name)}")
    return casts
