"""`candlesql join`: a view's columns added to a catalog of any format, by identifier or by position."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb

from ..catalogs.any_table import Theirs, as_parquet
from ..catalogs.metadata import plain
from ..catalogs.survey import Column
from ..catalogs.units import conversion, in_brackets
from ..catalogs.writers import write_file
from ..errors import UserError
from ..sql.describe import named, provenance, view_columns
from ..workspace.query import first_row, identifier
from .steps.pairs import pairs_sql

KEY = "source_id"


#: What files call the position, if they do not tell by UCD, in small letters.
PLACES = {"ra": ("ra", "raj2000", "ra_icrs", "_raj2000"), "dec": ("dec", "dej2000", "de_icrs", "_dej2000", "decj2000")}


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
        raise UserError(f"folder {out.parent} does not exist", file=out)
    ours = view_columns(connection, view)
    _refuse_repeated(connection, view, ours)
    with as_parquet(connection, file, out.with_name(f".{out.name}.join")) as theirs:
        joined = (
            _by_id(theirs, view, on) if on is not None else _by_position(connection, theirs, view, radius_arcsec or 0)
        )
        rows, matched = first_row(connection, f'select count(*), count(ours."{KEY}") {joined}')
        if not matched:
            raise UserError(
                f"none of its {rows:,} rows joins {view}; are its identifiers or positions of that survey?", file=file
            )
        columns = [Column(n, plain(theirs.types[n]), c.unit, c.ucd, c.description) for n, c in theirs.said.items()]
        added = _new_names(theirs.types, ours)
        kept = ", ".join(f"theirs.{identifier(name)}" for name in theirs.types)
        fields = ", ".join(f'ours."{column.name}" as {identifier(added[column.name])}' for column in ours)
        columns += [replace(column, name=added[column.name]) for column in ours]
        note = f"{file.name}, and\n{provenance(connection, view)}"
        write_file(connection, f"select {kept}, {fields} {joined}", columns, note, out)
    return rows, matched


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
        raise UserError(f"has no column {axis}; it has {', '.join(list(theirs.types)[:8])}", file=theirs.file)
    name = (by_name + by_ucd)[0]
    made = None if in_brackets(theirs.said[name].unit) else conversion(theirs.said[name].unit, "deg")
    if made is None:
        raise UserError(f"column {name} is in {theirs.said[name].unit!r}, which is no angle", file=theirs.file)
    return f"({made.sql(f'theirs.{identifier(name)}::double')})"


def _by_id(theirs: Theirs, view: str, on: str) -> str:
    """The FROM clause that gives each row of the file the star that its column `on` names."""
    alike = [name for name in theirs.types if name.lower() == on.lower()]
    if not alike:
        raise UserError(f"has no column {on}; it has {', '.join(list(theirs.types)[:8])}", file=theirs.file)
    on = on if on in alike else alike[0]
    kind = theirs.types[on]
    if kind in ("DOUBLE", "FLOAT"):
        raise UserError(
            f"{on} is stored as {kind}, which cannot hold 64-bit identifiers; mend the file, or join by "
            "position with --radius",
            file=theirs.file,
        )
    name = identifier(on)
    text = f"regexp_replace(trim(theirs.{name}::varchar), '^Gaia\\s*E?DR\\d\\s*', '', 'i')"
    key = f"theirs.{name}" if "INT" in kind else f"try_cast({text} as bigint)"
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
            f"its declination is {row[0]} deg ({row[1]:,} such rows), outside -90 to 90; mend the file, "
            "or leave the position empty",
            file=theirs.file,
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
