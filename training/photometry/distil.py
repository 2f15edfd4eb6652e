"""One small network that says what the mean of several says.

Networks trained from different random starts differ where stars are few; their mean is better
than any of them. The mean is learned by one network, so that scoring costs no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from .covariance import Array
from .data import Stars
from .fit import FitOptions, TorchNetwork
from .network import Network
from .rounds import first_network


@dataclass(frozen=True)
class DistilOptions:
    """How the student learns; the defaults made the shipped network."""

    draws: int = 40  # a star: points at which the teachers are asked
    steps: int = 15000
    batch: int = 512
    learning_rate: float = 1e-2
    jitter: float = 2.0  # labels are drawn this many label errors around the stars
    tolerance: tuple[float, float] = (0.02, 0.01)  # mag, of M_G and of a colour


def mean_colours(teachers: Sequence[Network], theta: Array) -> Array:
    """Mean over the teachers of M_G and colours [n, b]."""
    return np.mean([teacher.values(theta) for teacher in teachers], axis=0)


def mean_extinction(teachers: Sequence[Network]) -> tuple[Array, Array]:
    """Weight and bias of the mean ln R: exact, because ln R is linear."""
    return (
        np.mean([teacher.extinction_weight for teacher in teachers], axis=0),
        np.mean([teacher.extinction_bias for teacher in teachers], axis=0),
    )


def questions(
    teachers: Sequence[Network], stars: Stars, options: DistilOptions, random: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Normalised labels [m, 3] around the stars and what the teachers say there [m, b]."""
    root = np.linalg.cholesky(stars.theta_cov)
    labels, answers = [], []
    for _ in range(options.draws):
        shift = (root @ random.standard_normal((len(stars), 3, 1)))[:, :, 0]
        theta = stars.theta + options.jitter * shift
        labels.append(teachers[0].normalise(theta))
        answers.append(mean_colours(teachers, theta))
    return (
        torch.tensor(np.concatenate(labels), dtype=torch.float32),
        torch.tensor(np.concatenate(answers), dtype=torch.float32),
    )


def distil(teachers: Sequence[Network], stars: Stars, fit: FitOptions, options: DistilOptions, seed: int) -> Network:
    """Train one network of the shape `fit` on the mean of the teachers, around these stars."""
    torch.set_num_threads(1)
    random = np.random.default_rng(seed)
    start = first_network(stars, fit, seed)
    weight, bias = mean_extinction(teachers)
    start = replace(
        start, centre=teachers[0].centre, scale=teachers[0].scale,
        extinction_weight=weight, extinction_bias=bias,
    )  # fmt: skip
    tolerance = np.full(start.n_bands, options.tolerance[1])
    tolerance[0] = options.tolerance[0]

    model = TorchNetwork(start)
    parameters = [*model.weights, *model.biases]  # R is already exact
    optimiser = torch.optim.Adam(parameters, lr=options.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, options.steps)
    no_ebv = torch.zeros(options.batch)
    scale = torch.tensor(1.0 / tolerance, dtype=torch.float32)
    z, target = questions(teachers, stars, options, random)
    for _ in range(options.steps):
        rows = torch.from_numpy(random.integers(len(z), size=options.batch))
        # a rounded absolute value: far corners, where the teachers disagree, do not dominate
        error = (model(z[rows], no_ebv) - target[rows]) * scale
        loss = torch.nn.functional.huber_loss(error, torch.zeros_like(error))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return model.to_numpy(start)
