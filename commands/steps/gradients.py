"""Derivatives of what a system's networks infer by each of their inputs, exact and by small steps, for labelled giants.

The query is written from the model file, so that a network of J, Ks and parallax has its derivatives too.
`red_clump.gradient_cells` and `red_clump.gradient_strength` read them.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from ...catalogs.mock.parameters import BANDS, CN_REFERENCE, CN_RESPONSE
from ...sql.files import cuts_of
from ...sql.place import write_product
from ...sql.systems import own_model, system_steps
from ...sql.views import products
from ...udfs.differentiable import is_differentiable
from ...udfs.model import Model
from ...udfs.names import identifier
from ...workspace.folder import Sky
from ...workspace.ledger import is_fresh
from ...workspace.query import quoted
from .inputs import read_columns

PRODUCT = "red_clump.gradients"
CHANGES = "red_clump.expected_changes"


def write_gradients(
    connection: duckdb.DuckDBPyConnection,
    sky: Sky,
    labels: Callable[[], str] = lambda: "red_clump.training",
    giants: str = "red_clump.evaluation",
) -> int | None:
    """Write the derivatives of the red clump networks for the labelled giants, if they are missing or stale.

    Parameters
    ----------
    connection
        Open for writing, with the workspace's networks.
    labels
        Gives a relation of the labelled stars; it is asked for only if something is to do.
    giants
        Which of them are giants.

    Returns
    -------
    int or None
        Rows written, one a giant and an input; None where nothing was to do.
    """
    model = own_model(sky, "red_clump")
    sources = sorted([*sky.catalogs.glob("*.parquet"), *sky.matches.glob("*.parquet")])
    cuts = cuts_of("red_clump.training", "red_clump.is_giant") | {"gradient_step"}
    if not is_differentiable(model) or is_fresh(connection, PRODUCT, sources, {model.name: model.sha256}, cuts):
        return None
    target = sky.results / "red_clump_gradients.parquet"
    query = gradient_query(model, labels(), giants)
    made_by, models = "run red_clump", {model.name: model.sha256}
    return write_product(connection, sky, PRODUCT, query, target, made_by, sources, models=models)


def write_mock_changes(connection: duckdb.DuckDBPyConnection, sky: Sky) -> int | None:
    """Write the changes of magnitude by [C/N] that a mock sky was made with, unless others are there."""
    target = sky.results / "red_clump_expected_changes.parquet"
    truth = sky.catalog("mock_truth")
    if target.exists() or not truth.exists():
        return None
    rows = ", ".join(
        f"({quoted(band)}, {float(change)}::real, {-CN_REFERENCE}::real, 'mock sky')"
        for band, change in zip(BANDS, CN_RESPONSE, strict=True)
    )
    query = f"select * from (values {rows}) as t(band, change_mag, change_cn_dex, origin)"
    return write_product(connection, sky, CHANGES, query, target, "run red_clump", [truth])


def gradient_query(model: Model, labels: str, evaluated: str) -> str:
    """A row for each labelled giant and input: `d_<output>` and `step_<output>` by it, in the model's units."""
    inputs = [field.name for field in model.inputs]
    kept = _kept_outputs(model)
    arguments = ", ".join(map(identifier, inputs))
    columns = read_columns(model, system_steps("red_clump").carries)
    read = ", ".join(f"({sql})::double as {identifier(name)}" for name, sql in columns.items())
    moved = [
        f"{model.name}_net({_moved(inputs, name, sign)}) as {identifier(f'{name} {sign}')}"
        for name in inputs
        for sign in "+-"
    ]
    parts = ", ".join(f"{{ {_derivatives(name, kept)} }}" for name in inputs)
    given = " and ".join(f"{identifier(name)} is not null" for name in inputs)
    return f"""
        with giants as (
            select survey, source_id, {read} from {labels} as labelled
            semi join {evaluated} as evaluated using (survey, source_id)
            where {given}
        ),
        inferred as (
            select survey, source_id, {model.name}_gradient({arguments}) as exact, {", ".join(moved)} from giants
        )
        select survey, source_id, unnest([{parts}], recursive := true) from inferred
    """


def _kept_outputs(model: Model) -> list[str]:
    """Those outputs whose derivatives the product has columns for."""
    columns = products()[PRODUCT]["columns"]
    return [field.name for field in model.outputs if f"d_{field.name}" in columns]


def _moved(inputs: list[str], moved: str, sign: str) -> str:
    return ", ".join(f"{identifier(name)}{f' {sign} cuts.gradient_step()' * (name == moved)}" for name in inputs)


def _derivatives(name: str, outputs: list[str]) -> str:
    exact = [f"'d_{output}': exact.{identifier(output)}.{identifier(name)}" for output in outputs]
    up, down = identifier(f"{name} +"), identifier(f"{name} -")
    steps = [
        f"'step_{o}': ({up}.{identifier(o)} - {down}.{identifier(o)}) / (2 * cuts.gradient_step())" for o in outputs
    ]
    return ", ".join([f"'input': {quoted(name)}", *exact, *steps])
