from dataclasses import replace

import numpy as np
import pytest
from candlesql.tests.training.photometry.conftest import make_network, make_stars
from candlesql.training.photometry.covariance import chi_square, colour_covariance, colour_residual
from candlesql.training.photometry.distil import DistilOptions, distil, mean_colours
from candlesql.training.photometry.fit import Anchor, FitOptions, TorchNetwork, whiten, whitened_loss
from candlesql.training.photometry.rounds import RoundOptions, clip_threshold, flat, train


def test_clip_falls_logarithmically_from_100_to_5():
    options = RoundOptions(rounds=30, clip_rounds=20)
    values = [clip_threshold(i, options) for i in range(30)]
    assert values[0] == pytest.approx(100.0)
    assert values[19] == values[29] == pytest.approx(5.0)
    steps = np.diff(np.log(values[:20]))
    np.testing.assert_allclose(steps, np.log(0.05) / 19)


def test_loss_is_chi_square_over_the_number_of_bands():
    stars, network = make_stars(15), make_network()
    predicted = network.predict(stars.theta)
    covariance = colour_covariance(stars, predicted, stars.ebv, stars.ebv_sigma**2)
    loss = whitened_loss(TorchNetwork(network), whiten(stars, network, stars.ebv, covariance))
    residual = colour_residual(stars, predicted, stars.ebv)
    expected = chi_square(residual, covariance) / 3
    np.testing.assert_allclose(loss.detach().numpy(), expected, rtol=2e-3)


def planted_stars(n=1500):
    """Two-colour stars of a simple known sky: M and R linear, errors small."""
    random = np.random.default_rng(5)
    stars = make_stars(n, 3, seed=5)
    z = (stars.theta - [5500, 3, -0.6]) / [900, 1.2, 0.5]
    m_g = 4.0 - 1.0 * z[:, 0] + 2.0 * z[:, 1]
    colours = np.column_stack([0.3 - 0.4 * z[:, 0], -1.0 + 0.8 * z[:, 0] + 0.1 * z[:, 2]])
    magnitude = np.column_stack([m_g, m_g[:, None] + colours])
    e = random.uniform(0.0, 1.0, n)
    mag = magnitude + np.array([2.5, 3.2, 0.4]) * e[:, None] + stars.modulus[:, None]
    return replace(
        stars,
        theta_cov=np.tile(np.diag([10.0, 0.01, 0.01]) ** 2, (n, 1, 1)),
        mag=mag + 0.02 * random.standard_normal((n, 3)),
        mag_sigma=np.full((n, 3), 0.02),
        modulus_sigma=np.full(n, 0.02),
        ebv=e + 0.02 * random.standard_normal(n),
        ebv_sigma=np.full(n, 0.02),
    ), magnitude


def test_training_recovers_planted_magnitudes_and_extinction():
    stars, magnitude = planted_stars()
    fit = FitOptions(hidden=(12, 12), activation="silu")
    network = train(stars, RoundOptions(rounds=5, epochs=25, fit=fit), seed=1)
    predicted = network.predict(stars.theta)
    assert np.median(np.abs(predicted.magnitude - magnitude)) < 0.03
    np.testing.assert_allclose(np.exp(network.extinction_bias), [2.5, 3.2, 0.4], rtol=0.05)


def test_same_seed_same_network():
    stars, _ = planted_stars(300)
    options = RoundOptions(rounds=2, epochs=2, fit=FitOptions(hidden=(4, 4)))
    a, b = (train(stars, options, seed=3).predict(stars.theta).magnitude for _ in range(2))
    np.testing.assert_array_equal(a, b)


def test_anchor_settles_the_ratio_of_two_extinctions():
    stars, _ = planted_stars(400)
    anchor = Anchor(band=2, of=0, ratio=0.3, sigma=0.01, weight=100.0)
    fit = FitOptions(hidden=(6, 6), activation="silu", anchor=anchor)
    network = train(stars, RoundOptions(rounds=3, epochs=40, fit=fit), seed=1)
    r = np.exp(network.extinction_bias)
    assert r[2] / r[0] == pytest.approx(0.3, abs=0.02)


def test_first_covariance_knows_no_gradients():
    predicted = flat(make_network().predict(make_stars(4).theta))
    assert not predicted.magnitude_jacobian.any()
    assert not predicted.extinction_jacobian.any()


def test_student_learns_the_mean_of_its_teachers():
    stars = make_stars(300)
    teachers = [make_network(seed=i) for i in (1, 2)]
    student = distil(
        teachers,
        stars,
        FitOptions(hidden=(16, 16), activation="silu"),
        DistilOptions(draws=5, steps=1500),
        seed=1,
    )
    miss = student.values(stars.theta) - mean_colours(teachers, stars.theta)
    assert np.sqrt(np.mean(miss**2)) < 0.05
    r = np.log(student.predict(stars.theta).extinction)
    each = [np.log(t.predict(stars.theta).extinction) for t in teachers]
    np.testing.assert_allclose(r, np.mean(each, axis=0), atol=1e-5)
