"""The scatter that is added to equation 5, on numbers drawn with a known one."""

import numpy as np
import pytest
from candlesql.training.parallax.calibrate import fit_scatter


def test_a_known_scatter_is_found():
    """Predictions off by 10 % besides 3 % that is stated, against parallaxes with errors of 0.02 mas."""
    rng = np.random.default_rng(1)
    true = rng.uniform(0.3, 1.0, 20_000)
    predicted = true * np.exp(np.hypot(0.1, 0.03) * rng.standard_normal(len(true)))
    measured = true + 0.02 * rng.standard_normal(len(true))
    error, relative = np.full(len(true), 0.02), np.full(len(true), 0.03)
    assert fit_scatter(predicted, measured, error, relative) == pytest.approx(0.1, abs=0.005)


def test_nothing_is_added_where_the_errors_are_large_enough():
    rng = np.random.default_rng(2)
    true = np.ones(1000)
    predicted = true * (1 + 0.02 * rng.standard_normal(1000))
    assert fit_scatter(predicted, true, np.zeros(1000), np.full(1000, 0.05)) == 0.0
