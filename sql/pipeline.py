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
from .query import first_row
from .workspace import Sky


@dataclass(frozen=True)
class SystemSteps:
    """From `systems.toml`: where a system's rows come from and which matches it reads."""

    name: str
    inputs: str
    id: str
    base: str
    neighbours: tuple[str, ...]
    catalogue: str


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
    return SystemSteps(name=name, **(entry | {"neighbours": tuple(entry["neighbours"])}))


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
        if stale or not sky.match(steps.base, name).exists():
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
    path = model_files(sky.models).get(system)
    if path is None:
        raise UserError(f"there is no model for {system}; train one with `candlesql train {sky.root} {system}`")
    return load_model(path)


def score(connection: duckdb.DuckDBPyConnection, sky: Sky, system: str, run: Run = execute) -> int:
    """Write the networks' outputs for every star that has all their inputs; returns the number of stars.

    Raises
    ------
    UserError
        If the inputs lack a column, or no star has all of them.
    """
    steps, model = system_steps(system), system_model(sky, system)
    _check_inputs(connection, steps, model)
    arguments = ", ".join(f'"{field.name}"' for field in model.inputs)
    complete = " and ".join(f'"{field.name}" is not null' for field in model.inputs)
    query = f"select {steps.id}, unnest({model.name}_net({arguments})) from {steps.inputs} where {complete}"
    rows = write_product(
        connection,
        sky,
        f"{system}.scores",
        query,
        sky.scores / system / "part-0.parquet",
        f"score {system}",
        _sources(sky),
        {model.name: model.sha256},
        run,
    )
    if not rows:
        raise UserError(_nothing_to_score(connection, steps, model))
    return rows


def run_system(connection: duckdb.DuckDBPyConnection, sky: Sky, system: str, run: Run = execute) -> dict[str, int]:
    """Make what is missing or stale, in order; returns the rows of each product made."""
    made = match_all(connection, sky, system, run)
    model = system_model(sky, system)
    if not is_fresh(connection, f"{system}.scores", _sources(sky), {model.name: model.sha256}):
        made[f"{system}.scores"] = score(connection, sky, system, run)
    return made


def _sources(sky: Sky) -> list:
    return sorted([*sky.catalogs.glob("*.parquet"), *sky.matches.glob("*.parquet")])


def _check_inputs(connection: duckdb.DuckDBPyConnection, steps: SystemSteps, model: Model) -> None:
    names = [row[0] for row in connection.execute(f"describe select * from {steps.inputs}").fetchall()]
    missing = [field.name for field in model.inputs if field.name not in names]
    if missing:
        raise UserError(f"{model.path}: wants {missing[0]}, which {steps.inputs} lacks; train a model on what is there")


def _nothing_to_score(connection: duckdb.DuckDBPyConnection, steps: SystemSteps, model: Model) -> str:
    counts = ", ".join(f'count("{field.name}")' for field in model.inputs)
    row = first_row(connection, f"select count(*), {counts} from {steps.inputs}")
    if not row[0]:
        return (
            f"{steps.inputs} has no rows: ingest a catalog, or see {steps.name}.funnel for the cut that takes them all"
        )
    empty = [field.name for field, n in zip(model.inputs, row[1:], strict=True) if not n]
    what = f"none has {empty[0]}" if empty else f"none has all of {', '.join(f.name for f in model.inputs)}"
    return (
        f"{model.path.name} cannot score {row[0]:,} stars of {steps.inputs}: {what}; ingest and match the survey that "
        f"has it, or train on what is there with `candlesql train SKY {steps.name}`"
    )
