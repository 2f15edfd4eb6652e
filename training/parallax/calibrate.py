"""Calibrated errors: equation 5 of Hogg et al. 2018 has the features' errors alone, the model scatters too."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
from scipy.optimize import brentq

from .fit import Fit
from .sample import ERRORS, HALVES, Sample, spectral_errors

#: Share of a normal distribution within one standard deviation.
ONE_SIGMA = 0.6827
OTHER_HALF = {"A": "B", "B": "A"}
LARGEST = 2.0


@dataclass(frozen=True)
class Calibration:
    """The relative scatter of each half's model about the stars of the other half, and the shares of each half's stars
    within one and two errors that were calibrated on the other."""

    scatter: dict[str, float]
    within_one: dict[str, float]
    within_two: dict[str, float]

    def metadata(self, outputs: list[str]) -> dict[str, object]:
        """For the model file, by output: those of halves A and B, and of both."""
        values = [self.scatter[half] for half in HALVES]
        every = dict(zip(outputs, [*values, float(np.mean(values))], strict=True))
        checked = {half: [round(self.within_one[half], 3), round(self.within_two[half], 3)] for half in HALVES}
        return {"relative_scatter": every, "within_errors": checked}


def calibrate(sample: Sample, predicted: np.ndarray, relative: np.ndarray, offset: float) -> Calibration:
    """Fit what is to be added to the errors of predictions [N] mas by the other half's model.

    Parameters
    ----------
    relative
        Equation 5 over the prediction [N].
    """
    wanted = sample.parallax + offset
    scatter, one, two = {}, {}, {}
    for half, rows in sample.halves.items():
        scatter[OTHER_HALF[half]] = fit_scatter(predicted[rows], wanted[rows], sample.error[rows], relative[rows])
    for half, rows in sample.halves.items():
        swapped = np.hypot(relative[rows], scatter[half])  # from the other half's stars
        pull = np.abs(predicted[rows] - wanted[rows]) / np.hypot(sample.error[rows], predicted[rows] * swapped)
        one[half], two[half] = float(np.mean(pull < 1)), float(np.mean(pull < 2))
    return Calibration(scatter, one, two)


def fit_scatter(predicted: np.ndarray, wanted: np.ndarray, error: np.ndarray, relative: np.ndarray) -> float:
    """The relative scatter with which 68 % of predictions [N] mas are within the errors of both."""

    def excess(scatter: float) -> float:
        sigma = np.hypot(error, predicted * np.hypot(relative, scatter))
        return float(np.quantile(np.abs(predicted - wanted) / sigma, ONE_SIGMA)) - 1

    return 0.0 if excess(0.0) <= 0 else float(brentq(excess, 0.0, LARGEST))


def relative_errors(connection: duckdb.DuckDBPyConnection, sample: Sample, fits: dict[str, Fit]) -> np.ndarray:
    """Equation 5 over the prediction [N], of each star by the model of the half that it is not in."""
    n = sample.design.photometry.shape[1]
    theta = {half: np.square(sample.scaling.to_plain(fits[half].theta)) for half in HALVES}
    magnitudes = connection.execute(
        f"""select {", ".join(ERRORS)} from parallax.training as training
            inner join parallax.parent as parent using (apogee_id) order by training.sample, apogee_id"""
    ).fetchnumpy()
    photometric = np.square(np.stack([np.asarray(magnitudes[name], float) for name in ERRORS], axis=1))
    pixels = spectral_errors(connection, sample.names, np.stack([theta[half][n:] for half in HALVES], axis=1))
    found = np.empty(len(sample.names))
    for half, rows in sample.halves.items():
        other = OTHER_HALF[half]
        found[rows] = photometric[rows] @ theta[other][1:n] + pixels[rows, HALVES.index(other)]
    return np.sqrt(found)
