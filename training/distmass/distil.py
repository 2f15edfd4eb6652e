"""One small network that learns what an ensemble says of a star, so that its SQL form stays short.

It is taught on training stars and on copies of them moved by a part of the scatter of the sample. Shapes: x [rows,
inputs].
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from ...udfs.graph import GraphBuilder, Layer, fold_scaling
from .ensembles import Ensemble

COPIES, JITTER = 12, 0.15
EPOCHS, BATCH, RATE = 120, 256, 8e-3


class Student:
    """A network with two outputs a target: the value as networks see it, and ln of its relative or absolute error."""

    def __init__(self, layers: list[Layer], ensembles: list[Ensemble]) -> None:
        self.layers = layers
        self.ensembles = ensembles

    def predict(self, x: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Value and standard error [rows] of each target, in its unit."""
        h = x.astype(np.float64).T
        for layer in self.layers:
            h = layer.weight @ h + layer.bias[:, None]
            h = np.tanh(h) if layer.activation else h
        found = []
        for i, ensemble in enumerate(self.ensembles):
            value, error = h[2 * i], np.exp(h[2 * i + 1])
            if ensemble.target.logarithmic:
                value, error = np.exp(value), np.exp(value) * error
            found.append((value, error))
        return found

    def add_to(self, builder: GraphBuilder) -> list[str]:
        """The same in a graph: tensors of value and error in turn."""
        h = "x"
        for layer in self.layers:
            h = builder.layer(h, layer)
        parts = []
        for i, ensemble in enumerate(self.ensembles):
            value = builder.rows(h, 2 * i, 2 * i + 1)
            error = builder.add("Exp", builder.rows(h, 2 * i + 1, 2 * i + 2))
            if ensemble.target.logarithmic:
                value = builder.add("Exp", value)
                error = builder.add("Mul", value, error)
            parts += [value, error]
        return parts


def distil(ensembles: list[Ensemble], x: np.ndarray, hidden: tuple[int, ...], seed: int) -> Student:
    """Teach one network what the ensembles say around the stars x."""
    rng = np.random.default_rng(seed)
    x = x[np.isfinite(x).all(axis=1)]
    moved = x + JITTER * x.std(axis=0) * rng.standard_normal((COPIES, *x.shape))
    points = np.concatenate([x, moved.reshape(-1, x.shape[1])])
    wanted = np.column_stack([column for ensemble in ensembles for column in ensemble.seen(points)])
    return Student(_fit(points, wanted, hidden, seed), ensembles)


def _fit(x: np.ndarray, y: np.ndarray, hidden: tuple[int, ...], seed: int) -> list[Layer]:
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    x_mean, x_std, y_mean, y_std = x.mean(axis=0), x.std(axis=0), y.mean(axis=0), y.std(axis=0)
    inputs = torch.tensor((x - x_mean) / x_std, dtype=torch.float32)
    wanted = torch.tensor((y - y_mean) / y_std, dtype=torch.float32)
    widths = [x.shape[1], *hidden]
    modules: list[nn.Module] = []
    for n_in, n_out in pairwise(widths):
        modules += [nn.Linear(n_in, n_out), nn.Tanh()]
    network = nn.Sequential(*modules, nn.Linear(widths[-1], y.shape[1]))
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimiser.zero_grad()
            ((network(inputs[rows]) - wanted[rows]) ** 2).mean().backward()
            optimiser.step()
            schedule.step()
    linears = [m for m in network if isinstance(m, nn.Linear)]
    weights = [(m.weight.detach().double().numpy(), m.bias.detach().double().numpy()) for m in linears]
    layers = [Layer(w, b, "Tanh" if i < len(weights) - 1 else "") for i, (w, b) in enumerate(weights)]
    layers[0] = fold_scaling(layers[0], x_mean, x_std)
    layers[-1] = Layer(layers[-1].weight * y_std[:, None], layers[-1].bias * y_std + y_mean)
    return layers
