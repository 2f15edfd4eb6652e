"""Mixture density networks and small classifiers in PyTorch: one training loop, and what the exporter needs of them.

Shapes: x [rows, inputs], target [rows]; a network's head has 3 values a component (logit of the weight, mean, logarithm of
the width), or one logit for a classifier.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..udfs.graph import Layer, fold_scaling

ACTIVATIONS: dict[str, type[nn.Module]] = {"Sigmoid": nn.Sigmoid, "Tanh": nn.Tanh, "Relu": nn.ReLU}


@dataclass(frozen=True)
class Recipe:
    """How a network is built and trained.

    `components` is the number of Gaussians, 0 for a classifier.
    """

    hidden: tuple[int, ...] = (32, 24, 16, 8)
    activation: str = "Sigmoid"
    components: int = 1
    epochs: int = 60
    batch: int = 512
    rate: float = 8e-3
    decay: float = 1e-4
    patience: int = 15


@dataclass(frozen=True)
class Trained:
    """A trained network with the scaling of its inputs and target, and its loss on validation rows (in scaled units)."""

    recipe: Recipe
    layers: list[Layer]
    target_mean: float
    target_scale: float
    validation_loss: float

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Evaluate the head on raw inputs in float64: [rows, inputs] -> [rows, head]."""
        h = x.astype(np.float64).T
        for layer in self.layers:
            h = layer.weight @ h + layer.bias[:, None]
            h = _activate(h, layer.activation)
        return h.T

    def mean(self, x: np.ndarray) -> np.ndarray:
        """The mean of the mixture, or the probability of a classifier: [rows, inputs] -> [rows]."""
        head = self.predict(x)
        if not self.recipe.components:
            return 1 / (1 + np.exp(-head[:, 0]))
        logits, means = np.split(head, 3, axis=1)[:2]
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        return (weights * means).sum(axis=1) * self.target_scale + self.target_mean


def train(
    x: np.ndarray,
    target: np.ndarray,
    validation: np.ndarray,
    recipe: Recipe,
    seed: int,
    progress: Callable[[int, int, float], None] | None = None,
) -> Trained:
    """Train one network with early stopping on the validation rows; the same seed gives the same network.

    Parameters
    ----------
    x, target
        All rows; inputs are whitened and a mixture's target standardised by the training rows.
    validation
        Boolean mask [rows] of those that stop the training.
    progress
        Called after every epoch with (epoch, epochs, validation loss).
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    centre, whiten = _whitening(x[~validation])
    mean, scale = (target[~validation].mean(), target[~validation].std()) if recipe.components else (0.0, 1.0)
    network = _network(x.shape[1], recipe)
    inputs = torch.tensor(((x - centre) @ whiten.T).astype(np.float32))
    wanted = torch.tensor(((target - mean) / scale).astype(np.float32))
    held = torch.tensor(validation)
    best = _fit(network, inputs[~held], wanted[~held], inputs[held], wanted[held], recipe, progress)
    layers = _layers(network, recipe.activation)
    first = Layer(layers[0].weight @ whiten, layers[0].bias, layers[0].activation)
    layers[0] = fold_scaling(first, centre, np.ones(len(centre)))
    return Trained(recipe, layers, float(mean), float(scale), best)


def loss_of(head: Tensor, target: Tensor, components: int) -> Tensor:
    """Mean negative log likelihood of a Gaussian mixture (Lucey et al. 2020, equation 1), or binary cross-entropy."""
    if not components:
        return nn.functional.binary_cross_entropy_with_logits(head[:, 0], target)
    logits, means, log_widths = head.chunk(3, dim=1)
    log_weights = torch.log_softmax(logits, dim=1)
    z = (target[:, None] - means) * torch.exp(-log_widths)
    log_density = log_weights - log_widths - 0.5 * z * z - 0.5 * np.log(2 * np.pi)
    return -torch.logsumexp(log_density, dim=1).mean()


def _network(n_inputs: int, recipe: Recipe) -> nn.Sequential:
    widths = [n_inputs, *recipe.hidden]
    modules: list[nn.Module] = []
    for n_in, n_out in zip(widths, widths[1:], strict=False):
        linear = nn.Linear(n_in, n_out)
        nn.init.xavier_normal_(linear.weight, gain=2.0 if recipe.activation == "Sigmoid" else 1.0)
        modules += [linear, ACTIVATIONS[recipe.activation]()]
    head = nn.Linear(widths[-1], 3 * recipe.components or 1)
    if recipe.components > 1:
        with torch.no_grad():
            head.bias[recipe.components : 2 * recipe.components] = torch.linspace(-1, 1, recipe.components)
    return nn.Sequential(*modules, head)


def _fit(
    network: nn.Sequential,
    x: Tensor,
    target: Tensor,
    x_held: Tensor,
    target_held: Tensor,
    recipe: Recipe,
    progress: Callable[[int, int, float], None] | None,
) -> float:
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    steps = recipe.epochs * -(-len(x) // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps)
    best, best_epoch, kept = float("inf"), 0, network.state_dict()
    for epoch in range(recipe.epochs):
        for rows in torch.randperm(len(x)).split(recipe.batch):
            optimiser.zero_grad()
            loss_of(network(x[rows]), target[rows], recipe.components).backward()
            optimiser.step()
            schedule.step()
        with torch.no_grad():
            held = loss_of(network(x_held), target_held, recipe.components).item()
        if held < best:
            best, best_epoch = held, epoch
            kept = {name: value.clone() for name, value in network.state_dict().items()}
        if progress:
            progress(epoch + 1, recipe.epochs, held)
        if epoch - best_epoch >= recipe.patience:
            break
    network.load_state_dict(kept)
    return best


def _whitening(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre [inputs] and matrix [inputs, inputs] that turn x into uncorrelated inputs of unit variance."""
    centre = x.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov(x - centre, rowvar=False).reshape(x.shape[1], x.shape[1]))
    floor = 1e-8 * variances.max()
    return centre, (axes / np.sqrt(np.maximum(variances, floor))).T


def _layers(network: nn.Sequential, activation: str) -> list[Layer]:
    linears = [module for module in network if isinstance(module, nn.Linear)]
    names = [activation] * (len(linears) - 1) + [""]
    return [
        Layer(m.weight.detach().double().numpy(), m.bias.detach().double().numpy(), name)
        for m, name in zip(linears, names, strict=True)
    ]


def _activate(h: np.ndarray, name: str) -> np.ndarray:
    if name == "Sigmoid":
        return 1 / (1 + np.exp(-h))
    if name == "Tanh":
        return np.tanh(h)
    return np.maximum(h, 0) if name == "Relu" else h
