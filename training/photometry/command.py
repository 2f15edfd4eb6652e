"""`candlesql train SKY photometry`: network, densities and inference from the labelled stars of a workspace."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from ...commands.match import match_all
from ...errors import UserError
from ...udfs.model import Model, load_model
from ...udfs.names import is_plain
from ...workspace.folder import Sky, find_sky
from ...workspace.ledger import record
from ...workspace.progress import bar
from ...workspace.query import first_row, quoted
from ..labels import refused
from ..taught import kind_of_stars, move_lists, write_list
from ..workspace import open_to_train
from . import density, train, train_infer
from .bands import read_anchor, read_bands
from .data import LABELS, training_stars

SYSTEM = "photometry"
VIEW = "photometry.training"
MIN_STARS = 500  # fewer leave no tenth to judge by


def train_photometry(
    path: Path, labels: str | None, seed: int, cuts: dict[str, str], bands: Path | None = None
) -> Iterator[str]:
    """Train on a view with the columns of `photometry.training`; the three models are replaced together, at the end.

    Parameters
    ----------
    bands
        A bands file (see `bands.toml` beside this module), say `vjk.toml`: the view has the columns that it names, and
        the models are `photometry_vjk` and so on.

    Raises
    ------
    UserError
        If the view lacks columns or is not there, or too few stars have labels.
    """
    sky = find_sky(path)
    name, columns = f"{SYSTEM}_{_stem(bands)}" if bands else SYSTEM, _columns(bands)
    started = time.time()
    with open_to_train(path, cuts) as connection, bar() as progress:
        match_all(connection, sky, SYSTEM)
        task = progress.add_task("training photometry", total=3)
        with tempfile.TemporaryDirectory(dir=sky.root, prefix=".making-") as folder:
            data, view = Path(folder) / f"{SYSTEM}_training.parquet", labels or VIEW
            _export(connection, view, columns, data)
            for done, what in enumerate(_train_each(data, seed, name, bands, _kind_of_stars(connection, view))):
                progress.update(task, description=what, completed=done)
            write_list(connection, Path(folder), name, training_stars(connection, view))
            models = _move(Path(folder), sky)
        said = f"train {SYSTEM} --seed {seed}" + (f" --labels {labels}" if labels else "")
        said += f" --bands {bands}" if bands else ""
        sources = sorted([*sky.catalogs.glob("*.parquet"), *sky.matches.glob("*.parquet")])
        shas, rows = {model.name: model.sha256 for model in models}, int(models[0].metadata["n_train"])
        record(connection, f"{SYSTEM}.networks", said, sources, shas, rows, time.time() - started)
    for model in models:
        yield f"{model.path}: {model.metadata['n_train']} stars"
        for key, value in json.loads(model.metadata["metrics"]).items():
            yield f"  {key}: {json.dumps(value) if isinstance(value, dict) else value}"


def _columns(bands: Path | None) -> list[str]:
    """What training reads of the view."""
    magnitudes = [column for band in read_bands(bands) for column in (band.column, f"{band.column}_error")]
    covariances = [f"cov_{a}_{b}" for i, a in enumerate(LABELS) for b in LABELS[i:]]
    read_anchor(bands)
    return ["row", *LABELS, *covariances, "reddening", "reddening_error", *magnitudes, "parallax", "parallax_error"]


def _export(connection: duckdb.DuckDBPyConnection, view: str, columns: list[str], path: Path) -> None:
    try:
        there = {name for name, *_ in connection.execute(f"describe from {view}").fetchall()}
        missing = [name for name in columns if name not in there]
        if missing:
            raise UserError(
                f"column {missing[0]} is missing; there are {', '.join(sorted(there)):.500}",
                file=view,
                hint="the columns of photometry.training are wanted, and the magnitudes that --bands names",
            )
        (rows,) = first_row(connection, f"select count(*) from {view}")
        if rows < MIN_STARS:
            raise UserError(
                f"{rows} stars have labels and a match; at least {MIN_STARS} are needed "
                "(`candlesql info` counts each step; see docs/photometry.md for what is ingested)",
                file=view,
            )
        connection.execute(f"copy (from {view}) to {quoted(path)} (format parquet)")
    except (duckdb.CatalogException, duckdb.ParserException) as error:
        raise refused(view, error) from None


def _stem(bands: Path) -> str:
    """The name of a bands file, which becomes a part of names in SQL.

    Raises
    ------
    UserError
        If it is no name.
    """
    if not is_plain(bands.stem):
        raise UserError(f"{bands.stem!r} is no name for SQL: small letters, digits and _ only", file=bands)
    return bands.stem


def _kind_of_stars(connection: duckdb.DuckDBPyConnection, view: str) -> str:
    """Whether networks learn from simulated stars, real ones, or both."""
    columns = {row[0] for row in connection.execute(f"describe from {view}").fetchall()}
    if "survey" not in columns:
        return "real"
    simulated = "survey like 'gaia%' and \"row\" in (select source_id from staging.mock_truth)"
    return kind_of_stars(*first_row(connection, f"select count(*), count(*) filter ({simulated}) from {view}"))


def _train_each(data: Path, seed: int, name: str, bands: Path | None, kind: str) -> Iterator[str]:
    """The three trainings in order, each announced before it starts; the models stand beside the data."""
    network = data.with_name(f"{name}.onnx")
    given = ["--data", str(data), "--seed", str(seed), "--stars", kind, *(["--bands", str(bands)] if bands else [])]
    yield "photometry: magnitudes and extinction"
    train.main([*given, "--out", str(network)])
    yield "photometry: densities"
    density.main([*given, "--out", str(data.with_name(f"{name}_density.onnx"))])
    yield "photometry: inference"
    train_infer.main([*given, "--network", str(network), "--out", str(data.with_name(f"{name}_infer.onnx"))])


def _move(folder: Path, sky: Sky) -> list[Model]:
    sky.models.mkdir(exist_ok=True)
    move_lists(folder, sky.models)
    found = sorted(folder.glob("*.onnx"))
    return [load_model(path.replace(sky.models / path.name)) for path in found]
