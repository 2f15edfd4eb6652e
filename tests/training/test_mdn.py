"""Mixture density networks: likelihoods against SciPy, and the exported graph against NumPy and brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")

from candlesql.training.export import Member, system_graph  # noqa: E402
from candlesql.training.features import Features  # noqa: E402
from candlesql.training.mdn import Head, Recipe, Trained, loss_of, train  # noqa: E402
from candlesql.udfs.model import write_model  # noqa: E402
from candlesql.udfs.onnx_udf import session_of  # noqa: E402

QUICK = Recipe(hidden=(8, 8), activation="Tanh", components=2, epochs=4, batch=64)
NAMES = ("ks_m", "parallax", "colour")


@pytest.fixture(scope="module")
def stars() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {
        "ks_m": rng.normal(10, 1, 800),
        "parallax": rng.normal(0.4, 0.4, 800),
        "colour": rng.normal(0.6, 0.1, 800),
    }


@pytest.fixture(scope="module")
def labels(stars) -> np.ndarray:
    rng = np.random.default_rng(6)
    first = stars["colour"] * 10 + stars["ks_m"] + rng.normal(0, 0.3, 800)
    return np.stack([first, 3 * first + stars["parallax"] + rng.normal(0, 0.5, 800)], axis=1)


def test_the_loss_is_the_likelihood_of_a_gaussian_mixture():
    head = Head(components=2, labels=1, has_state=False)
    values = torch.tensor([[0.3, -0.2, -1.0, 0.5, -0.7, 0.1]])
    weights = np.exp([0.3, -0.2]) / np.exp([0.3, -0.2]).sum()
    density = weights @ norm.pdf(0.4, [-1.0, 0.5], np.exp([-0.7, 0.1]))
    loss = loss_of(values, torch.tensor([[0.4]]), torch.tensor([float("nan")]), head)
    assert loss.item() == pytest.approx(-np.log(density), rel=1e-5)


def test_an_unknown_label_or_state_is_left_out():
    head = Head(components=1, labels=2, has_state=True)
    values = torch.tensor([[0.0, 0.2, 9.0, -0.1, 3.0, 1.5]])
    known = loss_of(values, torch.tensor([[0.5, float("nan")]]), torch.tensor([float("nan")]), head)
    assert known.item() == pytest.approx(-norm.logpdf(0.5, 0.2, np.exp(-0.1)), rel=1e-5)
    told = loss_of(values, torch.tensor([[0.5, float("nan")]]), torch.tensor([1.0]), head, state_weight=2.0)
    assert told.item() - known.item() == pytest.approx(2 * np.log(1 + np.exp(-1.5)), rel=1e-5)


def test_the_same_seed_gives_the_same_network(stars, labels):
    x = np.stack([stars[name] for name in NAMES], axis=1)
    validation = np.arange(len(x)) % 5 == 0
    first, second, other = (train(x, labels[:, :1], None, validation, QUICK, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.predict(x), second.predict(x))
    assert not np.array_equal(first.predict(x), other.predict(x))


def test_a_network_learns_a_line_and_its_scatter(stars, labels):
    x = np.stack([stars[name] for name in NAMES], axis=1)
    recipe = Recipe(epochs=60, batch=64)
    trained = train(x, labels[:, :1], None, np.arange(len(x)) % 5 == 0, recipe, 0)
    residual = labels[:, 0] - trained.mean(x)[:, 0]
    assert residual.std() == pytest.approx(0.3, abs=0.06)
    width = np.exp(trained.predict(x)[:, trained.head.widths]) * trained.label_factor[0, 0]
    assert np.median(width) == pytest.approx(0.3, abs=0.06)


def components(trained: Trained, x: np.ndarray) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Weight, mean and covariance of each Gaussian for one row, in the labels' units."""
    head, values = trained.head, trained.predict(x)[0]
    weights = np.exp(values[: head.components]) / np.exp(values[: head.components]).sum()
    found = []
    for k, weight in enumerate(weights):
        start = head.means + k * head.labels
        mean = trained.label_mean + trained.label_factor @ values[start : start + head.labels]
        start = head.widths + k * head.labels
        variance = np.diag(np.exp(2 * values[start : start + head.labels]))
        found.append((weight, mean, trained.label_factor @ variance @ trained.label_factor.T))
    return found


