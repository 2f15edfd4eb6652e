from dataclasses import replace

import numpy as np
import onnxruntime as ort
import pytest
from candlesql.benchmarks.compare.photometry_calibration import compare
from candlesql.benchmarks.compare.photometry_calibration import plant as plant_stars
from candlesql.tests.training.photometry.conftest import MODELS, make_network, make_stars
from candlesql.training.photometry.data import split_bucket
from candlesql.training.photometry.infer import DEFAULT_EBV, Observation, Photometer, infer, normal_equations, weigh
from candlesql.training.photometry.infer_graph import observation, scan_components
from candlesql.training.photometry.mcmc import log_posterior, sample
from candlesql.training.photometry.network import Network
from candlesql.training.photometry.onnx_graph import Graph, read_network
from candlesql.training.photometry.prior import Mixture, extreme_deconvolution
from candlesql.training.photometry.train_infer import make_photometer
from scipy import optimize, special


def small_photometer(components: int = 2, n_bands: int = 6, **change) -> Photometer:
    random = np.random.default_rng(7)
    root = 0.3 * random.normal(size=(components, 4, 4)) + 0.8 * np.eye(4)
    means = np.array([[0.3, 0.2, 0.1, 10.0], [-0.8, -1.2, -0.3, 12.0]])[:components]
    prior = Mixture(np.array([0.6, 0.4])[:components], means, root @ root.transpose(0, 2, 1))
    network = make_network("silu", n_bands)
    return replace(
        Photometer(network, prior, np.full(n_bands, 0.01), binary_scatter=0.15, steps=30),
        **change,
    )


def plant(photometer: Photometer, n: int = 40, seed: int = 1) -> tuple[np.ndarray, Observation]:
    """True unknowns [n, 5] and noisy observations."""
    random = np.random.default_rng(seed)
    network, b = photometer.network, photometer.network.n_bands
    u = np.column_stack([random.normal(0.0, 0.5, (n, 3)), random.uniform(0.0, 0.5, n), random.normal(10, 1, n)])
    predicted = network.predict(u[:, :3] * network.scale + network.centre)
    mag = predicted.magnitude + predicted.extinction * u[:, 3:4] + u[:, 4:5]
    parallax = 10 ** ((10 - u[:, 4]) / 5)
    return u, Observation(
        mag + 0.02 * random.standard_normal((n, b)),
        np.full((n, b), 0.02),
        parallax + 0.05 * random.standard_normal(n),
        np.full(n, 0.05),
        u[:, 3] + 0.03 * random.standard_normal(n),
        np.full(n, 0.03),
    )


def test_gradient_is_that_of_the_log_posterior():
    """Finite differences of the chain's log posterior, which is written independently."""
    photometer = small_photometer(components=1, binary_scatter=0.0)
    u, observed = plant(photometer)
    data = weigh(observed, photometer.floor)
    here = normal_equations(photometer, data, 0, u)
    for j in range(5):
        h = np.zeros(5)
        h[j] = 1e-5
        above = log_posterior(photometer, data, (u + h)[:, None, :])[:, 0]
        below = log_posterior(photometer, data, (u - h)[:, None, :])[:, 0]
        slope = (above - below) / 2e-5
        np.testing.assert_allclose(here.gradient[:, j], slope, rtol=1e-4, atol=1e-3)


def test_maximum_is_that_of_scipy():
    photometer = small_photometer(components=1, binary_scatter=0.0, steps=60)
    _, observed = plant(photometer, n=6)
    posterior = infer(photometer, observed)
    network = photometer.network
    data = weigh(observed, photometer.floor)
    scale = np.concatenate([network.scale, [1.0, 1.0]])
    centre = np.concatenate([network.centre, [0.0, 0.0]])
    best = (posterior.mean[:, 0] - centre) / scale

    def energy(u, i):
        every = np.tile(u, (len(best), 1, 1))
        return -log_posterior(photometer, data, every)[i, 0]

    options = {"maxiter": 8000, "xatol": 1e-7, "fatol": 1e-10}
    for i in range(6):
        found = optimize.minimize(energy, best[i] + 0.01, args=(i,), method="Nelder-Mead", options=options)
        assert energy(best[i], i) < found.fun + 1e-4


