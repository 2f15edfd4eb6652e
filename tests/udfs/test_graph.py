"""Layers by hand."""

from __future__ import annotations

import numpy as np
from candlesql.udfs.graph import Layer, fold_scaling
from candlesql.udfs.network_sql import _literal


def test_scaling_is_folded_into_the_first_layer():
    """3 (x - 10) / 2 + 5 (y - 20) / 4 + 7 is 1.5 x + 1.25 y - 15 - 25 + 7."""
    folded = fold_scaling(Layer(np.array([[3.0, 5.0]]), np.array([7.0])), np.array([10.0, 20.0]), np.array([2.0, 4.0]))
    assert folded.weight.tolist() == [[1.5, 1.25]]
    assert folded.bias.tolist() == [-33.0]


def test_a_negative_constant_keeps_its_sign_in_sql():
    """`--1` is a comment."""
    assert [_literal(np.float32(value)) for value in (-1.5, 0.1)] == ["(-1.5)", "0.1"]
    assert _literal(np.float64(-0.1)) == "(-0.1::DOUBLE)"
