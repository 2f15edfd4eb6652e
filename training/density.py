"""The density of a system's training stars: a region of validity that costs fewer stars than the hull.

    python -m candlesql.training.density SKY [--out udfs/models]

writes the density of `red_clump.training` of a mock sky, as `candlesql train` does of its own rows.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from ..sql.open import open_sky
from ..udfs.graph import GraphBuilder, Layer
from ..udfs.model import Model, write_model
from ..udfs.model_files import SHIPPED
from .entry import start
from .origin import input_systems
from .space import Space, fit_space
from .specification import System, load_system

DENSITY = "_density"


def write_density(path: Path, system: System, x: np.ndarray, metadata: dict[str, object], seed: int) -> Model:
    """Fit the training stars x [rows, columns] of the system's density and write it.

    A column that no training star has, NaN throughout, is an input that changes nothing.
    """
    seen = np.isfinite(x).any(axis=0)
    rows = x[:, seen][np.isfinite(x[:, seen]).all(axis=1)]
    found = fit_space(rows, seed)
    weight = np.zeros((len(found.whiten.weight), x.shape[1]))
    weight[:, seen] = found.whiten.weight
    space = Space(Layer(weight, found.whiten.bias), found.constants)
    builder = GraphBuilder()
    graph = builder.finish(space.add_to(builder), x.shape[1], 1, "density")
    about = {
        "inputs": system.density,
        "input_systems": input_systems([entry["name"] for entry in system.density]),
        "outputs": [{"name": "log_density", "unit": ""}],
        "n_train": str(len(rows)),
    }
    return write_model(path, graph, metadata | about)


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Density of the red clump networks' training stars.")
    parser.add_argument("sky", type=Path, help="a mock sky, scored or not")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    system = load_system("red_clump")
    complete = " and ".join(f'"{name}" is not null' for name in system.input_names)
    columns = ", ".join(f'"{entry["name"]}"::double' for entry in system.density)
    with open_sky(options.sky) as connection:
        stars = connection.execute(f"select {columns} from {system.view} where {complete}").fetchnumpy()
    x = np.column_stack([np.asarray(values, float) for values in stars.values()])
    metadata: dict[str, object] = {
        "system": system.name,
        "trained_on": "simulated",
        "citation": system.citation,
        "version": "1",
    }
    model = write_density(options.out / f"{system.name}{DENSITY}.onnx", system, x, metadata, options.seed)
    print(f"{model.path}: {len(x):,} stars")


if __name__ == "__main__":
    start(main)
