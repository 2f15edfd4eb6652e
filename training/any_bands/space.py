"""What the network sees of a star: a linear factor model of its magnitudes, whatever bands it has.

Magnitudes are m = offsets + level + loadings z + noise, with a broad prior on `level` (the distance modulus) and unit
normal priors on the factors z, which take the place of temperature, reddening, metallicity and gravity. The posterior
of (level, z) given the bands that were observed is exact for any subset; a missing band widens it, no more.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from .dust import Dust

BANDS = (
    "phot_g_mean_mag",
    "phot_bp_mean_mag",
    "phot_rp_mean_mag",
    "g_mean_psf_mag",
    "r_mean_psf_mag",
    "i_mean_psf_mag",
    "z_mean_psf_mag",
    "y_mean_psf_mag",
    "j_m",
    "h_m",
    "ks_m",
    "w1mpro",
    "w2mpro",
)
N_BANDS = len(BANDS)
PARALLAX, LATITUDE, LONGITUDE = N_BANDS, N_BANDS + 1, N_BANDS + 2
INPUTS = (*((band, "mag") for band in BANDS), ("corrected_parallax", "mas"), ("b", "deg"), ("l", "deg"))
KS = BANDS.index("ks_m")

FACTORS = 5
LEVEL_SIGMA = 3.0
LEAST_SIGMA = 0.012
#: Features beyond this many sigmas are cut off: a wrong magnitude must not rule a network.
FAR = 8.0
#: Where the luminosity asinh(a / 0.15), a = parallax 10^(0.2 (level - 10)), turns linear; and its centre.
LUMINOSITY_SCALE, LUMINOSITY_CENTRE = 0.15, 2.0
LATITUDE_SCALE, LATITUDE_CENTRE = 5.0, 1.5


@dataclass(frozen=True)
class Factors:
    """offsets [bands], loadings [bands, 1 + factors] (the first column, of the level, is 1), variances [bands],
    precision [1 + factors] of the prior; and the dust over the sky, which is no part of it."""

    offsets: np.ndarray
    loadings: np.ndarray
    variances: np.ndarray
    precision: np.ndarray
    level: float
    dust: Dust

    def as_json(self) -> dict[str, object]:
        """The factor model alone."""
        names = [field.name for field in fields(self) if field.name != "dust"]
        return {name: np.asarray(getattr(self, name)).tolist() for name in names}

    @classmethod
    def from_json(cls, text: dict[str, list], dust: Dust) -> Factors:
        arrays = {key: np.asarray(value, float) for key, value in text.items()}
        level = float(arrays.pop("level"))
        return cls(**arrays, level=level, dust=dust)

    def features(self, x: Tensor) -> Tensor:
        """x [rows, inputs] in float64, NaN where not observed -> [rows, features] in float32.

        In order: level, factors, logarithms of their posterior standard deviations, standardised residuals of the
        bands, what was observed (bands, parallax, place), luminosity, latitude, dust along the line of sight.
        """
        loadings, weights = torch.tensor(self.loadings), torch.tensor(1 / self.variances)
        seen = torch.isfinite(x[:, :N_BANDS])
        d = torch.where(seen, x[:, :N_BANDS] - torch.tensor(self.offsets + self.level), 0.0)
        w = seen * weights
        matrix = torch.einsum("ni,ij,ik->njk", w, loadings, loadings) + torch.diag(torch.tensor(self.precision))
        covariance = torch.linalg.inv(matrix)
        z = torch.einsum("njk,nk->nj", covariance, (w * d) @ loadings)
        sigma = torch.sqrt(torch.diagonal(covariance, dim1=1, dim2=2))
        residual = torch.where(seen, d - z @ loadings.T, 0.0) * torch.sqrt(weights)
        has_place = torch.isfinite(x[:, LATITUDE:]).all(dim=1, keepdim=True)
        place = torch.where(has_place, x[:, LATITUDE:], 0.0)
        parts = [
            z[:, :1],
            z[:, 1:].clamp(-FAR, FAR),
            torch.log(sigma),
            residual.clamp(-FAR, FAR),
            seen.double(),
            torch.isfinite(x[:, PARALLAX : PARALLAX + 1]).double(),
            has_place.double(),
            _luminosity(x[:, PARALLAX], z[:, 0] + self.level)[:, None],
            torch.where(has_place, _latitude(place[:, :1]), 0.0),
            torch.where(has_place, self.dust.feature(place[:, 1], place[:, 0])[:, None], 0.0),
        ]
        return torch.cat(parts, dim=1).float()


def _luminosity(parallax: Tensor, level: Tensor) -> Tensor:
    """What parallax and level say together; it bears a parallax below zero."""
    seen = torch.isfinite(parallax)
    a = torch.where(seen, parallax, 0.0) * torch.exp((level - 10).clamp(-12, 12) * (0.2 * np.log(10)))
    return torch.where(seen, torch.asinh(a.clamp(-10, 1000) / LUMINOSITY_SCALE) - LUMINOSITY_CENTRE, 0.0)


def _latitude(b: Tensor) -> Tensor:
    return torch.log1p(b.abs() / LATITUDE_SCALE) - LATITUDE_CENTRE


def fit_factors(magnitudes: np.ndarray, dust: Dust, iterations: int = 200) -> Factors:
    """Fit the factor model by expectation maximisation (Rubin & Thayer 1982) to complete magnitudes [rows, bands]."""
    centre = np.median(magnitudes - magnitudes[:, KS : KS + 1], axis=0)
    d = magnitudes - centre
    level = d[:, KS - 2 : KS + 1].mean(axis=1)
    d = d - level[:, None]
    mean = d.mean(axis=0)
    covariance = np.cov(d - mean, rowvar=False)
    values, vectors = np.linalg.eigh(covariance)
    loadings = vectors[:, -FACTORS:] * np.sqrt(values[-FACTORS:])
    variances = np.maximum(np.diag(covariance - loadings @ loadings.T), LEAST_SIGMA**2)
    for _ in range(iterations):
        beta = loadings.T @ np.linalg.inv(loadings @ loadings.T + np.diag(variances))
        second = np.eye(FACTORS) - beta @ loadings + beta @ covariance @ beta.T
        loadings = covariance @ beta.T @ np.linalg.inv(second)
        variances = np.maximum(np.diag(covariance - loadings @ beta @ covariance), LEAST_SIGMA**2)
    return Factors(
        offsets=centre + mean,
        loadings=np.concatenate([np.ones((N_BANDS, 1)), loadings], axis=1),
        variances=variances,
        precision=np.concatenate([[LEVEL_SIGMA**-2], np.ones(FACTORS)]),
        level=float(np.median(level)),
        dust=dust,
    )