def test_the_decorrelated_likelihood_is_that_of_the_labels(stars, labels):
    """Up to the constant determinant of the factor, the loss is the mixture's density in the labels' units."""
    x = np.stack([stars[name] for name in NAMES], axis=1)
    trained = train(x, labels, None, np.arange(len(x)) % 5 == 0, QUICK, 0)
    y = labels[7]
    density = sum(
        weight * multivariate_normal.pdf(y, mean, covariance)
        for weight, mean, covariance in components(trained, x[7:8])
    )
    u = np.linalg.solve(trained.label_factor, y - trained.label_mean)
    values = torch.tensor(trained.predict(x[7:8]))
    loss = loss_of(values, torch.tensor(u[None]), torch.tensor([float("nan")]), trained.head)
    constant = np.log(np.linalg.det(trained.label_factor))
    assert loss.item() + constant == pytest.approx(-np.log(density), rel=1e-6)


def written(folder: Path, member: Member, outputs: int):
    metadata: dict[str, object] = {
        "system": "test",
        "inputs": [{"name": name, "unit": ""} for name in NAMES],
        "outputs": [{"name": f"y{i}", "unit": ""} for i in range(outputs)],
    }
    return write_model(folder / "test.onnx", system_graph([member], list(NAMES), outputs, "test"), metadata)


def run(model, stars) -> np.ndarray:
    x = np.stack([stars[name] for name in NAMES]).astype(np.float32)
    return session_of(model).run(None, {"x": x})[0]


def test_published_mean_and_width_and_the_proper_one(stars, labels, tmp_path):
    """Section 3.1: sum of weight times mean, sum of weight times width; beside them the standard deviation."""
    features = Features(NAMES)
    x = features.of(stars)
    trained = train(x, labels[:, :1], None, np.arange(len(x)) % 5 == 0, QUICK, 0)
    y = run(written(tmp_path, Member([trained], features), 3), stars)
    parts = components(trained, x[:1])
    mean = sum(weight * centre[0] for weight, centre, _ in parts)
    width = sum(weight * np.sqrt(covariance[0, 0]) for weight, _, covariance in parts)
    variance = sum(weight * (covariance[0, 0] + (centre[0] - mean) ** 2) for weight, centre, covariance in parts)
    assert y[:, 0] == pytest.approx([mean, width, np.sqrt(variance)], rel=1e-4)


def test_moments_of_several_joint_networks(stars, labels, tmp_path):
    features = Features(NAMES, ("ks_m",))
    x, state = features.of(stars), (stars["ks_m"] > 10).astype(float)
    networks = [train(x, labels, state, np.arange(len(x)) % 5 == k, QUICK, k) for k in (0, 1)]
    y = run(written(tmp_path, Member(networks, features), 6), stars)[:, 0]
    rng = np.random.default_rng(0)
    drawn = [
        rng.multivariate_normal(mean, covariance, round(weight * 400_000))
        for trained in networks
        for weight, mean, covariance in components(trained, x[:1])
    ]
    sample = np.concatenate(drawn)
    covariance = np.cov(sample.T)
    assert y[:2] == pytest.approx(sample.mean(axis=0), rel=0.01)
    assert y[2:4] == pytest.approx(sample.std(axis=0), rel=0.01)
    assert y[4] == pytest.approx(covariance[0, 1], rel=0.03)
    logits = [trained.predict(x[:1])[0, trained.head.state] for trained in networks]
    assert y[5] == pytest.approx(np.mean([1 / (1 + np.exp(-logit)) for logit in logits]), rel=1e-4)


def test_luminosity_is_the_absolute_magnitude():
    """A star of 10 mag at 100 pc (10 mas) has M = 5; one without a positive parallax is as bright as can be."""
    rows = {"ks_m": np.array([10.0, 10.0]), "parallax": np.array([10.0, -1.0])}
    found = Features(("ks_m", "parallax"), ("ks_m",)).of(rows)[:, 2]
    assert found == pytest.approx([5.0, 5 * np.log10(0.02)])
