"""Takes views out of a workspace: to files with units in them, and as columns added to other catalogs."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import duckdb

from ..errors import UserError
from ..sql.matching import pairs_sql
from ..sql.query import first_row, identifier, quoted
from ..sql.views import cut_values, explain_missing
from .readers import FileColumn, open_file
from .survey import SHIPPED, Column, read_survey
from .writers import write_file

KEY = "source_id"


def export(connection: duckdb.DuckDBPyConnection, view: str, path: Path) -> int:
    """Write a view to a file with units, descriptions and provenance; returns the number of rows.

    Raises
    ------
    UserError
        If the view does not exist or is empty, or the file cannot be written.
    """
    columns = view_columns(connection, view)
    (rows,) = first_row(connection, f"select count(*) from {_named(view)}")
    if not rows:
        raise UserError(f"{view} has no rows; `candlesql info` shows what is made and what is missing")
    fields = ", ".join(f"{identifier(c.name)}::{c.type} as {identifier(c.name)}" for c in columns)
    write_file(connection, f"select {fields} from {_named(view)}", columns, provenance(connection, view), path)
    return rows


def view_columns(connection: duckdb.DuckDBPyConnection, view: str) -> list[Column]:
    """Name, type, unit, UCD and description of a view's columns.

    Raises
    ------
    UserError
        If there is no such view; the nearest names are shown.
    """
    schema, _, name = view.rpartition(".")
    notes = connection.execute(
        "select column_name, comment from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? and table_name = ? order by column_index",
        [schema or "main", name],
    ).fetchall()
    if not notes:
        raise UserError(explain_missing(connection, view))
    types = dict(connection.execute(f"select column_name, column_type from (describe {_named(view)})").fetchall())
    ucds = _archive_ucds()
    columns = [_described(name, types[name], note or "") for name, note in notes]
    return [replace(c, ucd=ucds.get((c.name, c.unit, c.description), "")) for c in columns]


def provenance(connection: duckdb.DuckDBPyConnection, view: str) -> str:
    """What a file came from: version, view, products with their inputs' hashes, models and cuts."""
    runs = connection.execute("select product, inputs, models, made_at from candlesql.runs order by product").fetchall()
    lines = [f"{view} by candlesql {version('candlesql')}"]
    for product, inputs, models, made_at in runs:
        hashes = " ".join(f"{Path(p).name}:{h[:12]}" for p, h in json.loads(inputs).items())
        used = " ".join(f"{m}:{h[:12]}" for m, h in json.loads(models).items())
        lines.append(f"{product} made {made_at:%Y-%m-%dT%H:%M:%SZ} from {hashes} {used}".rstrip())
    return "\n".join([*lines, f"cuts {cut_values(connection)}"])


def join(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    out: Path,
    view: str,
    on: str | None = None,
    radius_arcsec: float | None = None,
) -> tuple[int, int]:
    """Add a view's columns to a Parquet catalog, by identifier or by position; returns rows and rows that found a star.

    Every row of the catalog stays, once. Columns that both have get the suffix `_candlesql`. By position, `ra` and
    `dec` [deg] of both are compared as they are, and the nearest star is taken.

    Raises
    ------
    UserError
        If the file lacks the columns, its identifiers have lost digits, the view has a star twice, or nothing joins.
    """
    if (on is None) == (radius_arcsec is None):
        raise UserError("join: say either --on ID or --radius ARCSEC")
    if file.suffix.lower() != ".parquet":
        raise UserError(f"{file}: join reads Parquet; `candlesql ingest` reads other formats")
    theirs = open_file(connection, file)
    ours = view_columns(connection, view)
    _refuse_repeated(connection, view, ours)
    source = f"read_parquet([{quoted(file)}])"
    types = dict(connection.execute(f"select column_name, column_type from (describe from {source})").fetchall())
    if on is not None:
        joined = _by_id(source, view, on, types, file)
    else:
        _require(types, ["ra", "dec"], file)
        joined = _by_position(connection, file, view, radius_arcsec or 0)
    rows, matched = first_row(connection, f'select count(*), count(ours."{KEY}") {joined}')
    if not matched:
        raise UserError(
            f"{file}: none of its {rows:,} rows joins {view}; are its identifiers or positions of that survey?"
        )
    said = {name: theirs.columns.get(name, FileColumn(name, "")) for name in types}
    columns = [Column(n, _plain(types[n]), c.unit, c.ucd, c.description) for n, c in said.items()]
    added = _new_names(types, ours)
    kept = ", ".join(f"theirs.{identifier(name)}" for name in types)
    fields = ", ".join(f'ours."{column.name}" as {identifier(added[column.name])}' for column in ours)
    columns += [replace(column, name=added[column.name]) for column in ours]
    write_file(connection, f"select {kept}, {fields} {joined}", columns, provenance(connection, view), out)
    return rows, matched


