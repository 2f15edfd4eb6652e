"""The network for any bands as an ONNX graph: factor model, features, and an ensemble with and without the parallax."""

from __future__ import annotations

import json

import numpy as np
import onnx
import torch
from onnx import TensorProto, numpy_helper

from ...udfs.graph import GraphBuilder, Layer, fold_scaling
from ...udfs.model import Model
from ..export import arranged, joint_outputs
from ..mdn import Recipe, Trained
from . import dust as dusty
from .dust import Dust
from .network import COMPONENTS, HEAD, HIDDEN, LABEL_CENTRE, LABEL_SCALE, AnyBands
from .space import (
    FAR,
    INPUTS,
    LATITUDE,
    LATITUDE_CENTRE,
    LATITUDE_SCALE,
    LONGITUDE,
    LUMINOSITY_CENTRE,
    LUMINOSITY_SCALE,
    N_BANDS,
    PARALLAX,
    Factors,
)
from .stars import LABELS

PREFIX = "any_"
#: A colour and a parallax, or three bands, are the least to say anything from.
LEAST_INPUTS = 3


def outputs() -> list[dict[str, str]]:
    """Names and units of the graph's outputs, in order."""
    stems = [name.removesuffix(f"_{unit.lower()}") for name, unit in LABELS]
    pairs = [(i, j) for i in range(len(LABELS)) for j in range(i)]
    return [
        {"name": "p_rc", "unit": ""},
        {"name": "p_rc_photometric", "unit": ""},
        *({"name": PREFIX + name, "unit": unit} for name, unit in LABELS),
        *({"name": f"{PREFIX}{name}_error", "unit": unit} for name, unit in LABELS),
        *(
            {"name": f"{PREFIX}covariance_{stems[j]}_{stems[i]}", "unit": f"{LABELS[j][1]} {LABELS[i][1]}"}
            for i, j in pairs
        ),
    ]


def any_bands_graph(networks: list[AnyBands], factors: Factors) -> onnx.GraphProto:
    """x [inputs, rows], NaN where not observed, to y [outputs, rows], NaN where there is too little to go by."""
    builder = Graph()
    bands = builder.rows("x", 0, N_BANDS)
    parallax, latitude, longitude = (builder.rows("x", i, i + 1) for i in (PARALLAX, LATITUDE, LONGITUDE))
    seen, has_parallax = builder.seen(bands), builder.seen(parallax)
    has_place = builder.add("Mul", builder.seen(latitude), builder.seen(longitude))
    z, sigma, residual = _posterior(builder, factors, builder.filled(bands, factors.offsets + factors.level), seen)
    level = builder.add("Add", builder.rows(z, 0, 1), builder.constant(factors.level, np.float64))
    n_factors = factors.loadings.shape[1] - 1
    common = [
        builder.single(builder.rows(z, 0, 1)),
        builder.clipped(builder.rows(z, 1, 1 + n_factors)),
        builder.single(builder.add("Log", sigma)),
        builder.clipped(residual),
        builder.single(seen),
    ]
    has = [builder.single(has_parallax), builder.single(has_place)]
    luminosity = builder.single(_luminosity(builder, builder.filled(parallax), has_parallax, level))
    b, longitude = (builder.single(builder.filled(row)) for row in (latitude, longitude))
    place = [_latitude(builder, b, has[1]), builder.add("Mul", _dust(builder, factors.dust, longitude, b), has[1])]
    none = builder.add("Mul", has[0], builder.constant(0.0))
    features = builder.concat([*common, *has, luminosity, *place])
    without = builder.concat([*common, none, has[1], none, *place])

    trained = [_trained(network) for network in networks]
    labels = joint_outputs(builder, trained, features)
    state, labels = labels[-1], labels[:-1]
    n_bands = builder.single(builder.sum_rows(seen))
    enough = _nan_unless(builder, builder.add("Add", n_bands, has[0]))
    enough_bands = _nan_unless(builder, n_bands)
    photometric = _mean_state(builder, trained, without)
    y = builder.concat(
        [
            builder.add("Add", state, enough),
            builder.add("Add", photometric, enough_bands),
            builder.add("Add", builder.concat(labels), enough),
        ]
    )
    return builder.finish(y, len(INPUTS), len(outputs()), "any_bands")


class Graph(GraphBuilder):
    """Operators on rows that may be NaN, in double precision where a matrix is inverted."""

    def seen(self, x: str) -> str:
        """1 where observed, 0 where NaN, in double precision."""
        return self.add("Cast", self.add("Not", self.add("IsNaN", x)), to=TensorProto.DOUBLE)

    def filled(self, x: str, offsets: np.ndarray | float = 0.0) -> str:
        """x less offsets [rows of x], 0 where it is NaN, in double precision."""
        column = self.constant(np.reshape(offsets, (-1, 1)), np.float64)
        less = self.add("Sub", self.add("Cast", x, to=TensorProto.DOUBLE), column)
        return self.add("Where", self.add("IsNaN", x), self.constant(0.0, np.float64), less)

    def single(self, x: str) -> str:
        return self.add("Cast", x, to=TensorProto.FLOAT)

    def clipped(self, x: str) -> str:
        return self.add("Clip", self.single(x), self.constant(-FAR), self.constant(FAR))


