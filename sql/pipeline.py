"""Makes a system's products: scores of every star that has the inputs, and whatever they need before them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

import duckdb

from ..catalogs.survey import load_survey
from ..errors import UserError
from ..udfs.functions import model_files
from ..udfs.model import Model, load_model
from .files import ROOT
from .matching import match
from .products import Run, execute, is_fresh, write_product
from .scoring import score_in_parts
from .spectral import score_spectra
from .workspace import Sky


@dataclass(frozen=True)
class SystemSteps:
    """From `systems.toml`: where a system's rows come from, which matches it reads, the model that scores if it has
    several, the columns of its inputs that stand beside the scores, its labelled rows if a baseline judges them, and
    the file of its spectra if it reads those."""

    name: str
    inputs: str
    id: str
    base: str
    neighbours: tuple[str, ...]
    catalogue: str
    model: str = ""
    carries: tuple[str, ...] = ()
    labels: str = ""
    spectra: str = ""


def system_steps(name: str) -> SystemSteps:
    """What `run` and `score` do for a system.

    Raises
    ------
    UserError
        If there is no such system.
    """
    systems = tomllib.loads((ROOT / "systems.toml").read_text())
    if name not in systems:
        raise UserError(f"system {name!r} is unknown; there are {', '.join(systems)}")
    entry = systems[name]
    return SystemSteps(name=name, **(entry | {key: tuple(entry.get(key, ())) for key in ("neighbours", "carries")}))


def match_all(connection: duckdb.DuckDBPyConnection, sky: Sky, system: str, run: Run = execute) -> dict[str, int]:
    """Match the system's base survey with each ingested neighbour whose match is missing or stale."""
    steps = system_steps(system)
    made = {}
    base = sky.catalog(steps.base)
    for name in steps.neighbours if base.exists() else ():
        if not sky.catalog(name).exists():
            continue
        product = f"match.{steps.base}_{name}"
        stale = not is_fresh(connection, product, [base, sky.catalog(name)])
        if stale or not sky.match_files(steps.base, name):
            left, right = load_survey(steps.base, sky.surveys), load_survey(name, sky.surveys)
            made[product] = match(connection, sky, left, right, run=run)
    return made


def system_model(sky: Sky, system: str) -> Model:
    """The workspace's own model of a system, or the shipped one.

    Raises
    ------
    UserError
        If there is neither.
    """
    path = model_files(sky.models).get(system_steps(system).model or system)
    if path is None:
        raise UserError(f"there is no model for {system}; train one with `candlesql train {sky.root} {system}`")
    return load_model(path)


def score(connection: duckdb.DuckDBPyConnection, sky: Sky, system: str) -> int:
    """Write the networks' outputs for every star that has all their inputs; returns the number of stars."""
    steps = system_steps(system)
    if steps.spectra:
        return sum(score_spectra(connection, sky, steps).values())
    return score_in_parts(connection, sky, steps, system_model(sky, system), _sources(sky))


def run_system(connection: duckdb.DuckDBPyConnection, sky: Sky, system: str, run: Run = execute) -> dict[str, int]:
    """Make what is missing or stale, in order; returns the rows of each product made."""
    made = match_all(connection, sky, system, run)
    if system_steps(system).spectra:
        return made | score_spectra(connection, sky, system_steps(system), run, only_stale=True)
    model = system_model(sky, system)
    if not is_fresh(connection, f"{system}.scores", _sources(sky), {model.name: model.sha256}):
        made[f"{system}.scores"] = score(connection, sky, system)
    return made | score_baseline(connection, sky, system_steps(system), run)


def score_baseline(
    connection: duckdb.DuckDBPyConnection, sky: Sky, steps: SystemSteps, run: Run = execute, labels: str = ""
) -> dict[str, int]:
    """What the baseline says of the labelled stars, where it was trained on other tables than these; `labels` are their
    rows if they are at hand."""
    name, product = f"{steps.name}_baseline", f"{steps.name}.baseline"
    path = model_files(sky.models).get(name)
    if not steps.labels or path is None or path.parent == sky.models:
        return {}
    model = load_model(path)
    if is_fresh(connection, product, _sources(sky), {name: model.sha256}):
        return {}
    arguments = ", ".join(f'"{field.name}"' for field in model.inputs)
    query = f"select {steps.id}, unnest({name}_net({arguments})) from {labels or steps.labels}"
    target = sky.results / f"{name}.parquet"
    made_by = f"run {steps.name}"
    rows = write_product(connection, sky, product, query, target, made_by, _sources(sky), {name: model.sha256}, run)
    return {product: rows} if rows else {}


def _sources(sky: Sky) -> list:
    return sorted([*sky.catalogs.glob("*.parquet"), *sky.matches.glob("*.parquet")])
