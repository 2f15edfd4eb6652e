"""The measure by which photometry networks are compared: chi-square of held-out stars.

One covariance for all contenders, that of a reference network: with its own covariance, a
network with steep gradients forgives itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .covariance import (
    Array,
    Prediction,
    chi_square,
    colour_covariance,
    colour_residual,
    degrees_of_freedom,
    ebv_given_covariance,
    settled_ebv,
)
from .data import Stars

CAP = 10.0  # one bad star counts at most this much


@dataclass(frozen=True)
class Judge:
    """Covariances of a set of stars, fixed once by a reference network."""

    stars: Stars
    without_ebv: Array  # C'_y, [n, b, b], for the reddening
    covariance: Array  # C_y with the reference's sigma_E, [n, b, b], for chi-square

    @classmethod
    def from_reference(cls, stars: Stars, reference: Prediction) -> Judge:
        """Covariances at the reference network's own reddenings."""
        ebv, variance = settled_ebv(stars, reference)
        zero = np.zeros_like(ebv)
        return cls(
            stars,
            colour_covariance(stars, reference, ebv, zero),
            colour_covariance(stars, reference, ebv, variance),
        )

    def chi2_per_dof(self, contender: Prediction) -> Array:
        """chi2 / (observed bands - 1) of every star [n], each with its own best reddening."""
        ebv, _ = ebv_given_covariance(self.stars, contender, self.without_ebv)
        residual = colour_residual(self.stars, contender, ebv)
        return chi_square(residual, self.covariance) / degrees_of_freedom(self.stars)

    def score(self, contender: Prediction) -> float:
        """Mean of chi2 per degree of freedom, each star capped at 10."""
        return float(np.minimum(self.chi2_per_dof(contender), CAP).mean())
