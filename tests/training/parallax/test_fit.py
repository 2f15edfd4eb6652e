"""The objective and its minimum against SciPy, coordinate descent and the conditions that hold at a minimum."""

import numpy as np
import pytest
from candlesql.training.parallax.fit import Settings, centre, fit
from candlesql.training.parallax.objective import Design, Objective, penalty
from scipy.optimize import approx_fprime

N_BANDS = 3


@pytest.fixture(scope="module")
def problem():
    """300 stars, 3 bands and 40 pixels of which 5 matter; true coefficients [44]."""
    rng = np.random.default_rng(5)
    photometry = np.column_stack([np.ones(300), rng.normal(12, 1, (300, N_BANDS))])
    spectra = rng.normal(-0.05, 0.05, (300, 40)).astype(np.float32)
    theta = np.zeros(1 + N_BANDS + 40)
    theta[:4] = [5.2, -0.7, 0.3, -0.09]
    theta[[6, 13, 20, 27, 34]] = [2.0, -1.5, 1.0, 3.0, -2.0]
    true = np.exp(photometry @ theta[:4] + spectra @ theta[4:])
    error = np.full(300, 0.03)
    return Objective(Design(photometry, spectra), true + rng.normal(0, error), error), theta


def test_value_and_gradient_are_those_of_the_formula(problem):
    objective, theta = problem
    x = np.column_stack([objective.design.photometry, objective.design.spectra]).astype(float)

    def formula(t):
        return 0.5 * np.sum(((objective.parallax - np.exp(x @ t)) / objective.error) ** 2)

    shifted = theta + 0.01
    value, gradient = objective.value_and_gradient(shifted)
    assert value == pytest.approx(formula(shifted), rel=1e-4)
    numeric = approx_fprime(shifted, formula, 1e-6)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-3, atol=1e-3 * np.abs(numeric).max())


def test_at_the_minimum_the_gradient_balances_the_penalty(problem):
    """|dchi2/2| = lambda where a coefficient is not zero, and no more than lambda where it is; 0 for photometry."""
    objective, _ = problem
    design, scaling = centre(Design(objective.design.photometry, objective.design.spectra.copy()))
    centred = Objective(design, objective.parallax, objective.error)
    strength = 60.0
    found = fit(centred, strength, Settings(iterations=3000, tolerance=1e-12))
    _, gradient = centred.value_and_gradient(found.theta)
    pixels, slope = found.theta[4:], gradient[4:]
    assert 0.3 < found.zeros < 0.95
    np.testing.assert_allclose(slope[pixels != 0], -strength * np.sign(pixels[pixels != 0]), atol=0.05 * strength)
    assert np.abs(slope[pixels == 0]).max() < 1.05 * strength
    assert np.abs(gradient[:4]).max() < 0.1 * strength
    plain = scaling.to_plain(found.theta)
    assert objective.value_and_gradient(plain)[0] == pytest.approx(centred.value_and_gradient(found.theta)[0], rel=1e-3)


def test_the_minimum_is_that_of_proximal_gradient_descent(problem):
    """The same objective in float64 by another algorithm: soft thresholding with a fixed small step."""
    objective, _ = problem
    x = np.column_stack([objective.design.photometry, objective.design.spectra]).astype(float)
    x[:, 1:] -= x[:, 1:].mean(axis=0)
    strength, current = 60.0, np.zeros(x.shape[1])
    current[:4] = np.linalg.lstsq(x[:, :4], np.log(np.maximum(objective.parallax, 0.05)), rcond=None)[0]

    def half(t):
        return 0.5 * np.sum(((objective.parallax - np.exp(x @ t)) / objective.error) ** 2)

    step = 1e-6
    for _ in range(20_000):
        model = np.exp(x @ current)
        gradient = x.T @ ((model - objective.parallax) / objective.error**2 * model)
        moved = current - step * gradient
        moved[4:] = np.sign(moved[4:]) * np.maximum(np.abs(moved[4:]) - step * strength, 0)
        improved = (
            half(moved) + strength * np.abs(moved[4:]).sum() <= half(current) + strength * np.abs(current[4:]).sum()
        )
        step, current = (step * 1.1, moved) if improved else (step * 0.5, current)
    wanted = half(current) + strength * np.abs(current[4:]).sum()
    design, _ = centre(Design(objective.design.photometry, objective.design.spectra.copy()))
    found = fit(Objective(design, objective.parallax, objective.error), strength, Settings(2000, 1e-12))
    assert found.objective == pytest.approx(wanted, rel=2e-3)
    assert found.objective <= wanted * (1 + 1e-4)


def test_true_coefficients_come_back_without_penalty(problem):
    objective, theta = problem
    design, scaling = centre(Design(objective.design.photometry, objective.design.spectra.copy()))
    found = fit(Objective(design, objective.parallax, objective.error), 0.0, Settings(3000, 1e-13))
    recovered = scaling.to_plain(found.theta)
    assert objective.value_and_gradient(recovered)[0] < objective.value_and_gradient(theta)[0]
    np.testing.assert_allclose(recovered[[6, 13, 20, 27, 34]], theta[[6, 13, 20, 27, 34]], atol=0.3)


def test_negative_parallaxes_take_part(problem):
    """Far stars with negative parallaxes pull the constant down; without them it comes out too near."""
    objective, theta = problem
    far = Objective(objective.design, objective.parallax - 3.0, np.full(300, 1.0))
    kept = far.parallax > 0
    _, gradient = far.value_and_gradient(theta)
    some = Objective(Design(far.design.photometry[kept], far.design.spectra[kept]), far.parallax[kept], far.error[kept])
    _, without = some.value_and_gradient(theta)
    assert (far.parallax < 0).any()
    assert gradient[0] > without[0]


def test_the_penalty_spares_photometry():
    assert penalty(np.array([5.0, -4.0, 1.0, -2.0]), 2, 10.0) == 30.0
