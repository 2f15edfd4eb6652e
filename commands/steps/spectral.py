"""Scores stars by a model that reads spectra: a query, since the arrays are in Parquet and the model is a function."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np

from ...errors import UserError
from ...sql.files import cuts_of
from ...sql.place import write_product
from ...sql.systems import SystemSteps, no_model
from ...udfs.feature_space import SAMPLE, EarlierVersion, FeatureSpace
from ...udfs.model_files import spectral_files
from ...udfs.spectral import SpectralModel, load_spectral
from ...workspace.folder import Sky
from ...workspace.ledger import Run, execute, is_fresh


def score_spectra(
    connection: duckdb.DuckDBPyConnection, sky: Sky, steps: SystemSteps, run: Run = execute, only_stale: bool = False
) -> dict[str, int]:
    """Write a system's estimates and their errors for every star with a spectrum; the rows by product, if made.

    Raises
    ------
    UserError
        If there is no model, or no star has what it reads.
    """
    model = spectral_model(sky, steps.name)
    product, sources, hashes = f"{steps.name}.scores", spectral_sources(sky, steps), {model.name: model.sha256}
    target = sky.results / f"{steps.name}_scores.parquet"
    if only_stale and target.exists() and is_fresh(connection, product, sources, hashes, cuts_of(steps.rows)):
        return {}

    check_spectra(connection, sky, steps, model)
    query = spectra_query(steps, model)
    said = f"score {steps.name}"

    def nothing() -> str:
        return no_spectra(sky, steps)

    return {product: write_product(connection, sky, product, query, target, said, sources, hashes, run, nothing)}


def no_spectra(sky: Sky, steps: SystemSteps) -> str:
    """What to say where no star has a spectrum."""
    return f"{steps.inputs} has no rows: store spectra with `candlesql spectra {sky.root} FILE…`, or loosen a cut"


def spectral_model(sky: Sky, system: str) -> SpectralModel:
    """The model of spectra that a system is named for: the workspace's, or the shipped one.

    Raises
    ------
    UserError
        If there is neither.
    """
    path = spectral_files(sky.models).get(system)
    if path is None:
        raise no_model(sky, system)
    return load_spectral(path)


def check_spectra(connection: duckdb.DuckDBPyConnection, sky: Sky, steps: SystemSteps, model: SpectralModel) -> None:
    """Refuse spectra that are not like those that the model was trained on.

    Raises
    ------
    UserError
        With the way out, which is to train.
    """
    space = _training_space(sky, steps, model)
    anywhere = f"select {steps.id} from {steps.inputs} order by hash({steps.id}) limit {SAMPLE}"
    rows = connection.execute(
        f"select {model.inputs[-1]}, {model.errors[-1]} from {steps.inputs} where {steps.id} in ({anywhere})"
    ).fetchall()
    if not rows:
        return
    spectra, errors = (np.array(part, np.float32) for part in zip(*rows, strict=True))
    wrong = space.misfit(spectra, errors)
    if wrong:
        raise UserError(
            f"the spectra of {steps.inputs} are not those that {model.path.name} was trained on ("
            f"{model.metadata.get('trained_on', 'unknown')} stars): {wrong}",
            file=sky.root,
            hint=f"train first: `candlesql train {sky.root} {steps.name}`",
        )


def _training_space(sky: Sky, steps: SystemSteps, model: SpectralModel) -> FeatureSpace:
    """The spectra that a model says it was trained on."""
    stored, again = model.metadata.get("feature_space"), f"train again: `candlesql train {sky.root} {steps.name}`"
    if not stored:
        raise UserError("does not say which spectra it was trained on", file=model.path, hint=again)
    try:
        return FeatureSpace.from_text(stored)
    except EarlierVersion as error:
        raise UserError(
            f"was trained by an earlier version of candlesql: {error}", file=model.path, hint=again
        ) from None
    except Exception as error:  # of base64, zlib, JSON and NumPy
        raise UserError(
            f"does not say which spectra it was trained on: its metadata candlesql.feature_space is damaged ({error})",
            file=model.path,
            hint=again,
        ) from None


def spectra_query(steps: SystemSteps, model: SpectralModel) -> str:
    """The outputs, and their errors by those of the inputs, which the model's metadata names."""
    values, errors = (", ".join(f'"{name}"' for name in names) for names in (model.inputs, model.errors))
    stored = ", ".join(f'"{name}"' for name in model.outputs)
    relative = ", ".join(f'(errors."{name}" * "{name}")::float as "{name}_error"' for name in model.outputs)
    return f"""
        select {steps.id}, {stored}, {relative}
        from (
            select {steps.id}, unnest({model.name}_net({values})), {model.name}_error_net({errors}) as errors
            from {steps.inputs}
        )"""


def spectral_sources(sky: Sky, steps: SystemSteps) -> list[Path]:
    """The files that scores are made of."""
    return [path for path in (sky.catalog(steps.base), sky.results / steps.spectra) if path.exists()]