def _posterior(builder: Graph, factors: Factors, d: str, seen: str) -> tuple[str, str, str]:
    """Mean [k] and standard deviation [k] of level and factors, and the standardised residuals [bands].

    The matrix of the normal equations is decomposed as L D L^T, entry by entry, each entry a row over the stars.
    """
    loadings, k = factors.loadings, factors.loadings.shape[1]
    weighted = (loadings / factors.variances[:, None]).T
    entries = [(i, j) for i in range(k) for j in range(i + 1)]
    products = np.stack([weighted[i] * loadings[:, j] for i, j in entries])
    prior = np.array([factors.precision[i] if i == j else 0.0 for i, j in entries]).reshape(-1, 1)
    sums = builder.add("Add", _times(builder, products, seen), builder.constant(prior, np.float64))
    matrix = {entry: builder.rows(sums, n, n + 1) for n, entry in enumerate(entries)}
    right = _times(builder, weighted, d)
    rights = [builder.rows(right, i, i + 1) for i in range(k)]
    lower, diagonal = _decomposed(builder, matrix, k)
    inverse = _inverse_of_lower(builder, lower, k)
    halves = [
        _sum(builder, [rights[i], *(_product(builder, inverse[i, j], rights[j]) for j in range(i))]) for i in range(k)
    ]
    scaled = [builder.add("Div", half, d_i) for half, d_i in zip(halves, diagonal, strict=True)]
    z, variance = [], []
    for j in range(k):
        z.append(_sum(builder, [scaled[j], *(_product(builder, inverse[i, j], scaled[i]) for i in range(j + 1, k))]))
        squares = [_product(builder, inverse[i, j], inverse[i, j]) for i in range(j + 1, k)]
        one = builder.constant(1.0, np.float64)
        terms = [builder.add("Div", top, diagonal[i]) for top, i in zip([one, *squares], range(j, k), strict=True)]
        variance.append(_sum(builder, terms))
    mean = builder.concat(z)
    expected = _times(builder, loadings, mean)
    scale = builder.constant(1 / np.sqrt(factors.variances).reshape(-1, 1), np.float64)
    residual = builder.add("Mul", builder.add("Mul", builder.add("Sub", d, expected), scale), seen)
    return mean, builder.add("Sqrt", builder.concat(variance)), residual


def _decomposed(
    builder: Graph, matrix: dict[tuple[int, int], str], k: int
) -> tuple[dict[tuple[int, int], str], list[str]]:
    """Unit lower triangle and diagonal of a symmetric matrix whose entries are rows."""
    lower: dict[tuple[int, int], str] = {}
    scaled: dict[tuple[int, int], str] = {}
    diagonal: list[str] = []
    for i in range(k):
        for j in range(i):
            known = [_product(builder, scaled[i, m], lower[j, m]) for m in range(j)]
            scaled[i, j] = _less(builder, matrix[i, j], known)
            lower[i, j] = builder.add("Div", scaled[i, j], diagonal[j])
        diagonal.append(_less(builder, matrix[i, i], [_product(builder, scaled[i, m], lower[i, m]) for m in range(i)]))
    return lower, diagonal


def _inverse_of_lower(builder: Graph, lower: dict[tuple[int, int], str], k: int) -> dict[tuple[int, int], str]:
    """The entries below the diagonal of the inverse of a unit lower triangle."""
    inverse: dict[tuple[int, int], str] = {}
    for j in range(k):
        for i in range(j + 1, k):
            terms = [lower[i, j], *(_product(builder, lower[i, m], inverse[m, j]) for m in range(j + 1, i))]
            inverse[i, j] = builder.add("Neg", _sum(builder, terms))
    return inverse


def _luminosity(builder: Graph, parallax: str, has: str, level: str) -> str:
    """asinh(a / scale) less its centre, 0 without a parallax."""

    def constant(value: float) -> str:
        return builder.constant(value, np.float64)

    exponent = builder.add("Clip", builder.add("Sub", level, constant(10.0)), constant(-12.0), constant(12.0))
    a = builder.add("Mul", parallax, builder.add("Exp", builder.add("Mul", exponent, constant(0.2 * np.log(10)))))
    scaled = builder.add("Div", builder.add("Clip", a, constant(-10.0), constant(1000.0)), constant(LUMINOSITY_SCALE))
    size = builder.add("Abs", scaled)
    root = builder.add("Sqrt", builder.add("Add", builder.add("Mul", size, size), constant(1.0)))
    bent = builder.add("Mul", builder.add("Sign", scaled), builder.add("Log", builder.add("Add", size, root)))
    return builder.add("Mul", builder.add("Sub", bent, constant(LUMINOSITY_CENTRE)), has)


def _latitude(builder: Graph, b: str, has: str) -> str:
    scaled = builder.add("Div", builder.add("Abs", b), builder.constant(LATITUDE_SCALE))
    logarithm = builder.add("Log", builder.add("Add", scaled, builder.constant(1.0)))
    return builder.add("Mul", builder.add("Sub", logarithm, builder.constant(LATITUDE_CENTRE)), has)


