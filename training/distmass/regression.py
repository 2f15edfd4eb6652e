"""Small regression networks in PyTorch: the paper's loss, and one that learns its own errors and bears outliers.

Shapes: x [rows, inputs], target and sigma [rows]. A network's head has one value (the mean), or two (mean and logarithm
of the scale of a Student t distribution).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from ...udfs.graph import Layer, fold_scaling

ACTIVATIONS: dict[str, type[nn.Module]] = {"Sigmoid": nn.Sigmoid, "Tanh": nn.Tanh}
APPLIED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "Sigmoid": lambda h: 1 / (1 + np.exp(-h)),
    "Tanh": np.tanh,
    "": lambda h: h,
}
#: Degrees of freedom of the Student t distribution.
FREEDOM = 5.0


@dataclass(frozen=True)
class Recipe:
    """How a network is built and trained; `loss` is "squared" (Stone-Martinez et al. 2024, 3.1) or "student"."""

    hidden: tuple[int, ...]
    activation: str
    loss: str
    epochs: int
    batch: int = 128
    rate: float = 5e-3
    decay: float = 1e-4
    members: int = 1


@dataclass(frozen=True)
class Trained:
    """A trained network on raw inputs; its head is in units of the scaled target."""

    layers: list[Layer]
    target_mean: float
    target_scale: float

    def head(self, x: np.ndarray) -> np.ndarray:
        """[rows, inputs] -> [rows, head], in float64."""
        h = x.astype(np.float64).T
        for layer in self.layers:
            h = layer.weight @ h + layer.bias[:, None]
            h = APPLIED[layer.activation](h)
        return h.T

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and scale [rows] in units of the target; the scale is zero where the network has none."""
        head = self.head(x)
        scale = np.exp(head[:, 1]) if head.shape[1] == 2 else np.zeros(len(head))
        return head[:, 0] * self.target_scale + self.target_mean, scale * self.target_scale


def predict(networks: list[Trained], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the members, and the scale that adds their own and their disagreement in quadrature."""
    means, scales = zip(*(network.predict(x) for network in networks), strict=True)
    return np.mean(means, axis=0), np.sqrt(np.mean(np.square(scales), axis=0) + np.var(means, axis=0))


def train(
    x: np.ndarray,
    target: np.ndarray,
    sigma: np.ndarray,
    validation: np.ndarray,
    recipe: Recipe,
    seed: int,
) -> Trained:
    """Train one network, keeping the epoch that does best on the validation rows; the same seed gives the same network.

    Parameters
    ----------
    sigma
        Standard errors of the target: the squared loss is divided by them, the Student one adds them to its own scale.
    validation
        Boolean mask [rows] of those that are not trained on.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    centre, spread = x[~validation].mean(axis=0), x[~validation].std(axis=0)
    mean, scale = float(target[~validation].mean()), float(target[~validation].std())
    data = [
        torch.tensor(a, dtype=torch.float32) for a in ((x - centre) / spread, (target - mean) / scale, sigma / scale)
    ]
    held = torch.tensor(validation)
    network = _network(x.shape[1], recipe)
    _fit(network, [d[~held] for d in data], [d[held] for d in data], recipe)
    layers = _layers(network, recipe.activation)
    layers[0] = fold_scaling(layers[0], centre, spread)
    return Trained(layers, mean, scale)


def loss_of(head: Tensor, target: Tensor, sigma: Tensor, kind: str) -> Tensor:
    """Mean square error over squared errors, or negative log likelihood of a Student t distribution."""
    if kind == "squared":
        return (((head[:, 0] - target) / sigma) ** 2).mean()
    variance = torch.exp(2 * head[:, 1]) + sigma**2
    squared = (target - head[:, 0]) ** 2 / variance
    return (0.5 * torch.log(variance) + 0.5 * (FREEDOM + 1) * torch.log1p(squared / FREEDOM)).mean()


def _network(n_inputs: int, recipe: Recipe) -> nn.Sequential:
    widths = [n_inputs, *recipe.hidden]
    modules: list[nn.Module] = []
    for n_in, n_out in pairwise(widths):
        modules += [nn.Linear(n_in, n_out), ACTIVATIONS[recipe.activation]()]
    return nn.Sequential(*modules, nn.Linear(widths[-1], 1 if recipe.loss == "squared" else 2))


def _fit(network: nn.Sequential, data: list[Tensor], held: list[Tensor], recipe: Recipe) -> None:
    optimiser = torch.optim.AdamW(network.parameters(), recipe.rate, weight_decay=recipe.decay)
    n_rows = len(data[0])
    steps = recipe.epochs * -(-n_rows // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps)
    best, kept = float("inf"), network.state_dict()
    for _ in range(recipe.epochs):
        for rows in torch.randperm(n_rows).split(recipe.batch):
            optimiser.zero_grad()
            loss_of(network(data[0][rows]), data[1][rows], data[2][rows], recipe.loss).backward()
            optimiser.step()
            schedule.step()
        with torch.no_grad():
            value = loss_of(network(held[0]), held[1], held[2], recipe.loss).item()
        if value < best:
            best, kept = value, {name: p.clone() for name, p in network.state_dict().items()}
    network.load_state_dict(kept)


def _layers(network: nn.Sequential, activation: str) -> list[Layer]:
    linears = [module for module in network if isinstance(module, nn.Linear)]
    names = [activation] * (len(linears) - 1) + [""]
    return [
        Layer(m.weight.detach().double().numpy(), m.bias.detach().double().numpy(), name)
        for m, name in zip(linears, names, strict=True)
    ]
