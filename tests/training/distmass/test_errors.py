"""The quadratic through the errors of the paper's distances, and factors for luminous giants."""

import numpy as np
import pytest

pytest.importorskip("torch")

from candlesql.training.distmass.ensembles import _widenings
from candlesql.training.distmass.errors import fit_errors


def test_a_quadratic_in_log_g_is_found_again():
    """0.05 + 0.02 (log g - 2)^2 is 0.13 - 0.08 log g + 0.02 log g^2; outside the bins the error of the last one."""
    rng = np.random.default_rng(1)
    logg = rng.uniform(1, 3.5, 60_000)
    ratio = (0.05 + 0.02 * (logg - 2) ** 2) * rng.standard_normal(len(logg))
    found = fit_errors(logg, ratio)
    assert found.at(np.array([1.2, 2.0, 3.2])) == pytest.approx([0.0628, 0.05, 0.0788], abs=0.003)
    assert found.at(np.array([9.0])) == found.at(np.array([found.logg[1]]))


def test_few_bins_give_a_constant():
    found = fit_errors(np.linspace(2.0, 2.4, 50), np.full(50, 0.1))
    assert found.at(np.array([0.5, 2.2, 4.0])) == pytest.approx([0.148] * 3, abs=1e-3)


def test_luminous_giants_have_a_factor_of_their_own():
    """Residuals of 1 at log g 3 and of 3 at log g 1, where the networks say 1 for both."""
    rng = np.random.default_rng(2)
    n = 4000
    x = np.zeros((n, 5))
    x[:, 1] = np.where(np.arange(n) < n // 2, 1.0, 3.0)
    residual = rng.standard_normal(n) * np.where(x[:, 1] < 2, 3.0, 1.0)
    found = _widenings(x, residual, np.ones(n), np.zeros(n))
    assert (found.luminous, found.others) == (pytest.approx(3.0, abs=0.2), pytest.approx(1.0, abs=0.07))
    assert found.at(x[[0, -1]]).tolist() == [found.luminous, found.others]
