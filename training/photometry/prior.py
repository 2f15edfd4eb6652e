"""Prior of the stars' true labels and distance modulus: a mixture of Gaussians.

Fitted to noisy labels by extreme deconvolution (Bovy, Hogg & Roweis 2011): every star brings
its own error covariance, and the mixture describes the stars without errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .covariance import Array


@dataclass(frozen=True)
class Mixture:
    """k Gaussians in d dimensions."""

    weight: Array  # [k]
    mean: Array  # [k, d]
    covariance: Array  # [k, d, d]

    def __len__(self) -> int:
        return len(self.weight)

    def log_components(self, x: Array, noise: Array | None = None) -> Array:
        """ln(weight_k N(x; mean_k, covariance_k + noise)), [n, k]; noise [n, d, d]."""
        columns = []
        for weight, mean, covariance in zip(self.weight, self.mean, self.covariance, strict=True):
            total = covariance[None] if noise is None else covariance[None] + noise
            offset = x - mean
            solved = np.linalg.solve(np.broadcast_to(total, (len(x), *covariance.shape)), offset[:, :, None])[:, :, 0]
            _, log_det = np.linalg.slogdet(2.0 * np.pi * total)
            columns.append(np.log(weight) - 0.5 * (log_det + np.sum(offset * solved, axis=1)))
        return np.stack(columns, axis=1)

    def log_density(self, x: Array) -> Array:
        """ln of the density, [n]."""
        return np.logaddexp.reduce(self.log_components(x), axis=1)


def extreme_deconvolution(x: Array, noise: Array, k: int, seed: int, steps: int = 200, floor: float = 1e-3) -> Mixture:
    """Maximum-likelihood mixture of the noise-free x by expectation maximisation.

    Parameters
    ----------
    x : [n, d]
    noise : [n, d, d]
        Error covariance of every row.
    k
        Number of Gaussians.
    floor
        Variance added to every component, so that none collapses onto a point.
    """
    random = np.random.default_rng(seed)
    mixture = Mixture(
        np.full(k, 1.0 / k),
        x[random.choice(len(x), k, replace=False)],
        np.tile(np.cov(x.T) / 2.0, (k, 1, 1)),
    )
    for _ in range(steps):
        mixture = _step(mixture, x, noise, floor)
    order = np.argsort(-mixture.weight)
    return Mixture(mixture.weight[order], mixture.mean[order], mixture.covariance[order])


def _step(mixture: Mixture, x: Array, noise: Array, floor: float) -> Mixture:
    """One expectation maximisation step (Bovy+2011, equations 16-17)."""
    log_q = mixture.log_components(x, noise)
    q = np.exp(log_q - np.logaddexp.reduce(log_q, axis=1)[:, None])  # [n, k]
    means, covariances = [], []
    for j in range(len(mixture)):
        v = mixture.covariance[j]
        gain = np.linalg.solve(v + noise, np.broadcast_to(v, noise.shape)).transpose(0, 2, 1)
        b = mixture.mean[j] + (gain @ (x - mixture.mean[j])[:, :, None])[:, :, 0]  # [n, d]
        remaining = v - gain @ v  # [n, d, d]
        total = q[:, j].sum()
        mean = q[:, j] @ b / total
        d = b - mean
        spread = d[:, :, None] * d[:, None, :] + remaining
        covariance = np.tensordot(q[:, j], spread, axes=1) / total
        means.append(mean)
        covariances.append(covariance + floor * np.eye(len(mean)))
    return Mixture(q.mean(axis=0), np.stack(means), np.stack(covariances))
