"""The exporter's proof: small for a right graph, large for a wrong one."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")

from candlesql.training.export import Member, system_graph  # noqa: E402
from candlesql.training.features import Features  # noqa: E402
from candlesql.training.mdn import Head, Recipe, Trained  # noqa: E402
from candlesql.training.proof import export_error, relative_errors  # noqa: E402
from candlesql.udfs.graph import Layer  # noqa: E402
from candlesql.udfs.model import Model, write_model  # noqa: E402

INPUTS = ["phot_g_mean_mag", "ks_m", "parallax"]
DOMAIN = {"phot_g_mean_mag": (10.0, 14.0), "ks_m": (8.0, 12.0), "parallax": (0.1, 2.0)}


def trained(rng: np.random.Generator, n_inputs: int, head: Head) -> Trained:
    widths = [n_inputs, 12, 8, len(head)]
    layers = [
        Layer(rng.normal(size=(n_out, n_in)) / n_in, rng.normal(size=n_out) * 0.2, "Tanh" if n_out != len(head) else "")
        for n_in, n_out in pairwise(widths)
    ]
    d = head.labels
    factor = np.tril(rng.uniform(0.2, 1, (d, d))) * rng.uniform(1, 50, (d, 1))
    return Trained(Recipe(components=head.components), head, layers, rng.uniform(5, 200, d), factor, 0.0)


def members(seed: int) -> list[Member]:
    rng = np.random.default_rng(seed)
    all_columns, no_parallax = Features(tuple(INPUTS), ("ks_m",)), Features(tuple(INPUTS[:2]))
    first, second = (trained(rng, 4, Head(2, 2, True)) for _ in range(2))
    second = replace(second, label_mean=first.label_mean, label_factor=first.label_factor)
    return [
        Member([trained(rng, 2, Head(1, 1, False))], no_parallax),
        Member([trained(rng, 4, Head(2, 1, False))], all_columns),
        Member([first, second], all_columns),
    ]


N_OUTPUTS = 2 + 3 + 6


@pytest.fixture
def model(tmp_path: Path) -> Model:
    graph = system_graph(members(1), INPUTS, N_OUTPUTS, "proof")
    metadata: dict[str, object] = {
        "system": "proof",
        "inputs": [{"name": name, "unit": ""} for name in INPUTS],
        "outputs": [{"name": f"y{i}", "unit": ""} for i in range(N_OUTPUTS)],
    }
    return write_model(tmp_path / "proof.onnx", graph, metadata)


def test_the_graph_is_the_networks(model):
    errors = export_error(model, members(1), DOMAIN)
    assert errors.pop("rows") == 20_000
    assert errors.pop("against") == "PyTorch in float64"
    assert len(errors) == N_OUTPUTS
    assert all(float(str(error)) < 1e-4 for error in errors.values()), errors


def test_another_graph_is_found_out(model):
    errors = export_error(model, members(2), DOMAIN)
    assert min(float(str(errors[f"y{i}"])) for i in range(N_OUTPUTS)) > 1e-3


def test_relative_to_the_size_of_each_output():
    found = np.array([[1.0, 1.1], [100.0, 110.0]])
    expected = np.array([[1.0, 1.0], [100.0, 100.0]])
    np.testing.assert_allclose(relative_errors(found, expected), [0.1, 0.1])
