"""Stellar parameters from photometry: the posterior of equation 19.

Unknowns of a star: u = (z1, z2, z3, E, mu), the normalised labels, the reddening and the
distance modulus. What speaks about them:

    bands      m_i ~ N(M_i(z) + R_i(z) E + mu, sigma_i^2 + floor_i^2); a missing band says nothing
    parallax   w ~ N(10^((10 - mu)/5), sigma_w^2 + (0.4605 w_model s)^2), w in mas; of any
               signal-to-noise, negative ones too. s is the scatter of absolute magnitudes that
               the labels do not explain (unresolved binaries), in magnitudes
    reddening  E ~ N(E_0, sigma_0^2), from a dust map, or a wide default
    prior      (z, mu) ~ sum_k w_k N(m_k, S_k), the training stars without their errors

Every component k is a start of its own: Gauss-Newton finds the maximum of its Gaussian times
the likelihood, the curvature there is its Laplace approximation, and the posterior is the
mixture of these Gaussians weighted with their evidences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .covariance import Array
from .data import Stars
from .network import Network
from .prior import Mixture

MAS_SLOPE = np.log(10.0) / 5.0  # -d ln(parallax) / d mu
N_UNKNOWN = 5
LONGER, SHORTER = 2.0, 0.4  # next step's length after success and after failure
DEFAULT_EBV = (0.2, 0.5)  # mag, mean and sigma of the reddening where no map is given


@dataclass(frozen=True)
class Photometer:
    """What the inference needs beside the star.

    Attributes
    ----------
    floor : [b]
        Scatter of the model in every band [mag], added to the errors.
    binary_scatter : float
        Scatter of absolute magnitude at given labels [mag], in the parallax term.
    """

    network: Network
    prior: Mixture
    floor: Array
    binary_scatter: float = 0.1
    steps: int = 12
    max_step: float = 1.0  # of any unknown in one step; units of the normalised labels, mag


@dataclass(frozen=True)
class Observation:
    """n stars; NaN (or infinite error) where something is missing."""

    mag: Array  # [n, b]
    mag_sigma: Array  # [n, b]
    parallax: Array  # [n], mas
    parallax_sigma: Array  # [n], mas
    ebv: Array  # [n], mag
    ebv_sigma: Array  # [n], mag

    @classmethod
    def of(cls, stars: Stars) -> Observation:
        """The photometry, parallax and reddening prior of training stars, without labels."""
        return cls(
            stars.mag, stars.mag_sigma, stars.parallax, stars.parallax_sigma, stars.ebv,
            stars.ebv_sigma,
        )  # fmt: skip


@dataclass(frozen=True)
class Weighted:
    """An observation as values and weights; a missing value is 0 with weight 0."""

    mag: Array  # [n, b]
    weight: Array  # [n, b], 1 / mag^2
    parallax: Array  # [n]
    parallax_variance: Array  # [n], mas^2
    has_parallax: Array  # [n], 0 or 1
    ebv: Array  # [n]
    ebv_sigma: Array  # [n]


@dataclass(frozen=True)
class Posterior:
    """Mixture of k Gaussians for every star; unknowns (Teff, log g, [Fe/H], E, mu)."""

    weight: Array  # [n, k]
    mean: Array  # [n, k, 5]
    covariance: Array  # [n, k, 5, 5]
    chi2: Array  # [n, k], bands and parallax, at the maximum

    def moments(self) -> tuple[Array, Array]:
        """Mean [n, 5] and covariance [n, 5, 5] of the whole mixture."""
        w = self.weight
        mean = np.einsum("nk,nki->ni", w, self.mean)
        d = self.mean - mean[:, None, :]
        covariance = np.einsum("nk,nkij->nij", w, self.covariance)
        return mean, covariance + np.einsum("nk,nki,nkj->nij", w, d, d)


def weigh(observation: Observation, floor: Array) -> Weighted:
    """Turn missing values into zero weights."""
    with np.errstate(invalid="ignore"):
        seen = np.isfinite(observation.mag) & np.isfinite(observation.mag_sigma)
        seen &= observation.mag_sigma > 0
        variance = np.square(np.where(seen, observation.mag_sigma, 1.0)) + np.square(floor)
        near = np.isfinite(observation.parallax) & (observation.parallax_sigma > 0)
        mapped = np.isfinite(observation.ebv) & (observation.ebv_sigma > 0)
    return Weighted(
        mag=np.where(seen, observation.mag, 0.0),
        weight=np.where(seen, 1.0 / variance, 0.0),
        parallax=np.where(near, observation.parallax, 0.0),
        parallax_variance=np.square(np.where(near, observation.parallax_sigma, 1.0)),
        has_parallax=near.astype(float),
        ebv=np.where(mapped, observation.ebv, DEFAULT_EBV[0]),
        ebv_sigma=np.where(mapped, observation.ebv_sigma, DEFAULT_EBV[1]),
    )


def start(photometer: Photometer, data: Weighted, component: int) -> Array:
    """First guess [n, 5]: the component's labels, the map's E, mu from the bands at those."""
    n = len(data.ebv)
    mean = photometer.prior.mean[component]
    network = photometer.network
    predicted = network.predict(mean[None, :3] * network.scale + network.centre)
    model = predicted.magnitude + predicted.extinction * data.ebv[:, None]
    # weighted mean of the bands and, with weight 1/mag^2, of the component's own modulus
    total = data.weight.sum(axis=1) + 1.0
    modulus = (np.sum(data.weight * (data.mag - model), axis=1) + mean[3]) / total
    return np.column_stack([np.tile(mean[:3], (n, 1)), data.ebv, modulus])


@dataclass(frozen=True)
class Normal:
    """Normal equations at a point: curvature, gradient and twice the negative log posterior."""

    curvature: Array  # [n, 5, 5]
    gradient: Array  # [n, 5]
    chi2: Array  # [n], data
    chi2_prior: Array  # [n], reddening and component
    log_noise: Array  # [n], ln of the parallax variance, which depends on u

    @property
    def energy(self) -> Array:
        """Twice the negative log posterior, without constants, [n]."""
        return self.chi2 + self.chi2_prior + self.log_noise

    def replaced(self, other: Normal, where: NDArray[np.bool_]) -> Normal:
        """The other expansion where the mask [n] is true."""
        return Normal(
            np.where(where[:, None, None], other.curvature, self.curvature),
            np.where(where[:, None], other.gradient, self.gradient),
            np.where(where, other.chi2, self.chi2),
            np.where(where, other.chi2_prior, self.chi2_prior),
            np.where(where, other.log_noise, self.log_noise),
        )


def normal_equations(photometer: Photometer, data: Weighted, component: int, u: Array) -> Normal:
    """Gauss-Newton expansion of the posterior of one component around u [n, 5]."""
    curvature, gradient, chi2 = _bands(photometer, data, u)
    # parallax: one more datum, with the slope of 10^((10 - mu)/5)
    parallax = np.exp(MAS_SLOPE * (10.0 - u[:, 4]))
    by_mu = -MAS_SLOPE * parallax
    variance = data.parallax_variance + np.square(by_mu * photometer.binary_scatter)
    weight = data.has_parallax / variance
    miss = data.parallax - parallax
    curvature[:, 4, 4] += weight * by_mu**2
    gradient[:, 4] += weight * by_mu * miss
    chi2 += weight * miss**2
    # priors: reddening, and the component's Gaussian of labels and modulus
    ebv_weight = 1.0 / data.ebv_sigma**2
    ebv_miss = data.ebv - u[:, 3]
    curvature[:, 3, 3] += ebv_weight
    gradient[:, 3] += ebv_weight * ebv_miss
    precision, centre = _component(photometer.prior, component)
    pull = (centre - u) @ precision
    return Normal(
        curvature + precision,
        gradient + pull,
        chi2,
        ebv_weight * ebv_miss**2 + np.sum(pull * (centre - u), axis=1),
        data.has_parallax * np.log(variance),
    )


def _bands(photometer: Photometer, data: Weighted, u: Array) -> tuple[Array, Array, Array]:
    """Curvature [n, 5, 5], gradient [n, 5] and chi-square [n] of the bands."""
    network, e, mu = photometer.network, u[:, 3:4], u[:, 4:5]
    predicted = network.predict(u[:, :3] * network.scale + network.centre)
    r = predicted.extinction
    residual = data.mag - (predicted.magnitude + r * e + mu)
    slope = predicted.magnitude_jacobian + e[:, :, None] * predicted.extinction_jacobian
    jacobian = np.concatenate([slope * network.scale, r[:, :, None], np.ones((*r.shape, 1))], axis=2)  # [n, b, 5]
    weighted = data.weight[:, :, None] * jacobian
    curvature = weighted.transpose(0, 2, 1) @ jacobian
    gradient = np.einsum("nbi,nb->ni", weighted, residual)
    return curvature, gradient, np.sum(data.weight * residual**2, axis=1)


def _component(prior: Mixture, component: int) -> tuple[Array, Array]:
    """Precision [5, 5] and mean [5] of one component; E, which it does not know, has zeros."""
    labels = [0, 1, 2, 4]
    precision, centre = np.zeros((N_UNKNOWN, N_UNKNOWN)), np.zeros(N_UNKNOWN)
    precision[np.ix_(labels, labels)] = np.linalg.inv(prior.covariance[component])
    centre[labels] = prior.mean[component]
    return precision, centre


def maximise(photometer: Photometer, data: Weighted, component: int) -> tuple[Array, Normal]:
    """Gauss-Newton with backtracking: the maximum [n, 5] and the expansion there.

    A step that lowers the posterior is not taken, and the star tries a shorter one next time.
    """
    u = start(photometer, data, component)
    here = normal_equations(photometer, data, component, u)
    length = np.ones(len(u))
    for _ in range(photometer.steps):
        trial = u + length[:, None] * bounded_step(here, photometer.max_step)
        there = normal_equations(photometer, data, component, trial)
        better = there.energy <= here.energy
        u = np.where(better[:, None], trial, u)
        here = here.replaced(there, better)
        length = np.minimum(1.0, length * np.where(better, LONGER, SHORTER))
    return u, here


def bounded_step(here: Normal, max_step: float) -> Array:
    """Solve curvature . step = gradient, [n, 5], and shorten long steps.

    Labels and reddening bound the step; the modulus follows them almost linearly.
    """
    step = np.linalg.solve(here.curvature, here.gradient[:, :, None])[:, :, 0]
    longest = np.abs(step[:, :4]).max(axis=1, keepdims=True)
    return step / np.maximum(1.0, longest / max_step)


def infer(photometer: Photometer, observation: Observation) -> Posterior:
    """The posterior of every star."""
    data = weigh(observation, photometer.floor)
    network, prior = photometer.network, photometer.prior
    to_labels = np.concatenate([network.scale, [1.0, 1.0]])
    log_weight, means, covariances, chi2 = [], [], [], []
    for k in range(len(prior)):
        u, here = maximise(photometer, data, k)
        _, log_det = np.linalg.slogdet(here.curvature)
        _, log_det_prior = np.linalg.slogdet(prior.covariance[k])
        evidence = here.energy + log_det + log_det_prior
        log_weight.append(np.log(prior.weight[k]) - 0.5 * evidence)
        means.append(u * to_labels + np.concatenate([network.centre, [0.0, 0.0]]))
        covariances.append(np.linalg.inv(here.curvature) * np.outer(to_labels, to_labels))
        chi2.append(here.chi2)
    logs = np.stack(log_weight, axis=1)
    weight = np.exp(logs - np.logaddexp.reduce(logs, axis=1)[:, None])
    return Posterior(weight, np.stack(means, 1), np.stack(covariances, 1), np.stack(chi2, 1))
