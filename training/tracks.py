"""Train the emulator of stellar tracks that the mock sky ships.

    python -m candlesql.training.tracks parsec.parquet

For every evolutionary phase one network maps (metallicity, log age, place along the phase) to
initial and current mass, log L, log Teff and the range of initial mass per unit of place, from
which the mass function gives star counts. A tenth of the isochrones is never trained on.
"""

import argparse
import hashlib
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..catalogs.mock.tracks import (
    EMULATOR,
    LOG_AGES,
    LOG_L,
    LOG_TE,
    MASS_CURRENT,
    MASS_INITIAL,
    METALLICITIES,
    NODES,
    PHASES,
    read_isochrones,
    resample,
)
from ..udfs.graph import GraphBuilder, Layer, fold_scaling
from ..udfs.model import write_model

INPUTS = {"metallicity": "dex", "log_age": "dex(yr)", "place": ""}
OUTPUTS = {
    "mass_initial": "Msun",
    "mass_current": "Msun",
    "log_l": "dex(Lsun)",
    "log_te": "dex(K)",
    "logg": "dex(cm/s2)",
    "mass_rate": "Msun",
}
# Targets: log initial mass, current / initial mass, log L, log Teff, log mass rate.
TOLERANCES = np.array([0.002, 0.003, 0.006, 0.0006, 0.02])
GRAVITY_ZERO = -10.610  # log g = log M + 4 log Teff - log L + this (Sun: 4.438 at 5772 K)
SMALLEST_RATE, SMALLEST_SPREAD = 1e-8, 1e-6
HELD_OUT = 10
WIDTH, LAYERS, BATCH = 64, 3, 1024
OLD = 9.3  # log age from which all core-helium stars belong to the red clump proper


@dataclass(frozen=True)
class Scaling:
    """Means and standard deviations of inputs and targets."""

    x_mean: np.ndarray
    x_std: np.ndarray
    y_mean: np.ndarray
    y_std: np.ndarray


def phase_rows(phase: int, metallicities: np.ndarray, isochrones: dict) -> tuple[np.ndarray, ...]:
    """Inputs [row, 3], targets [row, 5] and isochrone numbers of one phase, at twice the nodes."""
    place = np.linspace(0, 1, 2 * NODES[phase] - 1)
    inputs, targets, numbers = [], [], []
    for (i, j, found_phase), rows in isochrones.items():
        if found_phase != phase:
            continue
        values = resample(phase, rows, place)
        mass = values[:, MASS_INITIAL]
        rate = np.maximum(np.gradient(mass, place), SMALLEST_RATE)
        share = values[:, MASS_CURRENT] / mass
        target = np.log10(mass), share, values[:, LOG_L], values[:, LOG_TE], np.log10(rate)
        inputs.append(np.stack(np.broadcast_arrays(metallicities[i], LOG_AGES[j], place), axis=1))
        targets.append(np.stack(target, axis=1))
        numbers.append(np.full(len(place), i * len(LOG_AGES) + j))
    return np.concatenate(inputs), np.concatenate(targets), np.concatenate(numbers)


def is_held_out(numbers: np.ndarray) -> np.ndarray:
    """A fixed tenth of the isochrones, by a hash of their number."""
    return (numbers * 2654435761 % 2**32) % HELD_OUT == 0


def multilayer(n_inputs: int, n_outputs: int) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for before, after in itertools.pairwise([n_inputs, *[WIDTH] * LAYERS]):
        layers += [torch.nn.Linear(before, after), torch.nn.Tanh()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(WIDTH, n_outputs))


