"""Mixture density networks in PyTorch: one training loop, and what the exporter needs of them.

A network gives a mixture of `k` Gaussians over `d` labels and, if it is asked to, the logit of the probability of a
state. Labels are first decorrelated: y = mean + factor u, where the factor is lower triangular and u has covariance 1
over the training rows; the Gaussians have no covariance in u, and so one in y. Shapes: x [rows, inputs], labels
[rows, d], values of the last layer [rows, values] in the order of `Head`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from ..udfs.graph import Layer, fold_scaling

ACTIVATIONS: dict[str, type[nn.Module]] = {"Sigmoid": nn.Sigmoid, "Tanh": nn.Tanh, "Relu": nn.ReLU}
MAX_GRADIENT = 5.0
MIN_COMPLETE = 50


@dataclass(frozen=True)
class Recipe:
    """How a network is built and trained; `state_weight` is that of the state's cross-entropy in the loss."""

    hidden: tuple[int, ...] = (32, 24, 16, 8)
    activation: str = "Sigmoid"
    components: int = 1
    epochs: int = 60
    batch: int = 512
    rate: float = 8e-3
    decay: float = 1e-4
    patience: int = 15
    state_weight: float = 1.0


@dataclass(frozen=True)
class Head:
    """Where the values of a network's last layer lie: k logits of the weights, k times d means, k times d logarithms of
    the widths, and a state's logit."""

    components: int
    labels: int
    has_state: bool

    @property
    def means(self) -> int:
        """Where the means begin."""
        return self.components

    @property
    def widths(self) -> int:
        return self.means + self.components * self.labels

    @property
    def state(self) -> int:
        return self.widths + self.components * self.labels

    def __len__(self) -> int:
        return self.state + self.has_state


@dataclass(frozen=True)
class Trained:
    """A trained network: y = `label_mean` [d] + `label_factor` [d, d] u is its mixture in the labels' units."""

    recipe: Recipe
    head: Head
    layers: list[Layer]
    label_mean: np.ndarray
    label_factor: np.ndarray
    validation_loss: float

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Evaluate the last layer on raw inputs in float64: [rows, inputs] -> [rows, values]."""
        h = x.astype(np.float64).T
        for layer in self.layers:
            h = layer.weight @ h + layer.bias[:, None]
            h = _activate(h, layer.activation)
        return h.T

    def mean(self, x: np.ndarray) -> np.ndarray:
        """The mean of the mixture: [rows, inputs] -> [rows, d]."""
        values, head = self.predict(x), self.head
        logits = values[:, : head.means]
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        means = values[:, head.means : head.widths].reshape(len(x), head.components, head.labels)
        return np.einsum("rk,rkd->rd", weights, means) @ self.label_factor.T + self.label_mean


def train(
    x: np.ndarray,
    labels: np.ndarray,
    state: np.ndarray | None,
    validation: np.ndarray,
    recipe: Recipe,
    seed: int,
) -> Trained:
    """Train one network with early stopping on the validation rows; the same seed gives the same network.

    A label or state that a row lacks is left out of that row's likelihood, and so is a label after it.

    Parameters
    ----------
    x, labels, state
        All rows; NaN where a label or state (0 or 1) is not known. Inputs are whitened by the training rows, labels
        decorrelated by all.
    validation
        Boolean mask [rows] of those that stop the training.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    centre, whiten = _whitening(x[~validation])
    mean, factor = np.nanmean(labels, axis=0), _factor(labels)
    head = Head(recipe.components, labels.shape[1], state is not None)
    network = _network(x.shape[1], recipe, head)
    wanted = np.full(len(x), np.nan) if state is None else state
    tensors = [
        torch.tensor(values.astype(np.float32))
        for values in ((x - centre) @ whiten.T, _solved(factor, labels - mean), wanted)
    ]
    held = torch.tensor(validation)
    best = _fit(network, [t[~held] for t in tensors], [t[held] for t in tensors], recipe, head)
    layers = _layers(network, recipe.activation)
    first = Layer(layers[0].weight @ whiten, layers[0].bias, layers[0].activation)
    layers[0] = fold_scaling(first, centre, np.ones(len(centre)))
    return Trained(recipe, head, layers, mean, factor, best)


