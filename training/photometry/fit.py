"""Fit the network's weights to whitened magnitudes and colours with fixed covariances.

This is the inner loop of the training, the only part that needs torch: equations 11-15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from .covariance import Array, colour_matrix, whitening
from .data import Stars
from .network import Network

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "silu": nn.functional.silu,
}


@dataclass(frozen=True)
class Anchor:
    """`data.ExtinctionAnchor` with the positions of its bands."""

    band: int
    of: int
    ratio: float
    sigma: float
    weight: float = 1e-3  # of its chi-square, in units of one star's chi2/b averaged over stars


@dataclass(frozen=True)
class FitOptions:
    """How one round of training runs; the defaults made the shipped network."""

    hidden: tuple[int, ...] = (32, 32)
    activation: str = "sigmoid"
    l2: float = 1e-5  # on the stellar layers' weights, equation 15
    l1: float = 1e-2  # on the extinction layer's weights, equation 15
    batch: int = 256
    anchor: Anchor | None = None


class TorchNetwork(nn.Module):
    """The same function as `network.Network`, with gradients."""

    to_colours: Tensor

    def __init__(self, network: Network) -> None:
        super().__init__()

        def parameter(array: Array) -> nn.Parameter:
            return nn.Parameter(torch.tensor(array, dtype=torch.float32))

        self.weights = nn.ParameterList(parameter(w) for w in network.weights)
        self.biases = nn.ParameterList(parameter(b) for b in network.biases)
        self.extinction_weight = parameter(network.extinction_weight)
        self.extinction_bias = parameter(network.extinction_bias)
        self.function = ACTIVATIONS[network.activation]
        matrix = colour_matrix(network.n_bands)
        self.register_buffer("to_colours", torch.tensor(matrix.T, dtype=torch.float32))

    def forward(self, z: Tensor, ebv: Tensor) -> Tensor:
        """B (M + R E), [n, b], of normalised labels z [n, 3] and reddenings [n]."""
        value = z
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            value = self.function(nn.functional.linear(value, weight, bias))
        colours = nn.functional.linear(value, self.weights[-1], self.biases[-1])
        log_r = nn.functional.linear(z, self.extinction_weight, self.extinction_bias)
        return colours + (log_r.exp() * ebv[:, None]) @ self.to_colours

    def penalty(self, options: FitOptions) -> Tensor:
        """Regularisation of equation 15, and the anchor of the extinction vector."""
        squares = sum((w.square().sum() for w in self.weights), torch.zeros(()))
        total = options.l2 * squares + options.l1 * self.extinction_weight.abs().sum()
        if (anchor := options.anchor) is not None:
            ratio = (self.extinction_bias[anchor.band] - self.extinction_bias[anchor.of]).exp()
            total = total + anchor.weight * ((ratio - anchor.ratio) / anchor.sigma) ** 2
        return total

    def to_numpy(self, like: Network) -> Network:
        """Its weights as a `Network`."""

        def array(tensor: Tensor) -> Array:
            return tensor.detach().double().numpy()

        return Network(
            centre=like.centre,
            scale=like.scale,
            weights=[array(w) for w in self.weights],
            biases=[array(b) for b in self.biases],
            extinction_weight=array(self.extinction_weight),
            extinction_bias=array(self.extinction_bias),
            activation=like.activation,
        )


@dataclass(frozen=True)
class Whitened:
    """Stars as the loss sees them: normalised labels, reddening, L^-1 and L^-1 y."""

    z: Tensor  # [n, 3]
    ebv: Tensor  # [n]
    inverse_root: Tensor  # [n, b, b], L^-1
    target: Tensor  # [n, b], L^-1 (y - B mu)

    def batches(self, size: int, generator: torch.Generator) -> Iterator[Whitened]:
        """One epoch in random order."""
        order = torch.randperm(len(self.z), generator=generator)
        for rows in order.split(size):
            yield Whitened(self.z[rows], self.ebv[rows], self.inverse_root[rows], self.target[rows])


def whiten(stars: Stars, network: Network, ebv: Array, covariance: Array) -> Whitened:
    """Equations 10, 12 and 13 for every star."""
    inverse_root = whitening(covariance)
    observed = np.where(stars.observed, stars.mag - stars.modulus[:, None], 0.0)
    y = observed @ colour_matrix(observed.shape[1]).T
    y = np.where(stars.observed, y, 0.0)  # a missing band: any value, no weight
    target = (inverse_root @ y[:, :, None])[:, :, 0]
    return Whitened(
        *(torch.tensor(a, dtype=torch.float32) for a in (network.normalise(stars.theta), ebv, inverse_root, target))
    )


def whitened_loss(model: TorchNetwork, data: Whitened) -> Tensor:
    """chi-square over the number of bands of every star [n], equation 14."""
    y = model(data.z, data.ebv)
    residual = (data.inverse_root @ y[:, :, None])[:, :, 0] - data.target
    return residual.square().mean(dim=1)


def fit(
    network: Network,
    data: Whitened,
    learning_rates: Array,
    options: FitOptions,
    generator: torch.Generator,
) -> tuple[Network, float]:
    """Train with Adam, one learning rate an epoch; returns the network and the last mean loss."""
    model = TorchNetwork(network)
    optimiser = torch.optim.Adam(model.parameters(), lr=float(learning_rates[0]))
    loss = torch.zeros(())
    for rate in learning_rates:
        optimiser.param_groups[0]["lr"] = float(rate)
        for batch in data.batches(options.batch, generator):
            loss = whitened_loss(model, batch).mean()
            optimiser.zero_grad()
            (loss + model.penalty(options)).backward()
            optimiser.step()
    return model.to_numpy(network), float(loss.detach())
