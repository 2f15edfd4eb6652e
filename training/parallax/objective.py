"""The objective of Hogg, Eilers & Rix 2018, equations 1-3, over a spectral matrix that is read once an evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

#: Rows of the spectral matrix that are worked on at a time: 64 x 7,405 floats (1.9 MB) stay in a core's cache between
#: the product with the coefficients and the product with the residuals.
BLOCK = 64
#: exp() of more than this is no parallax (mas); it keeps a wild step of the line search finite.
LARGEST_LOG = 10.0


@dataclass(frozen=True)
class Design:
    """Features of N stars: `photometry` [N, 1 + bands] float64, ones first; `spectra` [N, pixels] float32."""

    photometry: np.ndarray
    spectra: np.ndarray

    def __len__(self) -> int:
        return len(self.photometry)

    def blocks(self) -> list[slice]:
        """Slices of rows that fit into the cache."""
        return [slice(start, start + BLOCK) for start in range(0, len(self), BLOCK)]

    def times(self, theta: np.ndarray) -> np.ndarray:
        """theta . x of every star [N]; theta [1 + bands + pixels]."""
        first, rest = np.split(theta, [self.photometry.shape[1]])
        rest = rest.astype(np.float32)
        found = self.photometry @ first
        for rows in self.blocks():
            found[rows] += self.spectra[rows] @ rest
        return found

    def transposed_times(self, weights: np.ndarray) -> np.ndarray:
        """The sum of x over stars with weights [N]."""
        total = np.zeros(self.spectra.shape[1])
        for rows in self.blocks():
            total += weights[rows].astype(np.float32) @ self.spectra[rows]
        return np.concatenate([weights @ self.photometry, total])

    def squares(self, weights: np.ndarray) -> np.ndarray:
        """The sum of x * x over stars with weights [N]."""
        total = np.zeros(self.spectra.shape[1])
        for rows in self.blocks():
            total += weights[rows].astype(np.float32) @ np.square(self.spectra[rows])
        return np.concatenate([weights @ np.square(self.photometry), total])


@dataclass(frozen=True)
class Objective:
    """Half of chi-square of exp(theta . x) against parallaxes, as a function of theta; L1 stands in `penalty`.

    Attributes
    ----------
    parallax
        [N], mas, with the offset of the zero-point added.
    error
        [N], mas.
    """

    design: Design
    parallax: np.ndarray
    error: np.ndarray

    @cached_property
    def n_photometry(self) -> int:
        return self.design.photometry.shape[1]

    def value_and_gradient(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Half of chi-square and its gradient [1 + bands + pixels], in one reading of the spectra."""
        first, rest = np.split(theta, [self.n_photometry])
        rest = rest.astype(np.float32)
        spectra, photometry = self.design.spectra, self.design.photometry
        total, gradient = 0.0, np.zeros(len(theta))
        log = photometry @ first
        for rows in self.design.blocks():
            block = spectra[rows]
            z = log[rows] + block @ rest
            model = np.exp(np.minimum(z, LARGEST_LOG))
            residual = (model - self.parallax[rows]) / self.error[rows]
            total += 0.5 * float(residual @ residual)
            slope = residual * model / self.error[rows]
            gradient[: self.n_photometry] += slope @ photometry[rows]
            gradient[self.n_photometry :] += slope.astype(np.float32) @ block
        return total, gradient

    def curvature(self, theta: np.ndarray) -> np.ndarray:
        """The diagonal of the Gauss-Newton Hessian [1 + bands + pixels]."""
        model = np.exp(np.minimum(self.design.times(theta), LARGEST_LOG))
        return self.design.squares(np.square(model / self.error))


def penalty(theta: np.ndarray, n_photometry: int, strength: float) -> float:
    """lambda times the L1 norm of the coefficients of spectral pixels, equation 3."""
    return strength * float(np.abs(theta[n_photometry:]).sum())
