"""The rounds of the training: fit, covariances, reddenings, clip (section 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch

from .covariance import Prediction, chi_square, colour_covariance, colour_residual, degrees_of_freedom, update_ebv
from .data import Stars
from .fit import FitOptions, fit, whiten
from .network import Network


@dataclass(frozen=True)
class RoundOptions:
    """The schedule; the defaults made the shipped network."""

    rounds: int = 20
    epochs: int = 75  # a round
    learning_rate: float = 3e-2
    decay: float = 0.2  # learning rate x exp(-decay) a round
    first_max_ebv_sigma: float = 0.2  # mag, first round only
    first_clip: float = 100.0  # chi2 / dof after the first round
    last_clip: float = 5.0
    clip_rounds: int = 20  # rounds from the first to the last clip
    fit: FitOptions = field(default_factory=FitOptions)


def clip_threshold(index: int, options: RoundOptions) -> float:
    """chi2/dof above which a star is left out after round `index` (0, 1, ...)."""
    fraction = min(index / max(options.clip_rounds - 1, 1), 1.0)
    return float(options.first_clip * (options.last_clip / options.first_clip) ** fraction)


def first_network(stars: Stars, options: FitOptions, seed: int) -> Network:
    """Random layers (Glorot uniform), R = 1, output biases at the mean magnitudes and colours."""
    random = np.random.default_rng(seed)
    n_bands = stars.mag.shape[1]
    sizes = [3, *options.hidden, n_bands]
    weights = [
        random.uniform(-1.0, 1.0, (after, before)) * np.sqrt(6.0 / (before + after))
        for before, after in pairwise(sizes)
    ]
    biases = [np.zeros(after) for after in sizes[1:]]
    biases[-1][0] = np.average(stars.mag[:, 0] - stars.modulus, weights=stars.modulus_sigma**-2)
    for band in range(1, n_bands):
        seen = stars.observed[:, band]
        biases[-1][band] = np.median(stars.mag[seen, band] - stars.mag[seen, 0])
    return Network(
        centre=np.median(stars.theta, axis=0),
        scale=np.std(stars.theta, axis=0),
        weights=weights,
        biases=biases,
        extinction_weight=np.zeros((n_bands, 3)),
        extinction_bias=np.zeros(n_bands),
        activation=options.activation,
    )


def flat(prediction: Prediction) -> Prediction:
    """The same prediction with zero gradients, for the first covariances."""
    zero = np.zeros_like(prediction.magnitude_jacobian)
    return Prediction(prediction.magnitude, prediction.extinction, zero, zero)


def train(
    stars: Stars,
    options: RoundOptions,
    seed: int,
    report: Callable[[int, Network], None] | None = None,
) -> Network:
    """Train one network on these stars; `report(round, network)` is called after every round."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    network = first_network(stars, options.fit, seed)
    ebv = stars.ebv
    covariance = colour_covariance(stars, flat(network.predict(stars.theta)), ebv, np.zeros_like(ebv))
    keep = stars.ebv_sigma <= options.first_max_ebv_sigma
    for index in range(options.rounds):
        first = options.learning_rate * np.exp(-options.decay * index)
        epochs = np.arange(options.epochs) / options.epochs
        rates = first * np.exp(-options.decay * epochs)
        data = whiten(stars.take(keep), network, ebv[keep], covariance[keep])
        network, _ = fit(network, data, rates, options.fit, generator)
        if report is not None:
            report(index, network)
        prediction = network.predict(stars.theta)
        ebv, variance = update_ebv(stars, prediction, ebv)
        covariance = colour_covariance(stars, prediction, ebv, variance)
        residual = colour_residual(stars, prediction, ebv)
        chi2 = chi_square(residual, covariance) / degrees_of_freedom(stars)
        keep = chi2 < clip_threshold(index, options)
    return network
