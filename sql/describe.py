"""What a view is, for whoever takes it out: columns with unit, UCD and description, and provenance."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ..catalogs.survey import SHIPPED, Column, read_survey, survey_files
from ..errors import one_line
from ..udfs.names import identifier
from ..workspace.ledger import cut_values
from ..workspace.query import first_row
from .views import derived_columns, explain_missing

if TYPE_CHECKING:
    pass
from ..catalogs.metadata import plain


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
        "where database_name = current_database() and lower(schema_name) = ? and lower(table_name) = ? "
        "order by column_index",
        [(schema or "main").lower(), name.lower()],
    ).fetchall()
    if not notes:
        raise explain_missing(connection, view)
    types = dict(connection.execute(f"select column_name, column_type from (describe {named(view)})").fetchall())
    ucds = _archive_ucds()
    columns = [_described(name, types[name], note or "") for name, note in notes]
    return _with_errors([replace(c, ucd=ucds.get((c.name, c.unit, c.description), "")) for c in columns])


def _with_errors(columns: list[Column]) -> list[Column]:
    """The columns, each `NAME_error` with the UCD of an error of NAME."""
    known = {f"{column.name}_error": column.ucd.partition(";")[0] for column in columns if column.ucd}
    return [replace(c, ucd=f"stat.error;{known[c.name]}") if not c.ucd and c.name in known else c for c in columns]


def placed(connection: duckdb.DuckDBPyConnection, columns: list[Column], rows: str, view: str = "") -> list[Column]:
    """The columns of `rows`, which goes after FROM, those of the position with its epoch where all stars have one: that
    of the view's survey, or of the surveys that the rows name."""
    names = {view.removeprefix("staging.")} if view.startswith("staging.") else set()
    if not names and "survey" in [column.name for column in columns]:
        names = {row[0] for row in connection.execute(f"select distinct survey from {rows}").fetchall()}
    (database,) = first_row(connection, "select path from duckdb_databases() where database_name = current_database()")
    files = survey_files(Path(database).parent / "surveys" if database else None)
    epochs = [read_survey(files[name]).epoch for name in names if name in files]
    if not epochs or not isinstance(epochs[0], float) or any(epoch != epochs[0] for epoch in epochs):
        return columns
    return [replace(c, epoch=epochs[0]) if c.ucd.startswith("pos.eq.") else c for c in columns]


def provenance(connection: duckdb.DuckDBPyConnection, view: str, query: str | None = None) -> str:
    """What a file came from: version, view and its query, or the user's own, products with their inputs' hashes, models
    and cuts."""
    stored = (query,) if query else _definition(connection, view)
    view = "query" if query else view
    kinds = dict(connection.execute("select sha256, trained_on from candlesql.models").fetchall())
    runs = connection.execute(
        "select product, inputs, models, made_at, trained_on from candlesql.runs order by product"
    ).fetchall()
    lines = [f"{view} by candlesql {version('candlesql')}"]
    for product, inputs, models, made_at, trained_on in runs:
        said = json.loads(trained_on or "{}")
        hashes = " ".join(f"{Path(p).name}:{h[:12]}" for p, h in json.loads(inputs).items())
        used = " ".join(f"{m}:{h[:12]}{_kind(said.get(m) or kinds.get(h))}" for m, h in json.loads(models).items())
        lines.append(f"{product} made {made_at:%Y-%m-%dT%H:%M:%SZ} from {hashes} {used}".rstrip())
    lines.append(f"cuts {cut_values(connection)}")
    lines += [f"query {' '.join(stored[0].split())}"] if stored else []
    return "\n".join(one_line(line) for line in lines)


def _definition(connection: duckdb.DuckDBPyConnection, view: str) -> tuple | None:
    schema, _, name = view.rpartition(".")
    return first_row(
        connection,
        "select sql from duckdb_views() where database_name = current_database() and schema_name = ? and view_name = ?",
        [schema or "main", name],
    )


def _kind(trained_on: str | None) -> str:
    """What to say of a model beside its hash: that it knows simulated stars, where it does."""
    said = {"simulated": "simulated", "both": "simulated and real"}.get(trained_on or "")
    return f" (trained on {said} stars)" if said else ""


def named(view: str) -> str:
    return ".".join(identifier(part) for part in view.split("."))


def _described(name: str, kind: str, note: str) -> Column:
    unit, _, description = note[1:].partition("] ") if note.startswith("[") else ("", "", note)
    return Column(name, plain(kind), unit, "", description)


def _archive_ucds() -> dict[tuple[str, str, str], str]:
    """UCDs of archive and derived columns, by what a view still says of them."""
    surveys = [read_survey(path).columns for path in sorted(SHIPPED.glob("*.toml"))]
    return {
        (c.name, c.unit, c.description): c.ucd for columns in [*surveys, derived_columns()] for c in columns.values()
    }