def loss_of(values: Tensor, labels: Tensor, state: Tensor, head: Head, state_weight: float = 1.0) -> Tensor:
    """Mean over the rows of the negative log likelihood of the labels under the mixture (Lucey et al. 2020,
    equation 1), plus the binary cross-entropy of the states that are known."""
    loss = -torch.logsumexp(_log_densities(values, labels, head), dim=1).mean()
    known = torch.isfinite(state)
    if head.has_state and known.any():
        loss = loss + state_weight * nn.functional.binary_cross_entropy_with_logits(
            values[known, head.state], state[known]
        )
    return loss


def _log_densities(values: Tensor, labels: Tensor, head: Head) -> Tensor:
    """Logarithm of weight times density of each component [rows, k], over the labels that a row has."""
    known = torch.isfinite(labels)[:, None]
    given = torch.nan_to_num(labels)[:, None]
    shape = (len(values), head.components, head.labels)
    means = values[:, head.means : head.widths].reshape(shape)
    log_widths = values[:, head.widths : head.state].reshape(shape)
    z = (given - means) * torch.exp(-log_widths)
    log_density = known * (-log_widths - 0.5 * z * z - 0.5 * np.log(2 * np.pi))
    return torch.log_softmax(values[:, : head.components], dim=1) + log_density.sum(dim=2)


def _network(n_inputs: int, recipe: Recipe, head: Head) -> nn.Sequential:
    widths = [n_inputs, *recipe.hidden]
    modules: list[nn.Module] = []
    for n_in, n_out in pairwise(widths):
        linear = nn.Linear(n_in, n_out)
        nn.init.xavier_normal_(linear.weight, gain=2.0 if recipe.activation == "Sigmoid" else 1.0)
        modules += [linear, ACTIVATIONS[recipe.activation]()]
    last = nn.Linear(widths[-1], len(head))
    if head.components > 1:
        with torch.no_grad():
            starts = torch.linspace(-1, 1, head.components).repeat_interleave(head.labels)
            last.bias[head.means : head.widths] = starts
    return nn.Sequential(*modules, last)


def _fit(network: nn.Sequential, rows: list[Tensor], held: list[Tensor], recipe: Recipe, head: Head) -> float:
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    n_rows = len(rows[0])
    steps = recipe.epochs * -(-n_rows // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps)

    def loss(part: list[Tensor]) -> Tensor:
        return loss_of(network(part[0]), part[1], part[2], head, recipe.state_weight)

    best, best_epoch, kept = float("inf"), 0, network.state_dict()
    for epoch in range(recipe.epochs):
        for chosen in torch.randperm(n_rows).split(recipe.batch):
            optimiser.zero_grad()
            loss([t[chosen] for t in rows]).backward()
            nn.utils.clip_grad_norm_(network.parameters(), MAX_GRADIENT)
            optimiser.step()
            schedule.step()
        with torch.no_grad():
            now = loss(held).item()
        if now < best:
            best, best_epoch = now, epoch
            kept = {name: value.clone() for name, value in network.state_dict().items()}
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


def _factor(labels: np.ndarray) -> np.ndarray:
    """Cholesky factor [d, d] of the covariance of labels [rows, d], over the rows that have them all; diagonal where
    those are too few."""
    complete = labels[np.isfinite(labels).all(axis=1)]
    if len(complete) < MIN_COMPLETE:
        return np.diag(np.nanstd(labels, axis=0))
    covariance = np.cov(complete, rowvar=False).reshape(labels.shape[1], labels.shape[1])
    return np.linalg.cholesky(covariance)


def _solved(factor: np.ndarray, y: np.ndarray) -> np.ndarray:
    """u of y = factor u, by forward substitution [rows, d]; NaN from the first NaN on."""
    u = np.empty_like(y)
    for i in range(y.shape[1]):
        rest = y[:, i] - sum((factor[i, j] * u[:, j] for j in range(i) if factor[i, j]), np.zeros(len(y)))
        u[:, i] = rest / factor[i, i]
    return u


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
