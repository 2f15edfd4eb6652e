"""The offset that held-out chi-square prefers."""

import pytest
from candlesql.training.parallax.command import preferred_offset
from candlesql.training.parallax.validate import Score


def row(offset: float, chi2: float, strength: float = 30.0, model: str = "linear") -> Score:
    return Score(model, strength, offset, 1000, chi2, 100, 0.0, 0.1, 0.1, 0.8, 50, 1.0)


def test_the_least_point_of_a_parabola_at_the_chosen_regularisation():
    """2 + 100 (x - 0.03)^2 by hand at four offsets; another regularisation and another model do not count."""
    rows = [row(0.048, 9.0, strength=100.0)]
    rows += [row(0.048, 2.0324), row(0.029, 2.0001), row(0.0, 2.09), row(0.08, 2.25), row(0.0, 1.0, model="network")]
    assert preferred_offset(rows) == pytest.approx(0.03, abs=1e-4)


def test_a_parabola_that_does_not_bend_upwards_gives_the_best_of_those_tried():
    assert preferred_offset([row(0.0, 2.0), row(0.04, 2.2), row(0.08, 2.1)]) == 0.0
