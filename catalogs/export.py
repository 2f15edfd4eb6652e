"""Takes views out of a workspace: to files with units in them, and as columns added to other catalogs."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import duckdb

from ..errors import UserError
from ..sql.query import first_row, quoted
from ..sql.views import cut_values, explain_missing
from .survey import Column
from .writers import write_file


def export(connection: duckdb.DuckDBPyConnection, view: str, path: Path) -> int:
    """Write a view to Parquet, FITS or CSV with units, descriptions and provenance; returns the number of rows.

    Raises
    ------
    UserError
        If the view does not exist or is empty, or the file cannot be written.
    """
    columns = view_columns(connection, view)
    (rows,) = first_row(connection, f"select count(*) from {view}")
    if not rows:
        raise UserError(f"{view} has no rows; `candlesql info` shows what is made and what is missing")
    write_file(connection, f"select * from {view}", columns, provenance(connection, view), path)
    return rows


def view_columns(connection: duckdb.DuckDBPyConnection, view: str) -> list[Column]:
    """Name, type, unit and description of a view's columns.

    Raises
    ------
    UserError
        If there is no such view; the nearest names are shown.
    """
    schema, _, name = view.rpartition(".")
    rows = connection.execute(
        "select column_name, data_type, comment from duckdb_columns() "
        "where schema_name = ? and table_name = ? order by column_index",
        [schema or "main", name],
    ).fetchall()
    if not rows:
        raise UserError(explain_missing(connection, view))
    types = dict(connection.execute(f"select column_name, column_type from (describe {view})").fetchall())
    return [_described(name, "REAL" if types[name] == "FLOAT" else types[name], note or "") for name, _, note in rows]


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

    Columns that both have get the suffix `_candlesql`. By position, `ra` and `dec` [deg] of both are compared as they are.

    Raises
    ------
    UserError
        If the file lacks the columns, or nothing joins.
    """
    if (on is None) == (radius_arcsec is None):
        raise UserError("join: say either --on ID or --radius ARCSEC")
    theirs = _file_columns(connection, file)
    ours = view_columns(connection, view)
    source = f"read_parquet({quoted(file)})"
    if on is not None:
        _require(theirs, [on], file)
        condition = f'theirs."{on}"::varchar = ours.source_id::varchar'
        if theirs[on].startswith(("DOUBLE", "FLOAT")):
            raise UserError(
                f"{file}: {on} is stored as {theirs[on]}, which cannot hold 64-bit identifiers; mend the file"
            )
        if "INT" in theirs[on]:
            condition = f'theirs."{on}" = ours.source_id'
        joined = f"from {source} as theirs left join {view} as ours on {condition}"
    else:
        _require(theirs, ["ra", "dec"], file)
        joined = _by_position(connection, source, view, radius_arcsec or 0)
    kept = ", ".join(f'theirs."{name}"' for name in theirs)
    fields = [f'ours."{c.name}"' + (f' as "{c.name}_candlesql"' if c.name in theirs else "") for c in ours]
    query = f"select {kept}, {', '.join(fields)} {joined}"
    columns = [Column(name, kind) for name, kind in theirs.items()]
    columns += [Column(c.name + "_candlesql" * (c.name in theirs), c.type, c.unit, "", c.description) for c in ours]
    write_file(connection, query, columns, provenance(connection, view), out)
    found = "source_id_candlesql" if "source_id" in theirs else "source_id"
    rows, matched = first_row(connection, f'select count(*), count("{found}") from read_parquet({quoted(out)})')
    if not matched:
        raise UserError(f"{file}: none of its {rows:,} rows joins {view}; {out} has NULLs only")
    return rows, matched


def _by_position(connection: duckdb.DuckDBPyConnection, source: str, view: str, radius_arcsec: float) -> str:
    """The FROM clause that gives each row of the file its nearest star of the view."""
    numbered = f"(select *, row_number() over () as place from {source})"
    connection.execute(
        f'create or replace temp view moving_stars as select place as id, ra, "dec", 0.0 as pmra, 0.0 as pmdec, '
        f'2000.0 as epoch_yr from {numbered} where ra is not null and "dec" is not null'
    )
    connection.execute(
        f'create or replace temp view standing_stars as select source_id as id, ra, "dec", 2000.0 as epoch_yr from {view}'
    )
    pairs = (
        f"sphere.pairs('moving_stars', 'standing_stars', {radius_arcsec!r}::double, 2000.0::double, 0.0::double, "
        f"{_cell(radius_arcsec)!r}::double)"
    )
    best = f"select moving_id, arg_min(standing_id, (chord_squared, standing_id)) as star from {pairs} group by all"
    return (
        f"from {numbered} as theirs left join ({best}) as best on best.moving_id = theirs.place "
        f"left join {view} as ours on ours.source_id = best.star"
    )


def _cell(radius_arcsec: float) -> float:
    return max(1e-4, 4 * radius_arcsec * 4.84813681109536e-6 / 6)


def _file_columns(connection: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    try:
        rows = connection.execute(f"select column_name, column_type from (describe from read_parquet({quoted(file)}))")
        return dict(rows.fetchall())
    except duckdb.Error as error:
        raise UserError(f"{file}: not a readable Parquet file ({str(error).splitlines()[0]})") from None


def _require(columns: dict[str, str], names: list[str], file: Path) -> None:
    for name in names:
        if name not in columns:
            raise UserError(f"{file}: has no column {name}; it has {', '.join(list(columns)[:8])}")


def _described(name: str, kind: str, note: str) -> Column:
    unit, _, description = note[1:].partition("] ") if note.startswith("[") else ("", "", note)
    return Column(name, kind, unit, "", description)
