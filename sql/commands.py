"""What the commands of `cli.py` do to a workspace, one function each."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from ..errors import UserError
from ..udfs.functions import models_of
from . import files, pipeline
from .progress import run_with_bar
from .query import first_row, quoted
from .views import explain_missing, replace_cut
from .workspace import Sky, find_sky, open_sky


def apply_cuts(connection: duckdb.DuckDBPyConnection, cuts: dict[str, str]) -> None:
    """Replace thresholds in the workspace for good; the published value takes the replacement away."""
    for name, value in cuts.items():
        replace_cut(connection, name, value)
        published = files.cuts()[name].value.strip("'")
        connection.execute("delete from candlesql.cuts where name = ?", [name])
        if value.strip("'") != published:
            connection.execute("insert into candlesql.cuts values (?, ?)", [name, value])


def score_command(path: Path, system: str) -> int:
    """`candlesql score`: the number of stars scored."""
    pipeline.system_steps(system)
    sky = _existing(path)
    with open_sky(path, read_only=False) as connection:
        return pipeline.score(connection, sky, system, run_with_bar("scoring"))


def run_command(path: Path, system: str, cuts: dict[str, str]) -> Iterator[str]:
    """`candlesql run`: a line for each product made, then what the catalogue holds."""
    steps = pipeline.system_steps(system)
    sky = _existing(path)
    with open_sky(path, read_only=False) as connection:
        apply_cuts(connection, cuts)
        for product, rows in pipeline.run_system(connection, sky, system, run_with_bar("running")).items():
            yield f"{product}: {rows:,} rows"
        (n_rows,) = first_row(connection, f"select count(*) from {steps.catalogue}")
        if not n_rows:
            raise UserError(f"{steps.catalogue} is empty: no star passes the selection; loosen a cut with --cut")
        yield f"{steps.catalogue}: {n_rows:,} rows"


def print_query(path: Path, query: str, form: str) -> None:
    """`candlesql sql`: print a query's result.

    Raises
    ------
    UserError
        For an unknown format, or a query that DuckDB refuses.
    """
    if form not in ("table", "csv", "json", "parquet"):
        raise UserError(f"--format {form}: it is one of table, csv, json, parquet")
    with open_sky(path) as connection:
        try:
            if form == "table":
                width = shutil.get_terminal_size((160, 40)).columns
                relation = connection.sql(query)
                if relation is not None:
                    relation.show(max_width=width, max_rows=60)
                return
            _copy_to_stdout(connection, query, form)
        except duckdb.Error as error:
            raise UserError(explain(connection, error)) from None


def explain(connection: duckdb.DuckDBPyConnection, error: duckdb.Error) -> str:
    """DuckDB's complaint about a user's query in one line; for a missing view the nearest names."""
    text = str(error)
    head = text.split("\n")[0]
    if isinstance(error, duckdb.CatalogException) and "Table with name" in head:
        line = next((row for row in text.split("\n") if row.startswith("LINE")), "")
        missing = head.split("Table with name ")[1].split(" does not")[0]
        named = next((m for m in files.NAME.finditer(line) if m.group(2) == missing), None)
        return explain_missing(connection, f"{named.group(1)}.{missing}" if named else missing)
    return head


def _copy_to_stdout(connection: duckdb.DuckDBPyConnection, query: str, form: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out"
        options = {"csv": "format csv, header", "json": "format json", "parquet": "format parquet"}[form]
        connection.execute(f"copy ({query.rstrip().rstrip(';')}) to {quoted(path)} ({options})")
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)


def describe_models(path: Path) -> Iterator[str]:
    """`candlesql models`: what each model file says of itself."""
    for model in models_of(_existing(path).models):
        yield f"{model.name}  {model.path}"
        yield f"  reads    {', '.join(_with_unit(f.name, f.unit) for f in model.inputs)}"
        yield f"  gives    {', '.join(_with_unit(f.name, f.unit) for f in model.outputs)}"
        for key in ("n_train", "training_sha256", "metrics", "domain", "citation", "version"):
            if key in model.metadata:
                yield f"  {key:<8} {model.metadata[key]}"
        yield f"  sha256   {model.sha256}"


def describe_sky(path: Path) -> Iterator[str]:
    """`candlesql info`: catalogs, products, and cuts that are not the published ones."""
    sky = _existing(path)
    with open_sky(path) as connection:
        yield f"{sky.root}  ({first_row(connection, 'select version from candlesql.state')[0]})"
        for catalog in sorted(sky.catalogs.glob("*.parquet")):
            yield f"  {_catalog_line(connection, catalog)}"
        runs = connection.execute(
            "select product, n_rows, seconds, made_by, made_at from candlesql.runs order by made_at"
        ).fetchall()
        for product, rows, seconds, made_by, made_at in runs:
            yield f"  {product}: {rows:,} rows in {seconds:.1f} s by `{made_by}`, {made_at:%Y-%m-%d %H:%M}"
        changed = connection.execute("select name, value from candlesql.cuts order by name").fetchall()
        for name, value in changed:
            yield f"  cut {name} = {value}, published {files.cuts()[name].value}"
        if not changed:
            yield "  all cuts as published"


def _catalog_line(connection: duckdb.DuckDBPyConnection, catalog: Path) -> str:
    names = [row[0] for row in connection.execute(f"describe staging.{catalog.stem}").fetchall()]
    (rows,) = first_row(connection, f"select count(*) from staging.{catalog.stem}")
    if not {"ra", "dec"} <= set(names):
        return f"staging.{catalog.stem}: {rows:,} rows"
    low, high, south, north = first_row(
        connection, f'select min(ra), max(ra), min("dec"), max("dec") from staging.{catalog.stem}'
    )
    return f"staging.{catalog.stem}: {rows:,} rows, ra {low:.2f} to {high:.2f}, dec {south:.2f} to {north:.2f} deg"


def _with_unit(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit else name


def _existing(path: Path) -> Sky:
    sky = find_sky(path)
    if not sky.database.exists():
        raise UserError(
            f"{sky.root}: no workspace here; make one with `candlesql demo {sky.root}` or `candlesql ingest`"
        )
    return sky
