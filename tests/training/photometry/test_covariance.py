from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
from candlesql.sql import files
from candlesql.tests.training.photometry.conftest import make_network, make_stars
from candlesql.training.photometry.covariance import (
    EBV_FLOOR,
    EBV_FLOOR_RELATIVE,
    EBV_PASSES,
    MAX_EBV,
    Prediction,
    chi_square,
    colour_covariance,
    colour_matrix,
    colour_residual,
    ebv_posterior,
    magnitude_covariance,
    settled_ebv,
    update_ebv,
    whitening,
)
from candlesql.training.photometry.network import read_published
from scipy import optimize, stats


def test_training_and_sql_take_reddenings_alike():
    cuts = {"floor": EBV_FLOOR, "relative_floor": EBV_FLOOR_RELATIVE, "passes": EBV_PASSES}
    known = files.cuts()
    assert {name: float(known[f"green_ebv_{name}"].value) for name in cuts} == cuts
    assert float(known["green_max_ebv"].value) == MAX_EBV


def test_equation_4_by_hand():
    """One star, two bands, every term a round number."""
    stars = replace(
        make_stars(1, 2),
        theta_cov=np.diag([100.0**2, 0.1**2, 0.2**2])[None],
        mag_sigma=np.array([[0.03, 0.04]]),
        modulus_sigma=np.array([0.1]),
    )
    jacobian = np.array([[[1e-3, 1.0, 0.0], [2e-3, 0.5, 0.5]]])
    r_jacobian = np.array([[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    r = np.array([[2.0, 3.0]])
    prediction = Prediction(np.zeros((1, 2)), r, jacobian, r_jacobian)
    c = magnitude_covariance(stars, prediction, np.array([0.5]), np.array([0.01]))[0]
    # J = (1e-3, 1, 0) and (2e-3, 0.5 + 0.5 * 1, 0.5)
    # band 0: 0.1^2 + 0.1^2 | + 4 * 0.01 | + 0.01 | + 0.0009
    assert abs(c[0, 0] - (0.02 + 0.04 + 0.01 + 0.0009)) < 1e-12
    # band 1: 0.2^2 + 0.1^2 + 0.1^2 | + 9 * 0.01 | + 0.01 | + 0.0016
    assert abs(c[1, 1] - (0.06 + 0.09 + 0.01 + 0.0016)) < 1e-12
    # both: 0.1 * 0.2 + 0.1 * 0.1 | + 6 * 0.01 | + 0.01
    assert abs(c[0, 1] - (0.03 + 0.06 + 0.01)) < 1e-12


def test_colour_covariance_is_b_c_bt():
    stars, network = make_stars(20), make_network()
    predicted = network.predict(stars.theta)
    args = stars, predicted, stars.ebv, stars.ebv_sigma**2
    b = np.array([[1.0, 0, 0], [-1, 1, 0], [-1, 0, 1]])  # equation 5 for three bands
    np.testing.assert_array_equal(colour_matrix(3), b)
    expected = b @ magnitude_covariance(*args) @ b.T
    np.testing.assert_allclose(colour_covariance(*args), expected, rtol=1e-10, atol=1e-13)


def test_whitened_squares_are_the_gaussian_exponent():
    stars, network = make_stars(5), make_network()
    predicted = network.predict(stars.theta)
    covariance = colour_covariance(stars, predicted, stars.ebv, stars.ebv_sigma**2)
    residual = np.random.default_rng(1).normal(size=(5, 3))
    white = (whitening(covariance) @ residual[:, :, None])[:, :, 0]
    for i in range(5):
        normal = stats.multivariate_normal(np.zeros(3), covariance[i])
        exponent = -2.0 * (normal.logpdf(residual[i]) - normal.logpdf(np.zeros(3)))
        assert abs(np.sum(white[i] ** 2) - exponent) < 1e-8 * exponent
        assert abs(chi_square(residual, covariance)[i] - exponent) < 1e-8 * exponent


def test_missing_parallax_leaves_colours_exact_and_silences_the_magnitude():
    stars, network = make_stars(10), make_network()
    predicted = network.predict(stars.theta)
    near = colour_covariance(stars, predicted, stars.ebv, 0.0 * stars.ebv)
    unknown = replace(stars, modulus_sigma=np.full(10, np.inf))
    far = colour_covariance(unknown, predicted, stars.ebv, 0.0 * stars.ebv)
    np.testing.assert_array_equal(far[:, 1:, 1:], near[:, 1:, 1:])
    moved = replace(unknown, modulus=unknown.modulus + 3.0)
    before = chi_square(colour_residual(unknown, predicted, stars.ebv), far)
    after = chi_square(colour_residual(moved, predicted, stars.ebv), far)
    np.testing.assert_allclose(after, before, rtol=1e-3)


def test_missing_band_is_the_same_as_no_band():
    stars, network = make_stars(10), make_network()
    predicted = network.predict(stars.theta)
    sigma = stars.mag_sigma.copy()
    sigma[:, 2] = np.inf
    gap = replace(stars, mag_sigma=sigma)
    two = replace(stars, mag=stars.mag[:, :2], mag_sigma=stars.mag_sigma[:, :2])
    two_bands = Prediction(
        predicted.magnitude[:, :2],
        predicted.extinction[:, :2],
        predicted.magnitude_jacobian[:, :2],
        predicted.extinction_jacobian[:, :2],
    )
    for a, b in zip(update_ebv(gap, predicted, gap.ebv), update_ebv(two, two_bands, two.ebv), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_reddening_posterior_is_the_minimum_and_curvature_of_chi_square():
    random = np.random.default_rng(3)
    a = random.normal(size=(3, 3))
    covariance, r = a @ a.T + np.eye(3), np.array([2.5, 3.1, 1.8])
    residual, prior, sigma = random.normal(size=3), 0.3, 0.1

    def half_chi2(e):
        off = residual - r * e
        return 0.5 * (off @ np.linalg.inv(covariance) @ off + ((e - prior) / sigma) ** 2)

    best = optimize.minimize_scalar(half_chi2, options={"xtol": 1e-12}).x
    h = 1e-3
    curvature = (half_chi2(best + h) - 2 * half_chi2(best) + half_chi2(best - h)) / h**2
    mean, variance = ebv_posterior(residual[None], r[None], covariance[None], np.array([prior]), np.array([sigma]))
    assert abs(mean[0] - best) < 1e-6
    assert abs(variance[0] * curvature - 1.0) < 1e-6


def test_reddenings_of_the_published_network_are_the_published_ones(green_folder, bands, real_stars):
    table = pq.read_table(green_folder / "stars_13band.parquet")
    published = table["published_reddening"].to_numpy()
    variance = table["published_reddening_variance"].to_numpy()
    network = read_published(green_folder / "published_model.npz", bands)
    ebv, own = update_ebv(real_stars, network.predict(real_stars.theta), published)
    assert np.median(np.abs(ebv - published)) < 2e-4
    np.testing.assert_allclose(np.percentile(own / variance, [16, 84]), 1.0, atol=3e-3)


def test_the_reddening_of_a_fixed_network_is_the_one_that_its_own_covariance_gives():
    stars, network = make_stars(20), make_network()
    predicted = network.predict(stars.theta)
    ebv, _ = settled_ebv(stars, predicted)
    again, _ = update_ebv(stars, predicted, ebv)
    np.testing.assert_allclose(again, ebv, atol=1e-3)
    first, _ = update_ebv(stars, predicted, stars.ebv)
    assert np.abs(first - ebv).max() > 1e-3
