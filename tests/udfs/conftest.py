"""Small networks with random weights as model files, and float64 evaluations that share no code with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import onnx
import pytest
from candlesql.udfs import model_files
from candlesql.udfs.graph import GraphBuilder, Layer
from candlesql.udfs.model import Model, write_model
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

INPUTS = ("phot_g_mean_mag", "ks_m", "parallax")
OUTPUTS = (("teff_k", "K"), ("teff_k_error", "K"), ("delta_p_s", "s"), ("delta_p_s_error", "s"), ("p_rc", ""))


@dataclass(frozen=True)
class Network:
    """The layers of one network: weights [out, in], biases [out]."""

    layers: list[tuple[np.ndarray, np.ndarray]]
    components: int

    def head(self, x: np.ndarray) -> np.ndarray:
        """Float64 evaluation with NumPy: x [inputs, rows] -> [head, rows]."""
        h = x.astype(np.float64)
        for weight, bias in self.layers[:-1]:
            h = 1 / (1 + np.exp(-(weight @ h + bias[:, None])))
        weight, bias = self.layers[-1]
        return weight @ h + bias[:, None]

    def outputs(self, x: np.ndarray) -> list[np.ndarray]:
        """Mean and width of the mixture, or a probability: rows of [rows]."""
        head = self.head(x)
        if not self.components:
            return [1 / (1 + np.exp(-head[0]))]
        logits, means, widths = np.split(head, 3)
        weights = np.exp(logits) / np.exp(logits).sum(axis=0)
        return [(weights * means).sum(axis=0), (weights * np.exp(widths)).sum(axis=0)]


@dataclass(frozen=True)
class Made:
    """A model file and the networks that are in it."""

    model: Model
    networks: list[Network]

    def reference(self, x: np.ndarray) -> np.ndarray:
        """All outputs in float64: [inputs, rows] -> [outputs, rows]."""
        return np.stack([row for network in self.networks for row in network.outputs(x)])


def _network(rng: np.random.Generator, components: int) -> Network:
    widths = [len(INPUTS), 16, 12, 8, 3 * components or 1]
    layers = [
        (rng.normal(size=(n_out, n_in)) / np.sqrt(n_in), rng.normal(size=n_out) * 0.3)
        for n_in, n_out in pairwise(widths)
    ]
    return Network(layers, components)


def _add(builder: GraphBuilder, network: Network) -> list[str]:
    h = "x"
    for number, (weight, bias) in enumerate(network.layers):
        last = number == len(network.layers) - 1
        h = builder.layer(h, Layer(weight, bias, "" if last else "Sigmoid"))
    k = network.components
    if not k:
        return [builder.add("Sigmoid", h)]
    weights = builder.add("Softmax", builder.rows(h, 0, k), axis=0)
    means, widths = builder.rows(h, k, 2 * k), builder.add("Exp", builder.rows(h, 2 * k, 3 * k))
    return [builder.sum_rows(builder.add("Mul", weights, part)) for part in (means, widths)]


def metadata(system: str) -> dict[str, object]:
    return {
        "system": system,
        "inputs": [{"name": n, "unit": "mas" if n == "parallax" else "mag"} for n in INPUTS],
        "outputs": [{"name": n, "unit": u} for n, u in OUTPUTS],
    }


@pytest.fixture(autouse=True)
def no_shipped_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Macros of the shipped models take seconds to make: a test that needs one copies it into its own folder."""
    monkeypatch.setattr(model_files, "SHIPPED", tmp_path / "shipped")


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Made]:
    """Writes a model of three networks: one Gaussian, two Gaussians, a classifier."""

    def write(name: str = "red_clump", seed: int = 1, **extra: object) -> Made:
        rng = np.random.default_rng(seed)
        networks = [_network(rng, components) for components in (1, 2, 0)]
        builder = GraphBuilder()
        parts = [row for network in networks for row in _add(builder, network)]
        graph = builder.finish(builder.concat(parts), len(INPUTS), len(OUTPUTS), name)
        path = tmp_path / "models" / f"{name}.onnx"
        return Made(write_model(path, graph, metadata(name) | extra), networks)

    return write


@pytest.fixture
def x() -> np.ndarray:
    """Inputs [3, 5000], float32: more than two chunks of DuckDB's."""
    return np.random.default_rng(5).normal(size=(3, 5000)).astype(np.float32)


@pytest.fixture
def connection(x: np.ndarray) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a table `stars(n, phot_g_mean_mag, ks_m, parallax)` of the rows of x."""
    with duckdb.connect() as opened:
        columns = {"n": np.arange(x.shape[1]), **dict(zip(INPUTS, x, strict=True))}
        opened.register("made", columns)
        opened.execute("create table stars as from made order by n")
        opened.unregister("made")
        yield opened


@pytest.fixture
def in_float64() -> Callable[[Model, np.ndarray], np.ndarray]:
    """Evaluates a model's graph in float64 with ONNX's own reference implementation."""

    def evaluate(model: Model, x: np.ndarray) -> np.ndarray:
        proto = onnx.load_from_string(model.content)
        for tensor in proto.graph.initializer:
            if tensor.data_type == onnx.TensorProto.FLOAT:
                wide = numpy_helper.to_array(tensor).astype(np.float64)
                tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
        for value in (*proto.graph.input, *proto.graph.output):
            value.type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
        (y,) = ReferenceEvaluator(proto).run(None, {"x": x.astype(np.float64)})
        return np.asarray(y)

    return evaluate
