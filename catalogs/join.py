"""Adds a view's columns to a catalog of any format, by identifier or by position, without holding its rows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from ..errors import UserError
from ..sql.pairs import pairs_sql
from ..sql.query import first_row, identifier, quoted
from .export import named, plain, provenance, view_columns
from .fields import unit_factor
from .ingest import READ_ERRORS
from .readers import FileColumn, Source, open_file
from .survey import Column
from .writers import write_file

KEY = "source_id"
ROW_NUMBER = "file_row_number"
#: Formats whose values are text until they are looked at.
TEXT = (".csv", ".tsv", ".ecsv", ".mrt", ".vot", ".votable", ".xml")
#: A whole number as a program writes it; one with zeros in front is a name.
WHOLE = "[+-]?(0|[1-9][0-9]*)"
#: What files call the position, if they do not tell by UCD, in small letters.
PLACES = {"ra": ("ra", "raj2000", "ra_icrs", "_raj2000"), "dec": ("dec", "dej2000", "de_icrs", "_dej2000", "decj2000")}


@dataclass(frozen=True)
class Theirs:
    """A user's catalog as Parquet: what goes after FROM, types by name, and what its file says of them."""

    relation: str
    types: dict[str, str]
    said: dict[str, FileColumn]
    file: Path


def join(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    out: Path,
    view: str,
    on: str | None = None,
    radius_arcsec: float | None = None,
) -> tuple[int, int]:
    """Add a view's columns to a catalog, by identifier or by position; returns rows and rows that found a star.

    Every row of the catalog stays, once. Columns that both have get the suffix `_candlesql`. By position, those
    of both are compared as they are, and the nearest star is taken.

    Raises
    ------
    UserError
        If the file lacks the columns, its identifiers have lost digits, the view has a star twice, or nothing joins.
    """
    if (on is None) == (radius_arcsec is None):
        raise UserError("join: say either --on ID or --radius ARCSEC")
    if not out.parent.is_dir():
        raise UserError(f"{out}: folder {out.parent} does not exist")
    ours = view_columns(connection, view)
    _refuse_repeated(connection, view, ours)
    with as_parquet(connection, file, out.with_name(f".{out.name}.join")) as theirs:
        joined = (
            _by_id(theirs, view, on) if on is not None else _by_position(connection, theirs, view, radius_arcsec or 0)
        )
        rows, matched = first_row(connection, f'select count(*), count(ours."{KEY}") {joined}')
        if not matched:
            raise UserError(
                f"{file}: none of its {rows:,} rows joins {view}; are its identifiers or positions of that survey?"
            )
        columns = [Column(n, plain(theirs.types[n]), c.unit, c.ucd, c.description) for n, c in theirs.said.items()]
        added = _new_names(theirs.types, ours)
        kept = ", ".join(f"theirs.{identifier(name)}" for name in theirs.types)
        fields = ", ".join(f'ours."{column.name}" as {identifier(added[column.name])}' for column in ours)
        columns += [replace(column, name=added[column.name]) for column in ours]
        note = f"{file.name}, and\n{provenance(connection, view)}"
        write_file(connection, f"select {kept}, {fields} {joined}", columns, note, out)
    return rows, matched


