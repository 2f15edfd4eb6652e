"""Turns the trained networks of a system into one ONNX graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx

from ..udfs.graph import GraphBuilder
from .features import Features
from .mdn import Trained


@dataclass(frozen=True)
class Member:
    """One output of a system: the networks whose results are averaged, and the features that they read."""

    networks: list[Trained]
    features: Features


def system_graph(members: list[Member], inputs: list[str], name: str) -> onnx.GraphProto:
    """One graph of all networks; networks with the same features share them.

    A mixture gives two rows, mean and width, both weighted over its components as in Lucey et al. 2020, section 3.1; a
    classifier gives one, its probability.
    """
    builder = GraphBuilder()
    tensors: dict[Features, str] = {}
    parts: list[str] = []
    for member in members:
        if member.features not in tensors:
            tensors[member.features] = member.features.add_to(builder, inputs)
        heads = [_head(builder, trained, tensors[member.features]) for trained in member.networks]
        parts += [_average(builder, [head[row] for head in heads]) for row in range(len(heads[0]))]
    return builder.finish(builder.concat(parts), len(inputs), len(parts), name)


def _head(builder: GraphBuilder, trained: Trained, features: str) -> list[str]:
    h = features
    for layer in trained.layers:
        h = builder.layer(h, layer)
    k = trained.recipe.components
    if not k:
        return [builder.add("Sigmoid", h)]
    means, widths = builder.rows(h, k, 2 * k), builder.add("Exp", builder.rows(h, 2 * k, 3 * k))
    if k > 1:
        weights = builder.add("Softmax", builder.rows(h, 0, k), axis=0)
        means, widths = (builder.sum_rows(builder.add("Mul", weights, part)) for part in (means, widths))
    scale = builder.constant(trained.target_scale)
    mean = builder.add("Add", builder.add("Mul", means, scale), builder.constant(trained.target_mean))
    return [mean, builder.add("Mul", widths, scale)]


def _average(builder: GraphBuilder, parts: list[str]) -> str:
    total = parts[0]
    for part in parts[1:]:
        total = builder.add("Add", total, part)
    return total if len(parts) == 1 else builder.add("Mul", total, builder.constant(1 / len(parts)))


def relative_error(model_y: np.ndarray, reference: np.ndarray) -> float:
    """The largest difference of two sets of outputs [outputs, rows], over the mean size of each output."""
    scale = np.maximum(np.abs(reference).mean(axis=1, keepdims=True), 1e-30)
    return float((np.abs(model_y - reference) / scale).max())
