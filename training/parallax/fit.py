"""Fits theta: L-BFGS-B on the split positive and negative parts, so that coefficients are zero exactly."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from .objective import Design, Objective, penalty

#: Stars that the first fit uses: parallaxes better than 5 percent (section 3), or the best of them if they are few.
BEST_ERROR_RATIO = 0.05
FEWEST_BEST = 200


@dataclass(frozen=True)
class Settings:
    """When a fit stops: iterations of L-BFGS-B, and its tolerance on the objective, relative to it."""

    iterations: int = 3000
    tolerance: float = 1e-7
    memory: int = 20


@dataclass(frozen=True)
class Fit:
    """A fitted model: theta [1 + bands + pixels] on features as they are, the objective, and what it took."""

    theta: np.ndarray
    objective: float
    evaluations: int
    seconds: float
    n_photometry: int

    @property
    def zeros(self) -> float:
        """Fraction of the pixels' coefficients that are zero exactly."""
        return float(np.mean(self.theta[self.n_photometry :] == 0))


@dataclass(frozen=True)
class Scaling:
    """A change of variables that leaves the objective as it is: features about their means, photometry uncorrelated.

    `mean` [1 + bands + pixels]; `whiten` [1 + bands, 1 + bands] takes scaled photometric coefficients to plain ones.
    """

    mean: np.ndarray
    whiten: np.ndarray

    def to_plain(self, scaled: np.ndarray) -> np.ndarray:
        """Coefficients of features as they are from those of centred and whitened ones."""
        n = len(self.whiten)
        theta = np.concatenate([self.whiten @ scaled[:n], scaled[n:]])
        theta[0] -= theta[1:] @ self.mean[1:]
        return theta

    def to_scaled(self, theta: np.ndarray) -> np.ndarray:
        """The inverse of `to_plain`."""
        n = len(self.whiten)
        plain = theta.copy()
        plain[0] += theta[1:] @ self.mean[1:]
        return np.concatenate([np.linalg.solve(self.whiten, plain[:n]), theta[n:]])

    def photometry(self, scaled: np.ndarray) -> np.ndarray:
        """Photometry [N, bands] as it was, from centred and whitened columns [N, 1 + bands]."""
        return (scaled @ np.linalg.inv(self.whiten))[:, 1:] + self.mean[1 : len(self.whiten)]


def centre(design: Design) -> tuple[Design, Scaling]:
    """Features about their means and photometry uncorrelated; the spectra are changed in place, not copied."""
    mean = np.zeros(design.spectra.shape[1])
    for rows in design.blocks():
        mean += design.spectra[rows].sum(axis=0, dtype=np.float64)
    mean /= len(design)
    for rows in design.blocks():
        design.spectra[rows] -= mean.astype(np.float32)
    plain = design.photometry.copy()
    means = plain.mean(axis=0)
    means[0] = 0
    centred = plain - means
    covariance = centred.T @ centred / len(plain)
    values, vectors = np.linalg.eigh(covariance[1:, 1:])
    whiten = np.eye(len(covariance))
    whiten[1:, 1:] = vectors / np.sqrt(np.maximum(values, 1e-12 * values.max()))
    scaling = Scaling(np.concatenate([means, mean.astype(np.float32)]), whiten)
    return Design(centred @ whiten, design.spectra), scaling


def fit(
    objective: Objective, strength: float, settings: Settings | None = None, start: np.ndarray | None = None
) -> Fit:
    """Minimise equation 3 from a first fit to the best parallaxes, or from `start`.

    Parameters
    ----------
    strength
        lambda of equation 3.
    start
        theta [1 + bands + pixels] to begin with.

    Returns
    -------
    Fit
        theta of the features of `objective`.
    """
    settings = settings or Settings()
    before, evaluations = time.perf_counter(), 0
    if start is None:
        best = best_stars(objective.parallax, objective.error)
        some = Design(objective.design.photometry[best], objective.design.spectra[best])
        first = Objective(some, objective.parallax[best], objective.error[best])
        start, evaluations = _descend(first, strength, settings, logarithmic_start(first))
    theta, more = _descend(objective, strength, settings, start)
    half, _ = objective.value_and_gradient(theta)
    n = objective.n_photometry
    seconds = time.perf_counter() - before
    return Fit(theta, half + penalty(theta, n, strength), evaluations + more, seconds, n)


def refitted(found: Fit, scaling: Scaling) -> Fit:
    """A fit to centred features as one to features as they are."""
    return replace(found, theta=scaling.to_plain(found.theta))


def best_stars(parallax: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Places of the stars of the first fit; they only say where the descent begins, every star is in the fit itself."""
    ratio = np.where(parallax > 0, error / np.maximum(parallax, 1e-9), np.inf)
    best = np.flatnonzero(ratio < BEST_ERROR_RATIO)
    return best if len(best) >= FEWEST_BEST else np.sort(np.argsort(ratio)[:FEWEST_BEST])


def logarithmic_start(objective: Objective) -> np.ndarray:
    """Photometric coefficients by linear least squares on the logarithm of precise parallaxes, zero for every pixel."""
    positive = objective.parallax > 0
    weight = (objective.parallax / objective.error)[positive]
    photometry = objective.design.photometry[positive]
    solution, *_ = np.linalg.lstsq(
        photometry * weight[:, None], np.log(objective.parallax[positive]) * weight, rcond=None
    )
    return np.concatenate([solution, np.zeros(objective.design.spectra.shape[1])])


def _descend(objective: Objective, strength: float, settings: Settings, start: np.ndarray) -> tuple[np.ndarray, int]:
    """L-BFGS-B over [photometry, positive parts, negative parts], in units of each feature's own curvature."""
    n = objective.n_photometry
    curvature = objective.curvature(start)
    unit = 1 / np.sqrt(np.maximum(curvature, 1e-6 * curvature.max()))
    rate = strength * unit[n:]

    def split_value(u: np.ndarray) -> tuple[float, np.ndarray]:
        head, positive, negative = np.split(u, [n, n + len(rate)])
        theta = np.concatenate([head, positive - negative]) * unit
        half, gradient = objective.value_and_gradient(theta)
        gradient *= unit
        value = half + float(rate @ (positive + negative))
        return value, np.concatenate([gradient[:n], rate + gradient[n:], rate - gradient[n:]])

    scaled = start / unit
    u = np.concatenate([scaled[:n], np.maximum(scaled[n:], 0), np.maximum(-scaled[n:], 0)])
    bounds = [(None, None)] * n + [(0, None)] * (2 * len(rate))
    options = {
        "maxiter": settings.iterations,
        "maxfun": 2 * settings.iterations,
        "maxcor": settings.memory,
        "ftol": settings.tolerance,
        "gtol": 0,
    }
    found = minimize(split_value, u, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    head, positive, negative = np.split(found.x, [n, n + len(rate)])
    return np.concatenate([head, positive - negative]) * unit, int(found.nfev)
