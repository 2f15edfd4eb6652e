"""The inference of `infer.py` as one ONNX graph, so that it runs inside a query.

The graph is a Scan over the components of the prior; its body is a Loop of Gauss-Newton steps.
A step is written out on rows of the catalog: every quantity is [1, rows] or [bands, rows], the
5 x 5 systems are solved by an elementwise Cholesky decomposition. Numbers follow `infer.py`
step by step; that is the text to read first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper

from .infer import DEFAULT_EBV, LONGER, MAS_SLOPE, N_UNKNOWN, SHORTER, Photometer
from .onnx_graph import Graph

LABELS = (0, 1, 2, 4)  # unknowns of the prior: normalised labels and modulus
Matrix = dict[tuple[int, int], str]  # names of the entries i >= j


@dataclass(frozen=True)
class Inputs:
    """Names of the prepared observation; missing values have weight zero."""

    mag: str  # [b, rows]
    weight: str  # [b, rows]
    parallax: str  # [1, rows]
    parallax_variance: str
    has_parallax: str
    ebv: str
    ebv_weight: str  # 1 / sigma^2


@dataclass
class Expansion:
    """Names of curvature, gradient and chi-squares at a point, as `infer.Normal`."""

    curvature: Matrix
    gradient: list[str]
    chi2: str
    chi2_prior: str
    log_noise: str


def observation(graph: Graph, photometer: Photometer) -> Inputs:
    """Split x into magnitudes, errors, parallax and reddening; what is NaN, or has no
    positive error, gets weight zero."""
    b = photometer.network.n_bands
    mag, sigma = graph.rows("x", 0, b), graph.rows("x", b, 2 * b)
    one, zero = graph.constant(1.0), graph.constant(0.0)
    missing = graph.either(graph.missing(mag), graph.not_positive(sigma))
    floor = graph.constant(np.square(photometer.floor).reshape(-1, 1))
    safe = graph.op("Where", missing, one, sigma)
    variance = graph.op("Add", graph.op("Mul", safe, safe), floor)
    parallax, parallax_sigma = graph.row("x", 2 * b), graph.row("x", 2 * b + 1)
    far = graph.either(graph.missing(parallax), graph.not_positive(parallax_sigma))
    parallax_sigma = graph.op("Where", far, one, parallax_sigma)
    ebv, ebv_sigma = graph.row("x", 2 * b + 2), graph.row("x", 2 * b + 3)
    unmapped = graph.either(graph.missing(ebv), graph.not_positive(ebv_sigma))
    mean, width = (graph.constant(value) for value in DEFAULT_EBV)
    ebv_sigma = graph.op("Where", unmapped, width, ebv_sigma)
    return Inputs(
        mag=graph.op("Where", missing, zero, mag),
        weight=graph.op("Where", missing, zero, graph.op("Div", one, variance)),
        parallax=graph.op("Where", far, zero, parallax),
        parallax_variance=graph.op("Mul", parallax_sigma, parallax_sigma),
        has_parallax=graph.op("Where", far, zero, one),
        ebv=graph.op("Where", unmapped, mean, ebv),
        ebv_weight=graph.op("Div", one, graph.op("Mul", ebv_sigma, ebv_sigma)),
    )


def network_with_slopes(graph: Graph, photometer: Photometer, z: str) -> tuple[str, str, list[str]]:
    """M [b, rows], R [b, rows] and dM/dz_j [b, rows] for normalised labels z [3, rows]."""
    network = photometer.network
    value, slopes = z, [""] * 3
    for layer, (weight, bias) in enumerate(zip(network.weights[:-1], network.biases[:-1], strict=True)):
        before = graph.linear(weight, bias, value)
        value, slope = graph.activate_with_slope(network.activation, before)
        for j in range(3):
            inner = (
                graph.constant(weight[:, j].reshape(-1, 1))
                if layer == 0
                else graph.op("MatMul", graph.constant(weight), slopes[j])
            )
            slopes[j] = graph.op("Mul", slope, inner)
    last, shift = network.weights[-1].copy(), network.biases[-1].copy()
    last[1:] += last[0]
    shift[1:] += shift[0]
    weight_name = graph.constant(last)
    magnitude = graph.linear(last, shift, value)
    slopes = [graph.op("MatMul", weight_name, slope) for slope in slopes]
    log_r = graph.linear(network.extinction_weight, network.extinction_bias, z)
    return magnitude, graph.op("Exp", log_r), slopes


def expansion(graph: Graph, photometer: Photometer, data: Inputs, u: str, mean: str, precision: str) -> Expansion:
    """`infer.normal_equations` at u [5, rows]; the component's mean [4, 1], precision [4, 4]."""
    here = expand_bands(graph, photometer, data, u)
    add_parallax(graph, photometer, data, here, graph.row(u, 4))
    add_reddening(graph, data, here, graph.row(u, 3))
    add_component(graph, here, u, mean, precision)
    return here


