"""What the commands of `cli.py` do to a workspace, one function each."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ..catalogs.survey import Survey, load_survey, survey_files
from ..errors import UserError
from ..udfs.functions import models_of
from . import files, pipeline
from .progress import run_with_bar
from .query import first_row, quoted
from .views import explain_missing, replace_cut
from .workspace import existing_sky, open_sky


def apply_cuts(connection: duckdb.DuckDBPyConnection, cuts: dict[str, str]) -> None:
    """Replace thresholds in the workspace for good, all or none; a published value takes its replacement away."""
    connection.begin()
    try:
        for name, value in cuts.items():
            differs = replace_cut(connection, name, value)
            connection.execute("delete from candlesql.cuts where name = ?", [name])
            if differs:
                connection.execute("insert into candlesql.cuts values (?, ?)", [name, value])
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


@contextmanager
def cuts_applied(connection: duckdb.DuckDBPyConnection, cuts: dict[str, str]) -> Iterator[None]:
    """Replace thresholds for good if the block ends well."""
    published = {name: cut.value for name, cut in files.cuts().items()}
    before = published | dict(connection.execute("select name, value from candlesql.cuts").fetchall())
    apply_cuts(connection, cuts)
    try:
        yield
    except BaseException as error:
        apply_cuts(connection, {name: before[name] for name in cuts})
        if cuts and isinstance(error, UserError):
            raise UserError(f"{error} (what --cut has changed is taken back)") from None
        raise


def score_command(path: Path, system: str) -> int:
    """`candlesql score`: the number of stars scored."""
    pipeline.system_steps(system)
    sky = existing_sky(path)
    with open_sky(path, read_only=False) as connection:
        return pipeline.score(connection, sky, system)


def run_command(path: Path, system: str, cuts: dict[str, str]) -> Iterator[str]:
    """`candlesql run`: a line for each product made, then what the catalogue holds."""
    steps = pipeline.system_steps(system)
    sky = existing_sky(path)
    with open_sky(path, read_only=False) as connection:
        with cuts_applied(connection, cuts):
            for product, rows in pipeline.run_system(connection, sky, system, run_with_bar("running")).items():
                yield f"{product}: {rows:,} rows"
            (n_rows,) = first_row(connection, f"select count(*) from {steps.catalogue}")
            if not n_rows:
                raise UserError(f"{steps.catalogue} is empty: no star passes; {_where_lost(steps)}")
        yield f"{steps.catalogue}: {n_rows:,} rows"


def _where_lost(steps: pipeline.SystemSteps) -> str:
    """Where to look for the cut that takes every star."""
    texts = {item.name: item.body for item in files.items()}
    if f"{steps.name}.funnel" in texts:
        return f"{steps.name}.funnel counts what each cut takes"
    named = re.findall(r"cuts\.(\w+)", texts[steps.catalogue])
    return f"loosen {' or '.join(named)} with --cut"


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
            statements = connection.extract_statements(query)
            if not statements:
                raise UserError('the query is empty; try "from red_clump.catalogue limit 5"')
            if form == "table":
                width = shutil.get_terminal_size((160, 40)).columns
                for statement in statements:
                    relation = connection.sql(statement)
                    if relation is not None:
                        relation.show(max_width=width, max_rows=60)
                return
            _copy_to_stdout(connection, query, form)
        except duckdb.Error as error:
            if is_ours(error):
                raise
            raise UserError(explain(connection, query, error)) from None


def is_ours(error: duckdb.Error) -> bool:
    """Whether the program is at fault, not the query: its traceback is wanted."""
    return isinstance(error, duckdb.InternalException) or "Traceback (most recent call last)" in str(error)


def explain(connection: duckdb.DuckDBPyConnection, query: str, error: duckdb.Error) -> str:
    """DuckDB's complaint about a user's query in one line; for a missing view the nearest names."""
    lines = str(error).split("\n")
    missing = re.search(r'Table with name "?([^"\s]+)"? does not exist', lines[0])
    if isinstance(error, duckdb.CatalogException) and missing:
        name = missing[1]
        named = re.search(rf"\b\w+\.{re.escape(name)}\b", query, re.IGNORECASE)
        return explain_missing(connection, named[0] if named else name)
    hint = next((line for line in lines[1:] if line.startswith(("Did you mean", "Candidate bindings"))), "")
    return f"{lines[0]} {hint}".strip()


def _copy_to_stdout(connection: duckdb.DuckDBPyConnection, query: str, form: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out"
        options = {"csv": "format csv, header", "json": "format json", "parquet": "format parquet"}[form]
        connection.execute(f"copy ({query.rstrip().rstrip(';')}\n) to {quoted(path)} ({options})")
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)


def describe_models(path: Path) -> Iterator[str]:
    """`candlesql models`: what each model file says of itself."""
    for model in models_of(existing_sky(path).models):
        yield f"{model.name}  {model.path}"
        yield f"  reads    {', '.join(_with_unit(f.name, f.unit) for f in model.inputs)}"
        yield f"  gives    {', '.join(_with_unit(f.name, f.unit) for f in model.outputs)}"
        for key in ("n_train", "training_sha256", "metrics", "domain", "citation", "version"):
            if key in model.metadata:
                yield f"  {key:<8} {model.metadata[key]}"
        yield f"  sha256   {model.sha256}"


def describe_sky(path: Path) -> Iterator[str]:
    """`candlesql info`: catalogs, products, and cuts that are not the published ones."""
    sky = existing_sky(path)
    with open_sky(path) as connection:
        yield f"{sky.root}  ({first_row(connection, 'select version from candlesql.state')[0]})"
        for name in survey_files(sky.surveys):
            if sky.catalog(name).exists():
                yield f"  {_catalog_line(connection, load_survey(name, sky.surveys))}"
        runs = connection.execute(
            "select product, n_rows, seconds, made_by, made_at from candlesql.runs order by made_at"
        ).fetchall()
        for product, rows, seconds, made_by, made_at in runs:
            yield f"  {product}: {rows:,} rows in {seconds:.1f} s by `{made_by}`, {made_at:%Y-%m-%d %H:%M}"
        changed = connection.execute("select name, value from candlesql.cuts order by name").fetchall()
        for name, value in changed:
            published = files.cuts().get(name)
            yield f"  cut {name} = {value}, {f'published {published.value}' if published else 'unknown here'}"
        if not changed:
            yield "  all cuts as published"


def _catalog_line(connection: duckdb.DuckDBPyConnection, survey: Survey) -> str:
    name = f"staging.{survey.name}"
    (rows,) = first_row(connection, f"select count(*) from {name}")
    if not survey.has_position:
        return f"{name}: {rows:,} rows"
    ra, dec = f'"{survey.ra}"', f'"{survey.dec}"'
    low, high, south, north = first_row(connection, f"select min({ra}), max({ra}), min({dec}), max({dec}) from {name}")
    if low is None:
        return f"{name}: {rows:,} rows without positions"
    return f"{name}: {rows:,} rows, ra {low:.2f} to {high:.2f}, dec {south:.2f} to {north:.2f} deg"


def _with_unit(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit else name
