"""`candlesql train SKY distmass`: the networks of DistMass from the labelled stars of a workspace."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from ...errors import UserError
from ...udfs.model import load_model
from ...workspace.folder import find_sky
from ...workspace.ledger import record
from ...workspace.progress import bar
from ..workspace import open_to_train
from .data import read_stars, write_training_stars
from .ensembles import seed_of
from .train import train_all, write_ages

VIEW = "distmass.training"


def train_distmass(path: Path, labels: str | None, seed: int, cuts: dict[str, str]) -> Iterator[str]:
    """Train on a view with the columns of `distmass.training`, and say how the networks do on test stars.

    The age network is trained too where PARSEC isochrones are ingested, else the shipped one stays.

    Raises
    ------
    UserError
        If the view lacks columns, too few stars have labels, or masses were ingested and none is of a star here.
    """
    sky = find_sky(path)
    started = time.time()
    parsec = sky.catalog("parsec")
    with open_to_train(path, cuts) as connection, bar() as progress:
        progress.add_task("training distmass", total=None)
        if not labels:
            _check_mass_labels(connection)
        stars = read_stars(connection, labels or VIEW)
        origin = write_training_stars(connection, sky.models, labels or VIEW)
        found = train_all(stars, sky.models, seed, origin)
        if parsec.exists():
            found["distmass_log_age"] = {"log_age": write_ages(parsec, sky.models, seed_of(seed, "age"))}
        model = load_model(sky.models / "distmass.onnx")
        said = f"train distmass --seed {seed}" + (f" --labels {labels}" if labels else "")
        sources = sorted(sky.catalogs.glob("*.parquet"))
        rows, seconds = int(model.metadata["n_train"]), time.time() - started
        record(connection, "distmass.networks", said, sources, {model.name: model.sha256}, rows, seconds)
    yield f"{model.path}: {model.metadata['n_train']} stars"
    yield "on test stars, relative errors of distance and mass:"
    for name, metrics in found.items():
        for quantity, values in metrics.items():
            yield f"  {name}, {quantity}: " + ", ".join(f"{key} {value:g}" for key, value in values.items())


def _check_mass_labels(connection: duckdb.DuckDBPyConnection) -> None:
    """Masses that no spectrum has a name for are a mistake in the names."""
    unmatched = connection.execute(
        """select n, (select any_value(apogee_id) from staging.mass_labels) from distmass.label_tables
           where survey = 'mass_labels' and n_matched = 0"""
    ).fetchall()
    for n_rows, name in unmatched:
        raise UserError(
            f"mass_labels: none of its {n_rows:,} rows names a star with a spectrum here, such as apogee_id {name}; "
            f"names are those of APOGEE's allStar, 2M19204000+3700000; --labels {VIEW} trains without them"
        )