def expand_bands(graph: Graph, photometer: Photometer, data: Inputs, u: str) -> Expansion:
    """The bands' part of curvature, gradient and chi-square."""
    z, e, mu = graph.rows(u, 0, 3), graph.row(u, 3), graph.row(u, 4)
    magnitude, r, slopes = network_with_slopes(graph, photometer, z)
    extinction = graph.op("Mul", r, e)
    residual = graph.op("Sub", data.mag, graph.total([magnitude, extinction, mu]))
    for j in range(3):
        by_label = graph.constant(photometer.network.extinction_weight[:, j].reshape(-1, 1))
        slopes[j] = graph.op("Add", slopes[j], graph.op("Mul", extinction, by_label))

    def total(x: str) -> str:
        return graph.sum_rows(x, photometer.network.n_bands)

    columns = [*slopes, r]  # and ones, for the modulus
    weighted = [graph.op("Mul", data.weight, column) for column in columns] + [data.weight]
    curvature: Matrix = {}
    for i in range(N_UNKNOWN):
        for j in range(min(i, 3) + 1):
            curvature[i, j] = total(graph.op("Mul", weighted[i], columns[j]))
    curvature[4, 4] = total(data.weight)
    gradient = [total(graph.op("Mul", w, residual)) for w in weighted]
    square = graph.op("Mul", residual, residual)
    chi2 = total(graph.op("Mul", data.weight, square))
    zero = graph.constant([[0.0]])
    return Expansion(curvature, gradient, chi2, chi2_prior=zero, log_noise=zero)


def add_parallax(graph: Graph, photometer: Photometer, data: Inputs, here: Expansion, mu: str) -> None:
    """Add the parallax, with the binaries' scatter in its variance."""
    ten, slope = graph.constant(10.0), graph.constant(MAS_SLOPE)
    predicted = graph.op("Exp", graph.op("Mul", slope, graph.op("Sub", ten, mu)))
    by_mu = graph.op("Neg", graph.op("Mul", slope, predicted))
    scatter = graph.op("Mul", by_mu, graph.constant(photometer.binary_scatter))
    variance = graph.op("Add", data.parallax_variance, graph.op("Mul", scatter, scatter))
    weight = graph.op("Div", data.has_parallax, variance)
    miss = graph.op("Sub", data.parallax, predicted)
    pull = graph.op("Mul", weight, by_mu)
    here.curvature[4, 4] = graph.op("Add", here.curvature[4, 4], graph.op("Mul", pull, by_mu))
    here.gradient[4] = graph.op("Add", here.gradient[4], graph.op("Mul", pull, miss))
    chi2 = graph.op("Mul", weight, graph.op("Mul", miss, miss))
    here.chi2 = graph.op("Add", here.chi2, chi2)
    here.log_noise = graph.op("Mul", data.has_parallax, graph.op("Log", variance))


def add_reddening(graph: Graph, data: Inputs, here: Expansion, e: str) -> None:
    """Add the reddening's Gaussian prior."""
    off = graph.op("Sub", data.ebv, e)
    pull = graph.op("Mul", data.ebv_weight, off)
    here.curvature[3, 3] = graph.op("Add", here.curvature[3, 3], data.ebv_weight)
    here.gradient[3] = graph.op("Add", here.gradient[3], pull)
    here.chi2_prior = graph.op("Add", here.chi2_prior, graph.op("Mul", pull, off))


def add_component(graph: Graph, here: Expansion, u: str, mean: str, precision: str) -> None:
    """Add the component's Gaussian prior of labels and modulus."""
    x = graph.op("Concat", graph.rows(u, 0, 3), graph.row(u, 4), axis=0)
    offset = graph.op("Sub", mean, x)  # [4, rows]
    force = graph.op("MatMul", precision, offset)
    square = graph.sum(graph.op("Mul", force, offset))
    here.chi2_prior = graph.op("Add", here.chi2_prior, square)
    for a, i in enumerate(LABELS):
        here.gradient[i] = graph.op("Add", here.gradient[i], graph.row(force, a))
        for b, j in enumerate(LABELS[: a + 1]):
            entry = graph.entry(precision, a, b)
            here.curvature[i, j] = graph.op("Add", here.curvature[i, j], entry)


