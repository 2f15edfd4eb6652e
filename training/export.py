"""Turns the trained networks of a system into one ONNX graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx

from ..udfs.graph import GraphBuilder, Layer
from .features import Features
from .mdn import Trained

SMALLEST_VARIANCE = 1e-12


@dataclass(frozen=True)
class Member:
    """One network of a system: the trained ones whose mixtures are averaged, and the features that they read."""

    networks: list[Trained]
    features: Features


def system_graph(members: list[Member], inputs: list[str], n_outputs: int, name: str) -> onnx.GraphProto:
    """One graph of all networks; networks with the same features share them."""
    builder = GraphBuilder()
    tensors: dict[Features, str] = {}
    parts: list[str] = []
    for member in members:
        if member.features not in tensors:
            tensors[member.features] = member.features.add_to(builder, inputs)
        features, head = tensors[member.features], member.networks[0].head
        if head.labels > 1 or head.has_state:
            parts += joint_outputs(builder, member.networks, features)
        else:
            parts += _published(builder, member.networks[0], features)
    return builder.finish(builder.concat(parts), len(inputs), n_outputs, name)


def _published(builder: GraphBuilder, trained: Trained, features: str) -> list[str]:
    """Mean and width of one label, both weighted over the components (Lucey et al. 2020, section 3.1), and for a
    mixture the standard deviation that it has."""
    k = trained.head.components
    values = _layers(builder, trained.layers, features)
    means, widths = builder.rows(values, k, 2 * k), builder.add("Exp", builder.rows(values, 2 * k, 3 * k))
    scale = builder.constant(trained.label_factor[0, 0])

    def scaled(x: str) -> str:
        return builder.add("Mul", x, scale)

    def in_units(x: str) -> str:
        return builder.add("Add", scaled(x), builder.constant(trained.label_mean[0]))

    if k == 1:
        return [in_units(means), scaled(widths)]
    weights = builder.add("Softmax", builder.rows(values, 0, k), axis=0)
    mean, width = (builder.sum_rows(builder.add("Mul", weights, part)) for part in (means, widths))
    off = builder.add("Sub", means, mean)
    squares = builder.add("Add", builder.add("Mul", widths, widths), builder.add("Mul", off, off))
    variance = builder.sum_rows(builder.add("Mul", weights, squares))
    return [in_units(mean), scaled(width), scaled(builder.add("Sqrt", variance))]


def joint_outputs(builder: GraphBuilder, networks: list[Trained], features: str) -> list[str]:
    """Means, standard deviations and covariances of all labels and the probability of the state, of the mixture of all
    networks with equal weights.

    Moments are taken of the labels less their mean and over their scale. `pairs` are first the labels with themselves,
    then each two. Few tensors are used twice: each such step doubles the time that SQL takes to bind the network.
    """
    d = networks[0].head.labels
    pairs = _pairs(d)
    scale = _scale(networks[0])
    sums = [_moments(builder, trained, features, pairs) for trained in networks]
    mean, products, variances, *state = [_average(builder, list(parts)) for parts in zip(*sums, strict=True)]
    factor = networks[0].label_factor / scale[:, None]

    def covariance(start: int, stop: int) -> str:
        chosen = pairs[start:stop]
        left, right = (_times(builder, np.eye(d)[[pair[side] for pair in chosen]], mean) for side in (0, 1))
        inner = _times(builder, np.stack([factor[i] * factor[j] for i, j in chosen]), variances)
        between = builder.add("Sub", builder.rows(products, start, stop), builder.add("Mul", left, right))
        units = np.array([scale[i] * scale[j] for i, j in chosen])
        return builder.add("Mul", builder.add("Add", inner, between), _column(builder, units))

    smallest = _column(builder, SMALLEST_VARIANCE * scale**2)
    found = [
        builder.add("Add", builder.add("Mul", mean, _column(builder, scale)), _column(builder, networks[0].label_mean)),
        builder.add("Sqrt", builder.add("Max", covariance(0, d), smallest)),
    ]
    return [*found, *([covariance(d, len(pairs))] if d > 1 else []), *state]


def _pairs(d: int) -> list[tuple[int, int]]:
    return [(i, i) for i in range(d)] + [(i, j) for i in range(d) for j in range(i)]


def _scale(trained: Trained) -> np.ndarray:
    """Standard deviations [d] of the labels."""
    return np.asarray(np.sqrt((trained.label_factor**2).sum(axis=1)))


def _moments(builder: GraphBuilder, trained: Trained, features: str, pairs: list[tuple[int, int]]) -> list[str]:
    """Sums over a network's components, by weight: of means [d], of products of means [pairs], of the variances of
    u [d]; and the probability of the state."""
    head, d, n = trained.head, trained.head.labels, len(pairs)
    k = head.components
    values = _layers(builder, [*trained.layers[:-1], arranged(trained)], features)
    weights = builder.add("Softmax", builder.rows(values, 0, k), axis=0)
    variances = builder.add("Exp", builder.rows(values, k, k * (1 + d)))
    sums: list[list[str]] = [[], [], []]
    for c in range(k):
        start = k * (1 + d) + 2 * n * c
        left, right = builder.rows(values, start, start + n), builder.rows(values, start + n, start + 2 * n)
        means = builder.rows(values, start, start + d)
        parts = (means, builder.add("Mul", left, right), builder.rows(variances, d * c, d * (c + 1)))
        for total, part in zip(sums, parts, strict=True):
            total.append(builder.add("Mul", part, builder.rows(weights, c, c + 1)))
    end = k * (1 + d) + 2 * n * k
    state = [builder.add("Sigmoid", builder.rows(values, end, end + 1))] if head.has_state else []
    return [_sum(builder, total) for total in sums] + state


def arranged(trained: Trained) -> Layer:
    """The last layer with the rows that `_moments` wants: logits, logarithms of the variances of u, for each component
    the means of the pairs' first labels and of their second, over the labels' scale, and the state's logit."""
    head, layer = trained.head, trained.layers[-1]
    d, k, every, pairs = head.labels, head.components, np.eye(len(head)), _pairs(head.labels)
    factor = trained.label_factor / _scale(trained)[:, None]
    means = every[head.means : head.widths].reshape(k, d, -1)
    parts = [every[:k], 2 * every[head.widths : head.state]]
    for component in means:
        labels = factor @ component
        parts += [labels[[pair[side] for pair in pairs]] for side in (0, 1)]
    matrix = np.concatenate([*parts, every[head.state :]])
    return Layer(matrix @ layer.weight, matrix @ layer.bias, layer.activation)


def _column(builder: GraphBuilder, values: np.ndarray) -> str:
    return builder.constant(values.reshape(-1, 1))


def _times(builder: GraphBuilder, matrix: np.ndarray, x: str) -> str:
    return builder.add("MatMul", builder.constant(matrix), x)


def _layers(builder: GraphBuilder, layers: list[Layer], x: str) -> str:
    for layer in layers:
        x = builder.layer(x, layer)
    return x


def _sum(builder: GraphBuilder, parts: list[str]) -> str:
    total = parts[0]
    for part in parts[1:]:
        total = builder.add("Add", total, part)
    return total


def _average(builder: GraphBuilder, parts: list[str]) -> str:
    total = _sum(builder, parts)
    return total if len(parts) == 1 else builder.add("Mul", total, builder.constant(1 / len(parts)))