def _by_id(source: str, view: str, on: str, types: dict[str, str], file: Path) -> str:
    """The FROM clause that gives each row of the file the star that its column `on` names."""
    _require(types, [on], file)
    if types[on] in ("DOUBLE", "FLOAT"):
        raise UserError(
            f"{file}: {on} is stored as {types[on]}, which cannot hold 64-bit identifiers; mend the file, or join by "
            "position with --radius"
        )
    name = identifier(on)
    key = f"theirs.{name}" if "INT" in types[on] else f"try_cast(trim(theirs.{name}::varchar) as bigint)"
    return f"from {source} as theirs left join {_named(view)} as ours on {key} = ours.{KEY}"


def _by_position(connection: duckdb.DuckDBPyConnection, file: Path, view: str, radius_arcsec: float) -> str:
    """The FROM clause that gives each row of the file its nearest star of the view."""
    numbered = f"read_parquet([{quoted(file)}], file_row_number = true)"
    moving = (
        'select file_row_number as id, ra::double as ra, "dec"::double as "dec", 0.0::double as pmra, '
        f"0.0::double as pmdec, 2000.0::double as epoch_yr from {numbered}"
    )
    standing = (
        f'select {KEY} as id, ra::double as ra, "dec"::double as "dec", 2000.0::double as epoch_yr from {_named(view)}'
    )
    pairs = pairs_sql(connection, moving, standing, radius_arcsec)
    connection.execute(
        "create or replace temp table nearest_stars as select moving_id as place, "
        f"arg_min(standing_id, (chord_squared, standing_id)) as star from {pairs} group by moving_id"
    )
    return (
        f"from {numbered} as theirs left join nearest_stars on nearest_stars.place = theirs.file_row_number "
        f"left join {_named(view)} as ours on ours.{KEY} = nearest_stars.star"
    )


def _refuse_repeated(connection: duckdb.DuckDBPyConnection, view: str, columns: list[Column]) -> None:
    if KEY not in [column.name for column in columns]:
        raise UserError(f"{view} has no {KEY}, so it cannot be joined; red_clump.catalogue has")
    twice = first_row(
        connection, f"select {KEY}, count(*) from {_named(view)} group by {KEY} having count(*) > 1 order by 1 limit 1"
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


def _require(columns: dict[str, str], names: list[str], file: Path) -> None:
    for name in names:
        if name not in columns:
            raise UserError(f"{file}: has no column {name}; it has {', '.join(list(columns)[:8])}")


def _named(view: str) -> str:
    return ".".join(identifier(part) for part in view.split("."))


def _plain(kind: str) -> str:
    """The type to write: numbers that other formats do not know become DOUBLE."""
    if kind == "HUGEINT" or kind.startswith("DECIMAL"):
        return "DOUBLE"
    return "REAL" if kind == "FLOAT" else kind


def _described(name: str, kind: str, note: str) -> Column:
    unit, _, description = note[1:].partition("] ") if note.startswith("[") else ("", "", note)
    return Column(name, _plain(kind), unit, "", description)


def _archive_ucds() -> dict[tuple[str, str, str], str]:
    """UCDs of archive columns, by what a view still says of them."""
    surveys = [read_survey(path) for path in sorted(SHIPPED.glob("*.toml"))]
    return {(c.name, c.unit, c.description): c.ucd for survey in surveys for c in survey.columns.values()}