def cholesky(graph: Graph, a: Matrix, n: int) -> tuple[Matrix, list[str]]:
    """Lower factor L (off-diagonal names) and the inverses of its diagonal."""
    lower: Matrix = {}
    inverse: list[str] = []
    for i in range(n):
        for j in range(i):
            value = a[i, j]
            for k in range(j):
                value = graph.op("Sub", value, graph.op("Mul", lower[i, k], lower[j, k]))
            lower[i, j] = graph.op("Mul", value, inverse[j])
        value = a[i, i]
        for k in range(i):
            value = graph.op("Sub", value, graph.op("Mul", lower[i, k], lower[i, k]))
        value = graph.op("Max", value, graph.constant(1e-6))
        lower[i, i] = graph.op("Sqrt", value)
        inverse.append(graph.op("Div", graph.constant(1.0), lower[i, i]))
    return lower, inverse


def solve(graph: Graph, lower: Matrix, inverse: list[str], right: list[str]) -> list[str]:
    """Solve L L^T x = right by forward and back substitution."""
    n = len(right)
    y: list[str] = []
    for i in range(n):
        value = right[i]
        for k in range(i):
            value = graph.op("Sub", value, graph.op("Mul", lower[i, k], y[k]))
        y.append(graph.op("Mul", value, inverse[i]))
    x = [""] * n
    for i in reversed(range(n)):
        value = y[i]
        for k in range(i + 1, n):
            value = graph.op("Sub", value, graph.op("Mul", lower[k, i], x[k]))
        x[i] = graph.op("Mul", value, inverse[i])
    return x


def inverse_of(graph: Graph, lower: Matrix, inverse: list[str]) -> Matrix:
    """(L L^T)^-1, entries i >= j: K^T K with K = L^-1."""
    n = len(inverse)
    k: Matrix = {}
    for j in range(n):
        k[j, j] = inverse[j]
        for i in range(j + 1, n):
            terms = [graph.op("Mul", lower[i, m], k[m, j]) for m in range(j, i)]
            k[i, j] = graph.op("Neg", graph.op("Mul", graph.total(terms), inverse[i]))
    return {
        (i, j): graph.total([graph.op("Mul", k[m, i], k[m, j]) for m in range(i, n)])
        for i in range(n)
        for j in range(i + 1)
    }


def log_determinant(graph: Graph, inverse: list[str]) -> str:
    """ln det(L L^T) = -2 sum ln(1 / L_ii)."""
    return graph.op("Mul", graph.constant(-2.0), graph.total([graph.op("Log", v) for v in inverse]))


def start(graph: Graph, data: Inputs, mean: str, model: str, r: str) -> str:
    """First guess u [5, rows]; model, r [b, 1]: M and R at the component's mean."""
    predicted = graph.op("Add", model, graph.op("Mul", r, data.ebv))
    miss = graph.op("Mul", data.weight, graph.op("Sub", data.mag, predicted))
    total = graph.op("Add", graph.sum(data.weight), graph.constant(1.0))
    own = graph.op("Slice", mean, *graph.bounds(3, 4))
    modulus = graph.op("Div", graph.op("Add", graph.sum(miss), own), total)
    nothing = graph.op("Mul", data.ebv, graph.constant(0.0))
    labels = graph.op("Add", graph.op("Slice", mean, *graph.bounds(0, 3)), nothing)
    return graph.op("Concat", labels, data.ebv, modulus, axis=0)


def step(graph: Graph, photometer: Photometer, here: Expansion, u: str, length: str) -> str:
    """`infer.bounded_step` times its length, added to u."""
    lower, inverse = cholesky(graph, here.curvature, N_UNKNOWN)
    move = graph.op("Concat", *solve(graph, lower, inverse, here.gradient), axis=0)
    longest = graph.op("ReduceMax", graph.op("Abs", graph.rows(move, 0, 4)), axes=[0], keepdims=1)
    scaled = graph.op("Mul", longest, graph.constant(1.0 / photometer.max_step))
    bound = graph.op("Max", scaled, graph.constant(1.0))
    return graph.op("Add", u, graph.op("Mul", move, graph.op("Div", length, bound)))


# The Loop carries one tensor: u, curvature (i >= j), gradient, chi2, chi2_prior, log_noise
N_STATE = 5 + 15 + 5 + 3


def pack(graph: Graph, u: str, here: Expansion) -> str:
    """The Loop's tensor [N_STATE, rows]."""
    entries = [here.curvature[i, j] for i in range(N_UNKNOWN) for j in range(i + 1)]
    rest = [here.chi2, here.chi2_prior, here.log_noise]
    return graph.op("Concat", u, *entries, *here.gradient, *rest, axis=0)


