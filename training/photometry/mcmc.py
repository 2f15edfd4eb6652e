"""A long Markov chain over the same posterior as `infer.py`, to check its Laplace mixture.

Affine-invariant ensemble sampling (Goodman & Weare 2010), vectorised over stars: all stars walk
at once, each with its own ensemble.
"""

from __future__ import annotations

import numpy as np

from .covariance import Array
from .infer import MAS_SLOPE, N_UNKNOWN, Photometer, Weighted

STRETCH = 2.0  # the a of Goodman & Weare


def log_posterior(photometer: Photometer, data: Weighted, u: Array) -> Array:
    """ln posterior [n, w] at u [n, w, 5], by the formulas at the head of `infer.py`."""
    n, w, _ = u.shape
    network = photometer.network
    flat = u.reshape(-1, N_UNKNOWN)
    magnitude, r = network.photometry(flat[:, :3] * network.scale + network.centre)
    model = magnitude + r * flat[:, 3:4] + flat[:, 4:5]
    residual = data.mag[:, None, :] - model.reshape(n, w, -1)
    chi2 = np.sum(data.weight[:, None, :] * residual**2, axis=2)
    parallax = np.exp(MAS_SLOPE * (10.0 - u[:, :, 4]))
    scatter = MAS_SLOPE * parallax * photometer.binary_scatter
    variance = data.parallax_variance[:, None] + scatter**2
    miss = data.parallax[:, None] - parallax
    chi2 += data.has_parallax[:, None] * (miss**2 / variance + np.log(variance))
    chi2 += ((u[:, :, 3] - data.ebv[:, None]) / data.ebv_sigma[:, None]) ** 2
    prior = photometer.prior.log_density(flat[:, [0, 1, 2, 4]]).reshape(n, w)
    return prior - 0.5 * chi2


def sample(
    photometer: Photometer,
    data: Weighted,
    first: Array,
    steps: int,
    seed: int,
    thin: int = 10,
) -> Array:
    """Chains of all stars.

    Parameters
    ----------
    first : [n, w, 5]
        First positions of w walkers, w even.
    steps
        Steps of the ensemble; the first half is thrown away.

    Returns
    -------
    [n, s, 5]
        Samples of the second half, every `thin`-th step.
    """
    random = np.random.default_rng(seed)
    u = first.copy()
    n, w, _ = u.shape
    half = w // 2
    value = log_posterior(photometer, data, u)
    kept = []
    for step in range(steps):
        for moving, fixed in ((slice(0, half), slice(half, w)), (slice(half, w), slice(0, half))):
            z = (1.0 + (STRETCH - 1.0) * random.random((n, half))) ** 2 / STRETCH
            partner = random.integers(half, size=(n, half))
            other = np.take_along_axis(u[:, fixed], partner[:, :, None], axis=1)
            trial = other + z[:, :, None] * (u[:, moving] - other)
            new = log_posterior(photometer, data, trial)
            gain = (N_UNKNOWN - 1) * np.log(z) + new - value[:, moving]
            accept = np.log(random.random((n, half))) < gain
            u[:, moving] = np.where(accept[:, :, None], trial, u[:, moving])
            value[:, moving] = np.where(accept, new, value[:, moving])
        if step >= steps // 2 and step % thin == 0:
            kept.append(u.copy())
    return np.concatenate(kept, axis=1)