@contextmanager
def as_parquet(connection: duckdb.DuckDBPyConnection, file: Path, work: Path) -> Iterator[Theirs]:
    """The catalog, where it is no Parquet file as a copy in the folder `work`, which goes away again.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    source = open_file(connection, file)
    try:
        if ROW_NUMBER in map(str.lower, source.columns):
            raise UserError(f"{file}: column {ROW_NUMBER} has a name that DuckDB keeps for itself; rename it")
        names = _distinct(source)
        path = file
        if file.suffix.lower() != ".parquet":
            work.mkdir(exist_ok=True)
            path = work / "rows.parquet"
            fields = ", ".join(f"{c.sql} as {identifier(names[n])}" for n, c in source.columns.items())
            query = f"select {fields} from {source.relation(list(source.columns))}"
            connection.execute(f"copy ({query}) to {quoted(path)} (format parquet)")
        rows = f"read_parquet([{quoted(path)}], file_row_number = true)"
        types = _types(connection, rows)
        if next((s for s in reversed(file.suffixes) if s != ".gz"), "").lower() in TEXT:
            casts = _casts(connection, rows, [n for n, kind in types.items() if kind == "VARCHAR"])
            rows = f"(select * replace ({', '.join(casts)}) from {rows})" if casts else rows
            types = _types(connection, rows)
        said = {name: replace(c, name=names[name]) for name, c in source.columns.items()}
        by_name = {c.name: c for c in said.values()}
        yield Theirs(rows, types, {name: by_name.get(name, FileColumn(name, "")) for name in types}, file)
    except READ_ERRORS as error:
        raise source.failure() or UserError(f"{file}: cannot be read: {str(error).splitlines()[0]}") from None
    finally:
        source.close()
        shutil.rmtree(work, ignore_errors=True)


def _types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    rows = connection.execute(f"select column_name, column_type from (describe from {relation})").fetchall()
    return {name: kind for name, kind in rows if name != ROW_NUMBER}


def _distinct(source: Source) -> dict[str, str]:
    """Names that differ by more than case, since SQL does not tell `G` from `g`."""
    used: set[str] = set()
    names = {}
    for name in source.columns:
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
        whole = f"regexp_full_match({value}, {quoted(WHOLE)})"
        tests += [
            f"count({value})",
            f"count(*) filter (where {whole} and try_cast({value} as bigint) is not null)",
            f"count(*) filter (where try_cast({value} as double) is not null and ({whole} or not "
            f"regexp_full_match({value}, '[+-]?[0-9]+')))",
        ]
    counts = first_row(connection, f"select {', '.join(tests)} from {rows}")
    casts = []
    for i, name in enumerate(names):
        n, whole, number = counts[3 * i : 3 * i + 3]
        if n and n in (whole, number):
            kind = "bigint" if n == whole else "double"
            casts.append(f"trim({identifier(name)})::{kind} as {identifier(name)}")
    return casts


def _place(theirs: Theirs, axis: str) -> str:
    """The SQL of a coordinate of their position in degrees, by its UCD or its name.

    Raises
    ------
    UserError
        If there is none, or it is in a unit of no angle.
    """
    by_ucd = [n for n, c in theirs.said.items() if c.ucd.lower().startswith(f"pos.eq.{axis};meta.main")]
    by_name = [name for wanted in PLACES[axis] for name in theirs.types if name.lower() == wanted]
    if not by_name + by_ucd:
        raise UserError(f"{theirs.file}: has no column {axis}; it has {', '.join(list(theirs.types)[:8])}")
    name = (by_name + by_ucd)[0]
    factor = unit_factor(theirs.said[name].unit, "deg")
    if factor is None:
        raise UserError(f"{theirs.file}: column {name} is in {theirs.said[name].unit!r}, which is no angle")
    return f"theirs.{identifier(name)}::double * {factor!r}"


def _by_id(theirs: Theirs, view: str, on: str) -> str:
    """The FROM clause that gives each row of the file the star that its column `on` names."""
    if on not in theirs.types:
        raise UserError(f"{theirs.file}: has no column {on}; it has {', '.join(list(theirs.types)[:8])}")
    kind = theirs.types[on]
    if kind in ("DOUBLE", "FLOAT"):
        raise UserError(
            f"{theirs.file}: {on} is stored as {kind}, which cannot hold 64-bit identifiers; mend the file, or join by "
            "position with --radius"
        )
    name = identifier(on)
    key = f"theirs.{name}" if "INT" in kind else f"try_cast(trim(theirs.{name}::varchar) as bigint)"
    return f"from {theirs.relation} as theirs left join {named(view)} as ours on {key} = ours.{KEY}"


def _by_position(connection: duckdb.DuckDBPyConnection, theirs: Theirs, view: str, radius_arcsec: float) -> str:
    """The FROM clause that gives each row of the file its nearest star of the view."""
    ra, dec = _place(theirs, "ra"), _place(theirs, "dec")
    _refuse_beyond_poles(connection, theirs, dec)
    moving = (
        f'select file_row_number as id, {ra} as ra, {dec} as "dec", '
        f"0.0::double as pmra, 0.0::double as pmdec, 2000.0::double as epoch_yr from {theirs.relation} as theirs"
    )
    standing = (
        f'select {KEY} as id, ra::double as ra, "dec"::double as "dec", 2000.0::double as epoch_yr from {named(view)}'
    )
    pairs = pairs_sql(connection, moving, standing, radius_arcsec)
    connection.execute(
        "create or replace temp table nearest_stars as select moving_id as place, "
        f"arg_min(standing_id, (chord_squared, standing_id)) as star from {pairs} group by moving_id"
    )
    return (
        f"from {theirs.relation} as theirs left join nearest_stars on nearest_stars.place = theirs.file_row_number "
        f"left join {named(view)} as ours on ours.{KEY} = nearest_stars.star"
    )


def _refuse_beyond_poles(connection: duckdb.DuckDBPyConnection, theirs: Theirs, dec: str) -> None:
    row = first_row(
        connection,
        f"select {dec}, count(*) over () from {theirs.relation} as theirs "
        f"where isfinite({dec}) and abs({dec}) > 90 order by file_row_number limit 1",
    )
    if row:
        raise UserError(
            f"{theirs.file}: its declination is {row[0]} deg ({row[1]:,} such rows), outside -90 to 90; mend the file, "
            "or leave the position empty"
        )


def _refuse_repeated(connection: duckdb.DuckDBPyConnection, view: str, columns: list[Column]) -> None:
    if KEY not in [column.name for column in columns]:
        raise UserError(f"{view} has no {KEY}, so it cannot be joined; red_clump.catalogue has")
    twice = first_row(
        connection, f"select {KEY}, count(*) from {named(view)} group by {KEY} having count(*) > 1 order by 1 limit 1"
    )
    if twice:
        raise UserError(f"{view} has {KEY} {twice[0]} in {twice[1]} rows; join a view with one row a star")


def _new_names(taken: dict[str, str], columns: list[Column]) -> dict[str, str]:
    """Names for the added columns that differ from all others, whatever the case."""
    used = {name.lower() for name in taken}
    names = {}
    for column in columns:
        name = column.name
        while name.lower() in used:
            name += "_candlesql"
        used.add(name.lower())
        names[column.name] = name
    return names
