"""Covariances, whitening and the reddening posterior (Green+2020, equations 4-14).

Shapes: n stars, b bands, 3 labels. A model is handed over as its prediction: absolute
magnitudes M [n, b], extinction vectors R [n, b] and their Jacobians dM/dtheta, dR/dtheta
[n, b, 3] (`Prediction`). Infinite errors become a large variance, so that a missing band or a
missing parallax carries no weight.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .data import Stars

Array = NDArray[np.float64]

# An 'infinite' error: (1e4 mag)^2 weighs a missing band by 1e-11 of an observed one while
# float64 keeps the other entries exact to 1e-8 mag^2.
INFINITE_VARIANCE = 1e8

MAX_EBV = 10.0  # mag; E is clipped to 0..MAX_EBV
EBV_FLOOR = 0.02  # mag, and
EBV_FLOOR_RELATIVE = 0.1  # of E: floor of the variance of E
EBV_PASSES = 5  # as cuts.green_ebv_passes


@dataclass(frozen=True)
class Prediction:
    """What a model says about n stars."""

    magnitude: Array  # [n, b] absolute magnitudes
    extinction: Array  # [n, b] extinction per unit reddening, R
    magnitude_jacobian: Array  # [n, b, 3] dM/dtheta
    extinction_jacobian: Array  # [n, b, 3] dR/dtheta


def finite_variance(sigma: Array) -> Array:
    """sigma^2, with INFINITE_VARIANCE for an infinite or huge error."""
    return np.minimum(np.square(sigma), INFINITE_VARIANCE)


def colour_matrix(n_bands: int) -> Array:
    """B of equation 5, [b, b]: y_0 = m_0 and y_i = m_i - m_0."""
    matrix = np.eye(n_bands)
    matrix[1:, 0] = -1.0
    return matrix


def magnitude_covariance(stars: Stars, prediction: Prediction, ebv: Array, ebv_variance: Array) -> Array:
    """C_m of equation 4, [n, b, b], mag^2.

    C_m = J C_theta J^T + R R^T sigma_E^2 + 1 1^T sigma_mu^2 + diag(sigma_m^2) with
    J = dM/dtheta + E dR/dtheta.
    """
    jacobian = prediction.magnitude_jacobian + ebv[:, None, None] * prediction.extinction_jacobian
    covariance = jacobian @ stars.theta_cov @ jacobian.transpose(0, 2, 1)
    r = prediction.extinction
    covariance += r[:, :, None] * r[:, None, :] * ebv_variance[:, None, None]
    covariance += finite_variance(stars.modulus_sigma)[:, None, None]
    diagonal = np.arange(r.shape[1])
    covariance[:, diagonal, diagonal] += finite_variance(stars.mag_sigma)
    return covariance


def colour_covariance(stars: Stars, prediction: Prediction, ebv: Array, ebv_variance: Array) -> Array:
    """C_y = B C_m B^T of equation 6, [n, b, b], built term by term.

    The distance modulus appears in the first element only, so that its large variance never
    meets the colours, not even in rounding.
    """
    b = colour_matrix(prediction.magnitude.shape[1])
    known_modulus = replace(stars, modulus_sigma=np.zeros_like(stars.modulus_sigma))
    without_modulus = magnitude_covariance(known_modulus, prediction, ebv, ebv_variance)
    covariance = b @ without_modulus @ b.T
    covariance[:, 0, 0] += finite_variance(stars.modulus_sigma)
    return covariance


def whitening(covariance: Array) -> Array:
    """L^-1 with C = L L^T (equation 10), [n, b, b]."""
    lower = np.linalg.cholesky(covariance)
    return np.linalg.solve(lower, np.broadcast_to(np.eye(lower.shape[1]), lower.shape))


def ebv_posterior(
    residual: Array, extinction: Array, covariance: Array, prior: Array, prior_sigma: Array
) -> tuple[Array, Array]:
    """Gaussian posterior of the reddening E (equations 8 and 9), neither clipped nor floored.

    Parameters
    ----------
    residual : [n, b]
        m - M(theta) - mu, mag (or its colour transform, with R and C transformed alike).
    extinction : [n, b]
        R.
    covariance : [n, b, b]
        C', equation 4 with sigma_E = 0.
    prior, prior_sigma : [n]
        E_0 and sigma_0, mag.

    Returns
    -------
    mean, variance : [n]
        1/s^2 = R^T C'^-1 R + 1/sigma_0^2;  E = s^2 (R^T C'^-1 (m - M - mu) + E_0/sigma_0^2).
    """
    weighted = np.linalg.solve(covariance, extinction[:, :, None])[:, :, 0]  # C'^-1 R
    precision = np.sum(weighted * extinction, axis=1) + 1.0 / prior_sigma**2
    mean = (np.sum(weighted * residual, axis=1) + prior / prior_sigma**2) / precision
    return mean, 1.0 / precision


def update_ebv(stars: Stars, prediction: Prediction, ebv: Array) -> tuple[Array, Array]:
    """New reddening and variance of every star, with the published clip and floor.

    `ebv` is the reddening at which the covariance is evaluated; the prior is always the
    original one. E is clipped to 0..10; the variance is at least 0.02^2 + (0.1 E)^2.
    """
    covariance = colour_covariance(stars, prediction, ebv, np.zeros_like(ebv))
    return ebv_given_covariance(stars, prediction, covariance)


def settled_ebv(stars: Stars, prediction: Prediction) -> tuple[Array, Array]:
    """Reddening and variance of every star by a fixed network: equations 8 and 9 at the reddening that they give.

    The covariance hangs on E through J = dM/dtheta + E dR/dtheta. From the prior it takes `EBV_PASSES` updates until E
    stands still to 0.001 mag in every star of the published sample; one update is up to 2.3 mag off.
    """
    ebv = stars.ebv
    for _ in range(EBV_PASSES):
        ebv, variance = update_ebv(stars, prediction, ebv)
    return ebv, variance


def ebv_given_covariance(stars: Stars, prediction: Prediction, covariance: Array) -> tuple[Array, Array]:
    """As `update_ebv`, with a given C'_y (for judging several models by one covariance)."""
    mean, variance = ebv_posterior(
        colour_residual(stars, prediction, np.zeros(len(stars))),
        prediction.extinction @ colour_matrix(prediction.extinction.shape[1]).T,
        covariance,
        stars.ebv,
        stars.ebv_sigma,
    )
    mean = np.clip(mean, 0.0, MAX_EBV)
    return mean, np.maximum(variance, EBV_FLOOR**2 + (EBV_FLOOR_RELATIVE * mean) ** 2)


def colour_residual(stars: Stars, prediction: Prediction, ebv: Array) -> Array:
    """B (m - M - R E - mu), [n, b]; entries of missing bands are zero."""
    model = prediction.magnitude + prediction.extinction * ebv[:, None] + stars.modulus[:, None]
    residual = stars.mag - model
    colour = residual @ colour_matrix(residual.shape[1]).T
    return np.where(stars.observed, colour, 0.0)


def chi_square(residual: Array, covariance: Array) -> Array:
    """r^T C^-1 r, [n]."""
    return np.sum(residual * np.linalg.solve(covariance, residual[:, :, None])[:, :, 0], axis=1)


def degrees_of_freedom(stars: Stars) -> Array:
    """Observed bands minus one, for the fitted reddening, at least one."""
    return np.maximum(stars.observed.sum(axis=1) - 1.0, 1.0)
