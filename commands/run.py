"""`candlesql run`: makes whatever a system lacks or has stale, in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import duckdb

from ..errors import UserError
from ..sql import files
from ..sql.open import writing
from ..sql.place import write_product
from ..sql.systems import SystemSteps, system_model, system_steps
from ..udfs.model import Model, load_model
from ..udfs.model_files import model_files
from ..workspace.folder import Sky, existing_sky
from ..workspace.ledger import Run, execute, is_fresh
from ..workspace.progress import run_with_bar
from ..workspace.query import first_row, literal_path
from . import nmsu
from .match import match_all
from .score import score, sources
from .steps.band_offsets import PRODUCT as OFFSETS
from .steps.band_offsets import offset_lines, write_band_offsets
from .steps.cuts import cuts_applied
from .steps.fitted import fitted_lines
from .steps.gradients import CHANGES, write_gradients, write_mock_changes
from .steps.gradients import PRODUCT as GRADIENTS
from .steps.inputs import read_columns
from .steps.notes import left_out
from .steps.spectral import score_spectra


def run_command(path: Path, system: str, cuts: dict[str, str]) -> Iterator[str]:
    """`candlesql run`: a line for each product made, then what the catalogue holds."""
    steps = system_steps(system)
    sky = existing_sky(path)
    with writing(path, whole=bool(cuts)) as connection:
        with cuts_applied(connection, cuts):
            for product, rows in run_system(connection, sky, system, run_with_bar("running")).items():
                yield f"{product}: {rows:,} rows"
            (n_rows,) = first_row(connection, f"select count(*) from {steps.catalogue}")
            if not n_rows:
                if system == "red_clump":
                    yield from offset_lines(connection)
                raise UserError(f"{steps.catalogue} is empty: no star passes; {_where_lost(connection, steps)}")
        yield f"{steps.catalogue}: {n_rows:,} rows"
        yield from fitted_lines(connection, system)
        if system == "red_clump":
            yield from offset_lines(connection)


def _where_lost(connection: duckdb.DuckDBPyConnection, steps: SystemSteps) -> str:
    """Why the scored stars are not in the catalogue, or where to look for the cut that takes every star."""
    refused = left_out(connection) if steps.name == "red_clump" else ""
    if refused:
        return f"{refused}, see {steps.name}.refusals"
    texts = {item.name: item.body for item in files.items()}
    if f"{steps.name}.funnel" in texts:
        return f"{steps.name}.funnel counts what each cut takes"
    named = re.findall(r"cuts\.(\w+)", texts[steps.catalogue])
    return f"loosen {' or '.join(named)} with --cut"


def run_system(connection: duckdb.DuckDBPyConnection, sky: Sky, system: str, run: Run = execute) -> dict[str, int]:
    """Make what is missing or stale, in order; returns the rows of each product made."""
    made = match_all(connection, sky, system, run)
    if system_steps(system).spectra:
        return made | score_spectra(connection, sky, system_steps(system), run, only_stale=True)
    model = system_model(sky, system)
    if not _scores_are_fresh(connection, sky, system_steps(system), model):
        made[f"{system}.scores"] = score(connection, sky, system)
    labels = _found_once(connection, system_steps(system).labelled)
    made |= score_baseline(connection, sky, system_steps(system), run, labels)
    if system == "red_clump":
        written = {
            GRADIENTS: write_gradients(connection, sky, labels),
            CHANGES: write_mock_changes(connection, sky),
            OFFSETS: write_band_offsets(connection, sky, run),
        }
        made |= {product: rows for product, rows in written.items() if rows}
    return made | (nmsu.infer_stale(connection, sky) if system == "distmass" else {})


def _found_once(connection: duckdb.DuckDBPyConnection, view: str) -> Callable[[], str]:
    """Gives a table of a view's rows, which are found when it is first asked for."""

    @cache
    def table() -> str:
        connection.execute(f"create or replace temp table labelled_stars as from {view}")
        return "labelled_stars"

    return table


def _scores_are_fresh(connection: duckdb.DuckDBPyConnection, sky: Sky, steps: SystemSteps, model: Model) -> bool:
    """Whether the scores are of these catalogs and networks, and hold each star as the cuts in force leave it."""
    product, models = f"{steps.name}.scores", {model.name: model.sha256}
    if not is_fresh(connection, product, sources(sky), models, steps.scoring_cuts):
        return False
    if not holds(connection, sorted((sky.scores / steps.name).glob("*.parquet")), steps.carries):
        return False
    picked = steps.scored != product
    return not picked or not first_row(connection, f"select 1 from {steps.name}.unscored limit 1")


def holds(connection: duckdb.DuckDBPyConnection, parts: list[Path], columns: tuple[str, ...]) -> bool:
    """Whether the files have all these columns: those of an earlier version may lack some."""
    if not parts or not columns:
        return True
    found = connection.execute(f"select name from parquet_schema({literal_path(parts[0])})").fetchall()
    return set(columns) <= {name for (name,) in found}


def score_baseline(
    connection: duckdb.DuckDBPyConnection, sky: Sky, steps: SystemSteps, run: Run, labels: Callable[[], str]
) -> dict[str, int]:
    """What the baseline says of the labelled stars, where it was trained on other tables than these; `labels` gives a
    relation of their rows."""
    name, product = f"{steps.name}_baseline", f"{steps.name}.baseline"
    path = model_files(sky.models).get(name)
    if not steps.labels or path is None or path.parent == sky.models:
        return {}
    model = load_model(path)
    if is_fresh(connection, product, sources(sky), {name: model.sha256}, files.cuts_of(steps.labels)):
        return {}
    arguments = ", ".join(read_columns(model, steps.carries).values())
    query = f"select {steps.id}, unnest({name}_net({arguments})) from {labels()}"
    target = sky.results / f"{name}.parquet"
    made_by = f"run {steps.name}"
    rows = write_product(connection, sky, product, query, target, made_by, sources(sky), {name: model.sha256}, run)
    return {product: rows} if rows else {}