def _dust(builder: Graph, dust: Dust, longitude: str, b: str) -> str:
    """ln E(B-V) along the line of sight, as `Dust.feature`."""
    radians = builder.constant(np.pi / 180)
    l_rad, b_rad = builder.add("Mul", longitude, radians), builder.add("Mul", b, radians)
    flat = builder.add("Cos", b_rad)
    scaled = builder.add("Div", builder.add("Abs", b), builder.constant(dusty.LATITUDE_SCALE))
    logarithm = builder.add("Log", builder.add("Add", scaled, builder.constant(1.0)))
    h = builder.concat(
        [
            builder.add("Mul", flat, builder.add("Cos", l_rad)),
            builder.add("Mul", flat, builder.add("Sin", l_rad)),
            builder.add("Sin", b_rad),
            builder.add("Sub", logarithm, builder.constant(dusty.LATITUDE_CENTRE)),
        ]
    )
    *inner, last = dust.layers
    for weight, bias in inner:
        h = builder.layer(h, Layer(weight, bias, "Tanh"))
    return builder.layer(h, Layer(*last))


def _nan_unless(builder: Graph, n_inputs: str) -> str:
    """0 where a star has enough inputs, else 0 / 0."""
    least = builder.constant(LEAST_INPUTS - 0.5)
    enough = builder.add("Cast", builder.add("Greater", n_inputs, least), to=TensorProto.FLOAT)
    return builder.add("Div", builder.constant(np.zeros((1, 1))), enough)


def _mean_state(builder: Graph, trained: list[Trained], features: str) -> str:
    """Mean probability of the state over the networks."""
    parts = []
    for network in trained:
        x = features
        for layer in network.layers[:-1]:
            x = builder.layer(x, layer)
        last = network.layers[-1]
        state = slice(HEAD.state, HEAD.state + 1)
        parts.append(builder.layer(x, Layer(last.weight[state], last.bias[state], "Sigmoid")))
    return builder.add("Mul", _sum(builder, parts), builder.constant(1 / len(parts)))


def _trained(network: AnyBands) -> Trained:
    """The network's layers as `mdn` has them, the scaling of the features in the first."""
    arrays = {name: value.double().numpy() for name, value in network.state_dict().items()}
    names = [f"body.{2 * i}" for i in range(len(HIDDEN) + 1)]
    kinds = ["Tanh"] * len(HIDDEN) + [""]
    layers = [
        Layer(arrays[f"{name}.weight"], arrays[f"{name}.bias"], kind) for name, kind in zip(names, kinds, strict=True)
    ]
    layers[0] = fold_scaling(layers[0], arrays["centre"], arrays["scale"])
    recipe = Recipe(HIDDEN, "Tanh", COMPONENTS)
    return Trained(recipe, HEAD, layers, LABEL_CENTRE, np.diag(LABEL_SCALE), float("nan"))


def _times(builder: Graph, matrix: np.ndarray, x: str) -> str:
    return builder.add("MatMul", builder.constant(matrix, np.float64), x)


def _product(builder: Graph, a: str, b: str) -> str:
    return builder.add("Mul", a, b)


def _less(builder: Graph, first: str, others: list[str]) -> str:
    return builder.add("Sub", first, _sum(builder, others)) if others else first


def _sum(builder: Graph, parts: list[str]) -> str:
    total = parts[0]
    for part in parts[1:]:
        total = builder.add("Add", total, part)
    return total


def networks_of(model: Model) -> tuple[list[AnyBands], Factors]:
    """The networks and the factor model of a model file, to be trained further.

    The last layer of the graph is a fixed linear map of the network's own (`export.joint_outputs`), undone here.
    """
    dust = Dust.from_json(json.loads(model.metadata["dust"]))
    factors = Factors.from_json(json.loads(model.metadata["factors"]), dust)
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    gemms = [node for node in model.graph.node if node.op_type == "Gemm"][len(dust.layers) :]
    n_layers = len(HIDDEN) + 1
    networks = []
    for first in range(0, len(gemms) // 2, n_layers):
        arrays = [(tensors[node.input[0]], tensors[node.input[2]][:, 0]) for node in gemms[first : first + n_layers]]
        arrays[-1] = _undone(*arrays[-1])
        network = AnyBands(arrays[0][0].shape[1])
        state = {"centre": network.centre, "scale": network.scale}
        for number, (weight, bias) in enumerate(arrays):
            state[f"body.{2 * number}.weight"] = torch.tensor(weight).float()
            state[f"body.{2 * number}.bias"] = torch.tensor(bias).float()
        network.load_state_dict(state)
        networks.append(network)
    return networks, factors


def _undone(weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = len(HEAD)
    one = Trained(Recipe(), HEAD, [Layer(np.eye(n), np.zeros(n))], LABEL_CENTRE, np.diag(LABEL_SCALE), 0.0)
    inverse = np.linalg.pinv(arranged(one).weight)
    return inverse @ weight, inverse @ bias
