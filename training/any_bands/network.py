"""The network in PyTorch and its two trainings: on the mock sky alone, then on it and on real stars together."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from ..mdn import Head, loss_of
from .space import Factors
from .stars import Batch, Labelled, MockStars

HIDDEN = (64, 48)
COMPONENTS = 3
HEAD = Head(COMPONENTS, 5, has_state=True)
LABEL_CENTRE = np.array([4700.0, 2.5, -0.15, 6.0, 180.0])
LABEL_SCALE = np.array([350.0, 0.6, 0.3, 6.0, 110.0])
LEAST_SCALE = 0.1
MOCK_ROWS, REAL_ROWS = 512, 1024
STATE_WEIGHT, MOCK_WEIGHT = 6.0, 0.5
MAX_GRADIENT = 5.0
Progress = Callable[[int, int], None]


class AnyBands(nn.Module):
    """Features [rows, features] to values of the last layer [rows, values], in the order of `mdn.Head`."""

    centre: Tensor
    scale: Tensor

    def __init__(self, n_features: int):
        super().__init__()
        widths = (n_features, *HIDDEN)
        hidden: list[nn.Module] = []
        for n_in, n_out in pairwise(widths):
            hidden += [nn.Linear(n_in, n_out), nn.Tanh()]
        self.body = nn.Sequential(*hidden, nn.Linear(HIDDEN[-1], len(HEAD)))
        self.register_buffer("centre", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))

    def forward(self, features: Tensor) -> Tensor:
        values: Tensor = self.body((features - self.centre) / self.scale)
        return values


def pretrained(mock: MockStars, factors: Factors, seed: int, steps: int, zero_points: np.ndarray) -> AnyBands:
    """A network that knows the mock sky."""
    rng = _seeded(seed)
    features = _tensors(mock.batch(rng, 4000, zero_points), factors)[0]
    network = AnyBands(features.shape[1])
    network.centre, network.scale = features.mean(dim=0), features.std(dim=0).clamp(min=LEAST_SCALE)

    def batch() -> Tensor:
        return _loss(network, mock.batch(rng, 2 * MOCK_ROWS, zero_points), factors)

    _fit(network, batch, steps, rate=6e-3, decay=1e-3)
    return network


def fine_tuned(
    start: AnyBands,
    mock: MockStars,
    real: list[tuple[Labelled, float]],
    factors: Factors,
    seed: int,
    steps: int,
    zero_points: np.ndarray,
    rate: float = 2e-3,
    progress: Progress = lambda done, of: None,
) -> AnyBands:
    """A copy of a network that has learnt from real stars, and has not forgotten the mock sky.

    Parameters
    ----------
    real
        Samples, each with its share of the real stars of a batch.
    """
    rng = _seeded(seed)
    network = AnyBands(len(start.centre))
    network.load_state_dict(start.state_dict())
    weights = [sample.weights() for sample, _ in real]

    def loss() -> Tensor:
        total = MOCK_WEIGHT * _loss(network, mock.batch(rng, MOCK_ROWS, zero_points), factors)
        for (sample, share), weight in zip(real, weights, strict=True):
            total = total + share * _loss(network, sample.batch(rng, round(share * REAL_ROWS), weight), factors)
        return total

    _fit(network, loss, steps, rate, decay=2e-2, progress=progress)
    return network


def probabilities(networks: list[AnyBands], factors: Factors, x: np.ndarray) -> np.ndarray:
    """Mean P(RC) [rows] of networks for inputs x [rows, inputs]."""
    values = _values(networks, factors, x)
    return np.asarray(np.mean([1 / (1 + np.exp(-v[:, HEAD.state])) for v in values], axis=0))


def means(networks: list[AnyBands], factors: Factors, x: np.ndarray) -> np.ndarray:
    """Mean labels [rows, 5] of networks."""
    found = []
    for v in _values(networks, factors, x):
        weights = np.exp(v[:, :COMPONENTS] - v[:, :COMPONENTS].max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        found.append(np.einsum("rk,rkd->rd", weights, v[:, HEAD.means : HEAD.widths].reshape(len(v), COMPONENTS, -1)))
    return np.asarray(np.mean(found, axis=0) * LABEL_SCALE + LABEL_CENTRE)


def _values(networks: list[AnyBands], factors: Factors, x: np.ndarray) -> list[np.ndarray]:
    with torch.no_grad():
        features = torch.cat([factors.features(torch.tensor(part)) for part in np.array_split(x, len(x) // 20_000 + 1)])
        return [network(features).numpy() for network in networks]


def _seeded(seed: int) -> np.random.Generator:
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    return np.random.default_rng(seed)


def _tensors(batch: Batch, factors: Factors) -> tuple[Tensor, Tensor, Tensor]:
    labels = (batch.labels - LABEL_CENTRE) / LABEL_SCALE
    return factors.features(torch.tensor(batch.x)), torch.tensor(labels).float(), torch.tensor(batch.state).float()


def _loss(network: AnyBands, batch: Batch, factors: Factors) -> Tensor:
    features, labels, state = _tensors(batch, factors)
    return loss_of(network(features), labels, state, HEAD, STATE_WEIGHT)


def _fit(
    network: AnyBands,
    loss: Callable[[], Tensor],
    steps: int,
    rate: float,
    decay: float,
    progress: Progress = lambda done, of: None,
) -> None:
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.2)
    for step in range(steps):
        optimiser.zero_grad()
        loss().backward()
        nn.utils.clip_grad_norm_(network.parameters(), MAX_GRADIENT)
        optimiser.step()
        schedule.step()
        progress(step + 1, steps)
