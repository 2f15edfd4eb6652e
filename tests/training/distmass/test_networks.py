"""Losses, training space and the distilled network against SciPy and against themselves in another form."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from scipy.stats import t as student

torch = pytest.importorskip("torch")

from candlesql.training.distmass.data import Stars, specification  # noqa: E402
from candlesql.training.distmass.ensembles import Ensemble, Widening  # noqa: E402
from candlesql.training.distmass.networks import without_binaries  # noqa: E402
from candlesql.training.distmass.regression import FREEDOM, Recipe, Trained, loss_of, train  # noqa: E402
from candlesql.training.space import fit_space  # noqa: E402
from candlesql.udfs.graph import Layer  # noqa: E402


def test_student_loss_is_the_negative_log_likelihood_up_to_a_constant():
    rng = np.random.default_rng(1)
    mean, log_scale, target = rng.standard_normal((3, 50))
    sigma = np.full(50, 0.3)
    head = torch.tensor(np.stack([mean, log_scale], axis=1))
    found = loss_of(head, torch.tensor(target), torch.tensor(sigma), "student").item()
    scale = np.hypot(np.exp(log_scale), sigma)
    constant = -student.logpdf(0, FREEDOM)
    assert found + constant == pytest.approx(-student.logpdf(target, FREEDOM, mean, scale).mean())


def test_squared_loss_is_divided_by_the_errors():
    head, target, sigma = (torch.tensor(v) for v in ([[1.0], [2.0]], [0.0, 0.0], [1.0, 4.0]))
    assert loss_of(head, target, sigma, "squared").item() == pytest.approx((1 + 0.25) / 2)


def test_a_network_learns_value_and_error():
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (4000, 2))
    error = 0.1 + 0.1 * (x[:, 1] > 0)
    y = np.sin(2 * x[:, 0]) + error * rng.standard_normal(4000)
    recipe = Recipe(hidden=(16,), activation="Tanh", loss="student", epochs=30)
    network = train(x, y, np.zeros(4000), np.arange(4000) % 5 == 0, recipe, seed=1)
    mean, scale = network.predict(x)
    assert np.abs(mean - np.sin(2 * x[:, 0])).mean() < 0.03
    ratio = scale[x[:, 1] > 0.2].mean() / scale[x[:, 1] < -0.2].mean()
    assert ratio == pytest.approx(2, abs=0.3)


def test_the_same_seed_gives_the_same_network():
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((300, 2)), rng.standard_normal(300)
    recipe = Recipe(hidden=(4,), activation="Sigmoid", loss="squared", epochs=3)
    one, two = (train(x, y, np.ones(300), np.arange(300) < 60, recipe, seed=5) for _ in range(2))
    assert all((a.weight == b.weight).all() for a, b in zip(one.layers, two.layers, strict=True))


def test_training_space_follows_a_normal_distribution():
    rng = np.random.default_rng(4)
    covariance = [[1.0, 0.6], [0.6, 2.0]]
    x = rng.multivariate_normal([3, -1], covariance, 20_000)
    space = fit_space(x, seed=1)
    assert np.mean(space.log_density(x) < 0) == pytest.approx(0.01, abs=0.001)
    points = np.array([[3.0, -1], [4, 0], [2, -2]])
    truth = multivariate_normal([3, -1], covariance).logpdf(points)
    found = space.log_density(points)
    assert found - found[0] == pytest.approx(truth - truth[0], abs=0.15)
    assert space.log_density(np.array([[30.0, 30.0]]))[0] < -10


def test_dwarfs_too_bright_for_their_labels_lose_their_magnitude():
    """Dwarfs 0.2 and 0.4 mag above the network's magnitude (distance ratios 1.096, 1.202), a giant 0.4 mag above."""

    class Network:
        def predict(self, x):
            return np.full(len(x), 4.0), np.zeros(len(x))

    x = np.zeros((3, 5))
    x[:, 1] = 4.4, 4.4, 2.5
    magnitudes = {"absolute_k_label": np.array([3.8, 3.6, 3.6])}
    stars = Stars(x, magnitudes, np.arange(3), np.array(["train"] * 3))
    kept = without_binaries(stars, Network(), specification()["targets"][0])
    assert kept.columns["absolute_k_label"] == pytest.approx([3.8, np.nan, 3.6], nan_ok=True)


def test_an_ensemble_reads_the_probability_of_a_state_as_a_further_input():
    """The state's network gives its first input, cut at 0 and 1; the other gives its third input, which is that.

    Errors of the luminous giant, log g = 1.5, are doubled, those of the others tripled.
    """
    state = Trained([Layer(np.array([[1.0, 0.0]]), np.zeros(1), "")], 0.0, 1.0)
    network = Trained([Layer(np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]), np.zeros(2), "")], 0.0, 1.0)
    target = specification()["targets"][0]
    ensemble = Ensemble(target, [network], Widening(luminous=2.0, others=3.0), [state])
    value, error = ensemble.predict(np.array([[-1.0, 5], [0.3, 1.5], [2.0, 5]]))
    assert value == pytest.approx([0, 0.3, 1])
    assert error == pytest.approx([3, 2, 3])