def linear_photometer() -> Photometer:
    """A model that is linear in everything: the Laplace approximation is exact."""
    eye = np.eye(3)
    random = np.random.default_rng(4)
    small = 1e-4  # tanh of a small number is that number
    network = Network(
        np.zeros(3),
        np.ones(3),
        [small * eye, eye, random.normal(size=(6, 3)) / small],
        [np.zeros(3), np.zeros(3), np.zeros(6)],
        np.zeros((6, 3)),
        np.log(np.array([2.5, 3.0, 1.8, 1.2, 0.7, 0.3])),
        activation="tanh",
    )
    prior = Mixture(np.ones(1), np.array([[0.0, 0.0, 0.0, 10.0]]), np.eye(4)[None])
    return Photometer(network, prior, np.zeros(6), binary_scatter=0.0, steps=5, max_step=100.0)


def test_linear_gaussian_posterior_is_the_textbook_one():
    photometer = linear_photometer()
    _, observed = plant(photometer, n=3)
    observed = replace(observed, parallax=np.full(3, np.nan))
    posterior = infer(photometer, observed)
    network = photometer.network
    last = network.weights[2] * 1e-4
    magnitudes = last.copy()
    magnitudes[1:] += last[0]
    design = np.column_stack([magnitudes, np.exp(network.extinction_bias), np.ones(6)])
    prior_precision = np.diag([1.0, 1.0, 1.0, 1 / 0.03**2, 1.0])
    precision = design.T @ design / 0.02**2 + prior_precision
    for i in range(3):
        mean0 = np.array([0, 0, 0, observed.ebv[i], 10.0])
        right = design.T @ observed.mag[i] / 0.02**2 + prior_precision @ mean0
        mean = np.linalg.solve(precision, right)
        np.testing.assert_allclose(posterior.mean[i, 0], mean, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(posterior.covariance[i, 0], np.linalg.inv(precision), rtol=5e-3, atol=1e-6)


def test_missing_values_carry_no_weight():
    photometer = small_photometer()
    _, observed = plant(photometer, n=5)
    mag, sigma = observed.mag.copy(), observed.mag_sigma.copy()
    mag[:, 5] = np.nan
    gap = infer(photometer, replace(observed, mag=mag)).moments()
    mag[:, 5], sigma[:, 5] = 99.0, np.inf
    same = infer(photometer, replace(observed, mag=mag, mag_sigma=sigma)).moments()
    np.testing.assert_allclose(gap[0], same[0], rtol=1e-9)
    nothing = np.full(5, np.nan)
    no_map = infer(photometer, replace(observed, ebv=nothing)).moments()
    wide = infer(
        photometer,
        replace(observed, ebv=np.full(5, DEFAULT_EBV[0]), ebv_sigma=np.full(5, DEFAULT_EBV[1])),
    ).moments()
    np.testing.assert_allclose(no_map[0], wide[0], rtol=1e-9)


def test_star_without_any_data_gets_the_prior():
    photometer = small_photometer()
    prior = photometer.prior
    nothing = np.full(1, np.nan)
    observed = Observation(np.full((1, 6), np.nan), np.full((1, 6), np.nan), *[nothing] * 4)
    mean, covariance = infer(photometer, observed).moments()
    network = photometer.network
    expected = prior.weight @ prior.mean
    np.testing.assert_allclose((mean[0, :3] - network.centre) / network.scale, expected[:3], rtol=1e-6)
    assert mean[0, 4] == pytest.approx(expected[3])
    assert np.sqrt(covariance[0, 3, 3]) == pytest.approx(DEFAULT_EBV[1])


def test_graph_follows_the_text():
    """The ONNX graph (float32, elementwise algebra) against infer.py (float64, LAPACK)."""
    photometer = small_photometer(steps=8)
    _, observed = plant(photometer, n=30)
    mag = observed.mag.copy()
    mag[::3, 2] = np.nan
    observed = replace(observed, mag=mag, parallax=np.where(np.arange(30) % 4, observed.parallax, np.nan))
    posterior = infer(photometer, observed)
    x = np.vstack(
        [mag.T, observed.mag_sigma.T, observed.parallax, observed.parallax_sigma,
         observed.ebv, observed.ebv_sigma]
    ).astype(np.float32)  # fmt: skip
    graph = Graph()
    data = observation(graph, photometer)
    parts = scan_components(graph, photometer, data)
    result = graph.op("Concat", *parts, axis=1)
    flat = graph.op("Reshape", result, graph.constant([2 * 22, -1], np.int64))
    content = _serialise(graph, flat, len(x), 44)
    y = ort.InferenceSession(content).run(None, {"x": x})[0].reshape(2, 22, -1)
    weight = special.softmax(y[:, 0], axis=0).T
    np.testing.assert_allclose(weight, posterior.weight, atol=0.02)
    network = photometer.network
    mean = y[:, 1:6].transpose(2, 0, 1)
    mean[:, :, :3] = mean[:, :, :3] * network.scale + network.centre
    sigma = np.sqrt(np.diagonal(posterior.covariance, axis1=2, axis2=3))
    matters = posterior.weight > 0.01
    assert np.abs((mean - posterior.mean) / sigma)[matters].max() < 0.1
    scale = np.concatenate([network.scale, [1.0, 1.0]])
    place = {(i, j): i * (i + 1) // 2 + j for i in range(5) for j in range(i + 1)}
    for (i, j), k in place.items():
        value = y[:, 6 + k].T * scale[i] * scale[j] / (sigma[:, :, i] * sigma[:, :, j])
        exact = posterior.covariance[:, :, i, j] / (sigma[:, :, i] * sigma[:, :, j])
        np.testing.assert_allclose(value[matters], exact[matters], atol=0.05)


def _serialise(graph: Graph, result: str, n_in: int, n_out: int) -> bytes:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.onnx"
        names_in = [(f"x{i}", "") for i in range(n_in)]
        graph.save(path, result, names_in, [(f"y{i}", "") for i in range(n_out)], {})
        return path.read_bytes()


def test_extreme_deconvolution_of_one_gaussian():
    random = np.random.default_rng(0)
    true = np.array([[1.0, 0.6], [0.6, 2.0]])
    noise = np.diag([0.5, 3.0])
    n = 20_000
    x = random.multivariate_normal([1.0, -2.0], true + noise, n)
    found = extreme_deconvolution(x, np.tile(noise, (n, 1, 1)), 1, seed=1, steps=100, floor=0.0)
    np.testing.assert_allclose(found.mean[0], [1.0, -2.0], atol=0.06)
    np.testing.assert_allclose(found.covariance[0], true, atol=0.12)
    # one Gaussian, equal noise: the maximum is the sample covariance minus the noise
    np.testing.assert_allclose(found.covariance[0], np.cov(x.T, bias=True) - noise, atol=2e-3)


@pytest.mark.heavy
def test_laplace_mixture_against_a_long_chain(real_stars):
    """100 stars planted in the shipped model: chain, Laplace mixture and truth agree."""
    bucket = split_bucket(real_stars.row)
    network = read_network(MODELS / "photometry.onnx")
    photometer = make_photometer(real_stars.take(bucket < 9), network, seed=1)
    pattern = real_stars.take(bucket == 9).take(np.arange(100))
    truth, planted = plant_stars(photometer, pattern, seed=1)
    result = compare(photometer, planted, truth, steps=1500, seed=1)
    np.testing.assert_allclose(result["chain_inside_laplace_68"], 0.683, atol=0.05)
    np.testing.assert_allclose(result["chain_inside_laplace_95"], 0.95, atol=0.03)
    # 100 stars: the binomial standard errors are 0.047 and 0.022
    for name in ("truth_inside_chain", "truth_inside_laplace"):
        np.testing.assert_allclose(result[name + "_68"], 0.683, atol=0.14)
        np.testing.assert_allclose(result[name + "_95"], 0.95, atol=0.065)


def test_chain_samples_a_known_gaussian():
    photometer = linear_photometer()
    _, observed = plant(photometer, n=4)
    observed = replace(observed, parallax=np.full(4, np.nan))
    exact = infer(photometer, observed)
    random = np.random.default_rng(3)
    root = np.linalg.cholesky(exact.covariance[:, 0])
    noise = random.standard_normal((4, 32, 5, 1))
    first = exact.mean[:, :1] + (root[:, None] @ noise)[..., 0]
    chain = sample(photometer, weigh(observed, photometer.floor), first, 2000, seed=2, thin=5)
    sigma = np.sqrt(np.diagonal(exact.covariance[:, 0], axis1=1, axis2=2))
    np.testing.assert_allclose(chain.std(axis=1) / sigma, 1.0, atol=0.15)
    assert (np.abs(chain.mean(axis=1) - exact.mean[:, 0]) < 0.2 * sigma).all()


def test_stars_of_the_table_become_observations():
    stars = make_stars(3)
    observed = Observation.of(stars)
    assert observed.mag is stars.mag
    assert observed.parallax_sigma is stars.parallax_sigma
