"""`candlesql join`: a view's columns added to a catalog of any format, by identifier or by position."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb

from ..catalogs.any_table import Theirs, as_parquet
from ..catalogs.checks import Rows, check_places, place_facts
from ..catalogs.metadata import plain
from ..catalogs.readers import split_hdu
from ..catalogs.readers.sexagesimal import PATTERN, degrees
from ..catalogs.remote.address import Place
from ..catalogs.survey import Column
from ..catalogs.units import conversion, in_brackets
from ..catalogs.writers import refuse_existing, write_file
from ..errors import UserError
from ..sql.describe import named, placed, provenance, view_columns
from ..udfs.names import identifier
from ..workspace.query import first_row, quoted
from .steps.pairs import pairs_sql

KEY = "source_id"


#: What files call the position, if they do not tell by UCD, in small letters.
PLACES = {"ra": ("ra", "raj2000", "ra_icrs", "_raj2000"), "dec": ("dec", "dej2000", "de_icrs", "_dej2000", "decj2000")}


def join(
    connection: duckdb.DuckDBPyConnection,
    file: Place,
    out: Path,
    view: str,
    on: str | None = None,
    radius_arcsec: float | None = None,
    overwrite: bool = False,
    tell: Callable[[str], None] = print,
) -> tuple[int, int]:
    """Add a view's columns to a catalog, by identifier or by position; returns rows and rows that found a star.

    Every row of the catalog stays, once; columns that cannot be read are told. Columns that both have get the suffix
    `_candlesql`. By position, those of both are compared as they are, and the nearest star is taken.

    Raises
    ------
    UserError
        If the file lacks the columns, its identifiers have lost digits or are of another Gaia release, its positions
        are none, the view has a star twice, nothing joins, or `out` is there already.
    """
    if (on is None) == (radius_arcsec is None):
        raise UserError("join: say either --on ID or --radius ARCSEC")
    if isinstance(file, Path) and out.exists() and out.samefile(split_hdu(file)[0]):
        raise UserError("is the catalog that is joined; write the result to another name", file=out)
    refuse_existing(out, overwrite)
    ours = placed(connection, view_columns(connection, view), named(view), view)
    _refuse_repeated(connection, view, ours)
    with as_parquet(connection, file, out.with_name(f".{out.name}.join")) as theirs:
        joined = (
            _by_id(connection, theirs, view, on)
            if on is not None
            else _by_position(connection, theirs, view, radius_arcsec or 0)
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
        query = f"select {kept}, {fields} {joined} order by theirs.file_row_number"
        write_file(connection, query, columns, note, out)
    if theirs.left_out:
        tell(f"left out, since they cannot be read: {', '.join(theirs.left_out)}")
    return rows, matched


def _place(connection: duckdb.DuckDBPyConnection, theirs: Theirs, axis: str) -> str:
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
    value = f"theirs.{identifier(name)}"
    if theirs.types[name] == "VARCHAR":
        test = f"{value} is not null and not regexp_full_match(trim({value}), {quoted(PATTERN.pattern)})"
        row = connection.execute(f"select {value} from {theirs.relation} as theirs where {test} limit 1").fetchone()
        if row:
            raise UserError(f"column {name} holds {row[0]!r}, which is no position", file=theirs.file)
        return degrees(value, 15 if axis == "ra" else 1)
    made = None if in_brackets(theirs.said[name].unit) else conversion(theirs.said[name].unit, "deg")
    if made is None:
        raise UserError(f"column {name} is in {theirs.said[name].unit!r}, which is no angle", file=theirs.file)
    return f"({made.sql(f'{value}::double')})"


def _by_id(connection: duckdb.DuckDBPyConnection, theirs: Theirs, view: str, on: str) -> str:
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
    if "INT" not in kind:
        _refuse_other_release(connection, theirs, view, on)
    text = f"regexp_replace(trim(theirs.{name}::varchar), '^Gaia\\s*E?DR\\d\\s*', '', 'i')"
    key = f"theirs.{name}" if "INT" in kind else f"try_cast({text} as bigint)"
    return f"from {theirs.relation} as theirs left join {named(view)} as ours on {key} = ours.{KEY}"


def _refuse_other_release(connection: duckdb.DuckDBPyConnection, theirs: Theirs, view: str, on: str) -> None:
    """Refuse identifiers that say a Gaia release which is not that of the view's stars; EDR3 has those of DR3."""
    said = f"lower(regexp_extract(theirs.{identifier(on)}::varchar, '^\\s*Gaia\\s*E?(DR\\d)', 1, 'i'))"
    query = f"select distinct {said} from {theirs.relation} as theirs where {said} <> ''"
    releases = {f"gaia_{row[0]}" for row in connection.execute(query).fetchall()}
    surveys = {view.removeprefix("staging.")}
    if "survey" in [column.name for column in view_columns(connection, view)]:
        surveys = {row[0] for row in connection.execute(f"select distinct survey from {named(view)}").fetchall()}
    known = {survey for survey in surveys if re.fullmatch(r"gaia_dr\d", str(survey))}
    other = releases - known
    if known and other:
        raise UserError(
            f"column {on} has identifiers of {min(other).upper().replace('_', ' ')}, and {view} those of "
            f"{min(known).upper().replace('_', ' ')}; join by position with --radius",
            file=theirs.file,
        )


def _by_position(connection: duckdb.DuckDBPyConnection, theirs: Theirs, view: str, radius_arcsec: float) -> str:
    """The FROM clause that gives each row of the file its nearest star of the view."""
    ra, dec = _place(connection, theirs, "ra"), _place(connection, theirs, "dec")
    numbers = ", ".join(
        f'if(isfinite({value}), {value}, null) as "{name}"' for name, value in (("ra", ra), ("dec", dec))
    )
    places = f'(select file_row_number as "row", {numbers} from {theirs.relation} as theirs)'
    asked = place_facts("ra", '"dec"')
    found = first_row(connection, f"select {', '.join(asked.values())} from {places}")
    rows = Rows(connection, places, str(theirs.file), "row", "ra", "dec", "say that unit, {}, in the file")
    check_places(rows, dict(zip(asked, found, strict=True)))
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