def unpack(graph: Graph, state: str) -> tuple[str, Expansion]:
    """Inverse of `pack`."""
    places = [(i, j) for i in range(N_UNKNOWN) for j in range(i + 1)]
    curvature = {place: graph.row(state, 5 + k) for k, place in enumerate(places)}
    gradient = [graph.row(state, 20 + i) for i in range(N_UNKNOWN)]
    rest = [graph.row(state, 25 + i) for i in range(3)]
    return graph.rows(state, 0, 5), Expansion(curvature, gradient, *rest)


def energy(graph: Graph, here: Expansion) -> str:
    """Twice the negative log posterior, without constants."""
    return graph.total([here.chi2, here.chi2_prior, here.log_noise])


def newton_loop(
    graph: Graph, photometer: Photometer, data: Inputs, first: str, mean: str, precision: str
) -> tuple[str, Expansion]:
    """`infer.maximise` as a Loop of `photometer.steps` steps from `first`."""
    at_first = expansion(graph, photometer, data, first, mean, precision)
    nothing = graph.op("Mul", data.ebv, graph.constant(0.0))
    length = graph.op("Add", nothing, graph.constant(1.0))
    body = graph.child()
    u, here = unpack(body, "state_in")
    trial = step(body, photometer, here, u, "length_in")
    there = expansion(body, photometer, data, trial, mean, precision)
    better = body.op("LessOrEqual", energy(body, there), energy(body, here))
    state = body.op("Where", better, pack(body, trial, there), "state_in")
    change = body.op("Where", better, body.constant(LONGER), body.constant(SHORTER))
    body.name_as(state, "state_out")
    longer = body.op("Min", body.op("Mul", "length_in", change), body.constant(1.0))
    body.name_as(longer, "length_out")
    body.name_as("go_in", "go_out")

    def port(name: str, size: int) -> ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [size, "rows"])

    inner = helper.make_graph(
        body.nodes,
        "newton",
        [
            helper.make_tensor_value_info("iteration", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_in", TensorProto.BOOL, []),
            port("state_in", N_STATE),
            port("length_in", 1),
        ],
        [
            helper.make_tensor_value_info("go_out", TensorProto.BOOL, []),
            port("state_out", N_STATE),
            port("length_out", 1),
        ],
    )
    count, go = graph.constant(photometer.steps, np.int64), graph.constant(True, np.bool_)
    carried = [count, go, pack(graph, first, at_first), length]
    last, _ = graph.op_many("Loop", carried, 2, body=inner)
    return unpack(graph, last)


def scan_components(graph: Graph, photometer: Photometer, data: Inputs) -> list[str]:
    """Posterior of every component, stacked.

    Names of ln weight [k, 1, rows], u [k, 5, rows], covariance [k, 15, rows] (i >= j, row by
    row) and chi2 [k, 1, rows].
    """
    prior, network = photometer.prior, photometer.network
    predicted = network.predict(prior.mean[:, :3] * network.scale + network.centre)
    _, log_det = np.linalg.slogdet(prior.covariance)
    constants = [
        prior.mean[:, :, None],
        np.linalg.inv(prior.covariance),
        predicted.magnitude[:, :, None],
        predicted.extinction[:, :, None],
        (np.log(prior.weight) - 0.5 * log_det)[:, None, None],
    ]
    body = graph.child()
    mean, precision, model, r, norm = names = [f"component_{i}" for i in range(5)]
    first = start(body, data, mean, model, r)
    u, here = newton_loop(body, photometer, data, first, mean, precision)
    lower, inverse = cholesky(body, here.curvature, N_UNKNOWN)
    covariance = inverse_of(body, lower, inverse)
    evidence = body.op("Add", energy(body, here), log_determinant(body, inverse))
    weight = body.op("Add", norm, body.op("Mul", evidence, body.constant(-0.5)))
    entries = [covariance[i, j] for i in range(N_UNKNOWN) for j in range(i + 1)]
    results = [weight, u, body.op("Concat", *entries, axis=0), here.chi2]
    outputs = ["ln_weight", "u_best", "covariance", "chi2"]
    for result, output in zip(results, outputs, strict=True):
        body.name_as(result, output)
    inner = helper.make_graph(
        body.nodes,
        "component",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, list(value.shape[1:]))
            for name, value in zip(names, constants, strict=True)
        ],
        [
            helper.make_tensor_value_info(output, TensorProto.FLOAT, [size, "rows"])
            for output, size in zip(outputs, (1, N_UNKNOWN, len(entries), 1), strict=True)
        ],
    )
    stacked = [graph.constant(value) for value in constants]
    return graph.op_many("Scan", stacked, 4, body=inner, num_scan_inputs=len(stacked))
