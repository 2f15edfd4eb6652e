"""`candlesql train`: trains a system on a workspace and records it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from ..commands.match import match_all
from ..errors import MissingPackage, UserError
from ..sql.systems import system_steps
from ..udfs.model_files import SHIPPED
from ..workspace.folder import find_sky
from ..workspace.ledger import record
from ..workspace.progress import steps_bar
from .labels import relation_of
from .workspace import open_to_train

OWN_COMMANDS = ("distmass", "parallax", "photometry")


def train_command(
    path: Path, system: str, labels: str | None, seed: int, cuts: dict[str, str], bands: Path | None = None
) -> Iterator[str]:
    """Match what is not matched, train, and say how the networks do on stars held out.

    Raises
    ------
    UserError
        If the extra `train` is not installed, `labels` is no table, or the workspace lacks labelled stars.
    """
    try:
        from .any_bands.own import train_own
        from .system import train_system
    except ModuleNotFoundError as error:
        raise MissingPackage(f"training needs {error.name}: pip install 'candlesql[train]'") from None
    system_steps(system)
    if bands and system != "photometry":
        raise UserError(f"--bands {bands}: only photometry has bands of its own")
    labels = relation_of(labels) if labels else None
    if system in OWN_COMMANDS:
        module = import_module(f".{system}.command", __package__)
        given = {"bands": bands} if bands else {}
        yield from getattr(module, f"train_{system}")(path, labels, seed, cuts, **given)
        return
    sky = find_sky(path)
    started = time.time()
    with open_to_train(path, cuts) as connection, steps_bar("training") as show:
        match_all(connection, sky, system)
        name = f"{system}_any_bands"
        held_out = sky.results / f"{name}_cross_validation.parquet"
        relation = labels or f"{system}.training"
        any_bands = train_own(
            connection, SHIPPED / f"{name}.onnx", sky.models / f"{name}.onnx", held_out, relation, seed, show
        )
        yield f"{any_bands.path}: {any_bands.metadata['n_train']} stars"
        judged = json.loads(any_bands.metadata["judged"])
        if judged["n"]:
            yield (
                f"P(RC) of {judged['n']:,} stars held out: log loss {judged['log_loss']:.3f}, by the network that it "
                f"started from {judged['log_loss_before']:.3f} (it may have learnt from some of them)"
            )
        try:
            model = train_system(
                connection,
                system,
                sky.models / f"{system}.onnx",
                sky.results / f"{system}_cross_validation.parquet",
                labels,
                seed,
                show,
            )
        except UserError as error:
            yield f"networks on 13 bands are not trained: {error}"
            return
        sources = sorted([*sky.catalogs.glob("*.parquet"), *sky.matches.glob("*.parquet")])
        record(
            connection,
            f"{system}.cross_validation",
            f"train {system} --seed {seed}" + (f" --labels {labels}" if labels else ""),
            sources,
            {model.name: model.sha256},
            int(model.metadata["n_train"]),
            time.time() - started,
        )
    yield f"{model.path}: {model.metadata['n_train']} stars"
    metrics = json.loads(model.metadata["metrics"])
    yield f"on stars {metrics.pop('rows')}:"
    for output, values in metrics.items():
        yield f"  {output}: " + ", ".join(f"{key} {value:g}" for key, value in values.items())
