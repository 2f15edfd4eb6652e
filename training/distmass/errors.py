"""The error of the paper's distances: a quadratic in log g through the errors of the training stars.

Stone-Martinez et al. 2024, section 4.3: medians of the fractional errors in bins of 0.25 dex, here as standard
deviations. It is fitted to the stars that the network was trained on and stands in its model file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .data import Stars, Target, specification
from .regression import Trained

BIN, FEWEST = 0.25, 10
TO_STANDARD_DEVIATION = 1.482602218505602


@dataclass(frozen=True)
class DistanceErrors:
    """Coefficients of the fractional error in powers of log g, between the log g of the first and the last bin."""

    coefficients: tuple[float, float, float]
    logg: tuple[float, float]

    def at(self, logg: np.ndarray) -> np.ndarray:
        """Fractional error of the distance [rows]."""
        return np.polynomial.polynomial.polyval(np.clip(logg, *self.logg), self.coefficients)


def distance_errors(stars: Stars, papers: dict[str, Trained]) -> DistanceErrors | None:
    """Fit the errors of the paper's network of absolute magnitude on the stars outside the test part."""
    target = next(t for t in specification()["targets"] if t.name == "absolute_k")
    if target.name not in papers:
        return None
    label, value = stars.columns[target.label], papers[target.name].predict(stars.x)[0]
    logg = stars.x[:, [entry["name"] for entry in specification()["inputs"]].index("logg")]
    known = np.isfinite(label) & np.isfinite(value) & (stars.split != "test")
    return fit_errors(logg[known], ratio_to_label(target, value[known], label[known]))


def fit_errors(logg: np.ndarray, ratio: np.ndarray) -> DistanceErrors:
    """Fit a quadratic to the medians of |ratio| in bins of log g, weighted by their stars; a constant to few bins."""
    numbers = np.floor(logg / BIN)
    bins = [numbers == number for number in np.unique(numbers) if (numbers == number).sum() >= FEWEST]
    middle = np.array([logg[rows].mean() for rows in bins])
    if len(bins) <= 3:
        everywhere = TO_STANDARD_DEVIATION * float(np.median(np.abs(ratio)))
        return DistanceErrors((everywhere, 0.0, 0.0), (float(logg.min()), float(logg.max())))
    error = TO_STANDARD_DEVIATION * np.array([np.median(np.abs(ratio[rows])) for rows in bins])
    weight = np.sqrt([rows.sum() for rows in bins])
    a, b, c = np.polynomial.polynomial.polyfit(middle, error, 2, w=weight).tolist()
    return DistanceErrors((a, b, c), (float(middle.min()), float(middle.max())))


def ratio_to_label(target: Target, value: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Mass over its label minus 1 [rows], or what an absolute magnitude makes of the distance."""
    return value / label - 1 if target.logarithmic else 10 ** ((label - value) / 5) - 1