def fit(inputs, targets, weights, epochs: int, polish: int) -> torch.nn.Sequential:
    """Network between standardised arrays: Adam with one learning-rate cycle, then L-BFGS."""
    x, y, w = (torch.tensor(a, dtype=torch.float32) for a in (inputs, targets, weights))
    network = multilayer(x.shape[1], y.shape[1])

    def loss(rows=slice(None)) -> torch.Tensor:
        error = (network(x[rows]) - y[rows]) * w
        return torch.nn.functional.smooth_l1_loss(error, torch.zeros_like(error), beta=3.0)

    adam = torch.optim.Adam(network.parameters())
    steps = epochs * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 8e-3, total_steps=steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(BATCH):
            adam.zero_grad()
            loss(rows).backward()
            adam.step()
            schedule.step()

    lbfgs = torch.optim.LBFGS(network.parameters(), max_iter=polish, history_size=50, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        lbfgs.zero_grad()
        value = loss()
        value.backward()
        return value

    lbfgs.step(closure)
    return network


def errors(predicted: np.ndarray, targets: np.ndarray, rows: np.ndarray) -> dict[str, list[float]]:
    """Absolute errors at 50, 90 and 99 % of the rows."""
    difference = predicted - targets
    mass = np.log10(predicted[:, 1] / targets[:, 1]) + difference[:, 0]
    of = {
        "teff_k": 10 ** predicted[:, 3] - 10 ** targets[:, 3],
        "logg": mass + 4 * difference[:, 3] - difference[:, 2],
        "log_l": difference[:, 2],
        "log_mass": difference[:, 0],
        "log_rate": difference[:, 4],
    }
    return {
        name: [float(f"{q:.2g}") for q in np.percentile(np.abs(error[rows]), [50, 90, 99])]
        for name, error in of.items()
    }


def add_phase(graph: GraphBuilder, network: torch.nn.Sequential, scaling: Scaling) -> str:
    """Add one phase to the graph over `x` [3, rows]; the name of its `OUTPUTS` [6, rows]."""
    linear = [layer for layer in network if isinstance(layer, torch.nn.Linear)]
    layers = [Layer(layer.weight.detach().numpy(), layer.bias.detach().numpy(), "Tanh") for layer in linear]
    layers[0] = fold_scaling(layers[0], scaling.x_mean, scaling.x_std)
    last, scale = layers[-1], scaling.y_std
    layers[-1] = Layer(last.weight * scale[:, None], last.bias * scale + scaling.y_mean)
    y = "x"
    for layer in layers:
        y = graph.layer(y, layer)
    log_mass, share, log_l, log_te, log_rate = (graph.rows(y, i, i + 1) for i in range(5))
    ten = graph.constant(10.0)
    initial, rate = graph.add("Pow", ten, log_mass), graph.add("Pow", ten, log_rate)
    current = graph.add("Mul", initial, share)
    log_current = graph.add("Div", graph.add("Log", current), graph.constant(np.log(10)))
    surface = graph.add("Sub", graph.add("Mul", log_te, graph.constant(4.0)), log_l)
    logg = graph.add("Add", graph.add("Add", log_current, surface), graph.constant(GRAVITY_ZERO))
    return graph.concat([initial, current, log_l, log_te, logg, rate])


def train(isochrones: Path, out: Path, epochs: int, polish: int, seed: int) -> dict:
    """Train all phases, write the ONNX file and return the errors."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    metallicities, rows = read_isochrones(isochrones)
    graph, parts, metrics, n_train = GraphBuilder(), [], {}, 0
    for phase, name in enumerate(PHASES):
        x, y, numbers = phase_rows(phase, metallicities, rows)
        held_out = is_held_out(numbers)
        seen_x, seen_y = x[~held_out], y[~held_out]
        spread = np.maximum(seen_y.std(0), SMALLEST_SPREAD)
        scaling = Scaling(seen_x.mean(0), seen_x.std(0), seen_y.mean(0), spread)
        scaled_x = (x - scaling.x_mean) / scaling.x_std
        scaled_y = (seen_y - scaling.y_mean) / scaling.y_std
        network = fit(scaled_x[~held_out], scaled_y, scaling.y_std / TOLERANCES, epochs, polish)
        with torch.no_grad():
            scaled = network(torch.tensor(scaled_x, dtype=torch.float32)).numpy()
        predicted = scaled * scaling.y_std + scaling.y_mean
        middle = (x[:, 1] >= OLD) & (x[:, 2] > 0.03) & (x[:, 2] < 0.9)
        metrics[name] = {
            "trained": errors(predicted, y, ~held_out),
            "held_out": errors(predicted, y, held_out),
            "held_out_old_middle": errors(predicted, y, held_out & middle),
        }
        print(name, metrics[name], flush=True)
        parts.append(add_phase(graph, network, scaling))
        n_train += int((~held_out).sum())
    fields = [(f"{phase}_{name}", unit) for phase in PHASES for name, unit in OUTPUTS.items()]
    metadata = {
        "system": "mock_tracks",
        "inputs": [{"name": name, "unit": unit} for name, unit in INPUTS.items()],
        "outputs": [{"name": name, "unit": unit} for name, unit in fields],
        "training_sha256": hashlib.sha256(isochrones.read_bytes()).hexdigest(),
        "n_train": n_train,
        "domain": {
            "metallicity": [float(METALLICITIES[0]), float(METALLICITIES[-1])],
            "log_age": [float(LOG_AGES[0]), float(LOG_AGES[-1])],
            "place": [0.0, 1.0],
        },
        "metrics": metrics,
        "citation": "PARSEC: Bressan et al. 2012, MNRAS 427, 127; as distributed with FSPS",
        "version": "1",
    }
    result = graph.finish(graph.concat(parts), len(INPUTS), len(fields), "tracks")
    write_model(out, result, metadata)
    return metrics


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("isochrones", type=Path, help="Parquet table of PARSEC isochrones")
    parser.add_argument("--out", type=Path, default=EMULATOR)
    parser.add_argument("--epochs", type=int, default=250)
    parser.add_argument("--polish", type=int, default=2000, help="L-BFGS steps")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    train(options.isochrones, options.out, options.epochs, options.polish, options.seed)
