import numpy as np
import pytest
from candlesql.training.photometry.zero_points import (
    SurveyLabels,
    mean_difference,
    survey_offsets,
)

SIGMA = np.array([50.0, 0.1, 0.05])


def surveys():
    """Three surveys of one sky; b and c are planted off a by known amounts."""
    random = np.random.default_rng(2)
    truth = np.column_stack([random.uniform(4000, 7000, 3000), random.uniform(1, 5, 3000), random.normal(0, 0.3, 3000)])
    planted = {"a": [0.0, 0.0, 0.0], "b": [-40.0, 0.08, -0.05], "c": [25.0, -0.03, 0.02]}
    parts = {"a": slice(0, 2000), "b": slice(1000, 3000), "c": slice(500, 1500)}
    result = {}
    for name, rows in parts.items():
        theta = truth[rows] + planted[name]
        theta = theta + SIGMA * random.standard_normal(theta.shape)
        result[name] = SurveyLabels(np.arange(3000)[rows], theta, np.tile(SIGMA, (len(theta), 1)))
    return planted, result


def test_planted_offsets_are_recovered_by_way_of_the_pivot():
    planted, labels = surveys()
    offsets = survey_offsets(labels, pivot="b", reference="c")
    for name, offset in offsets.items():
        expected = np.subtract(planted["c"], planted[name])
        assert (np.abs(offset.add - expected) < 4.5 * offset.error + 1e-12).all(), name
    # 1,000 stars of b and a in common: SIGMA sqrt(2 / 1000), in quadrature with c's 500
    expected_error = SIGMA * np.sqrt(2 / 1000 + 2 / 500)
    np.testing.assert_allclose(offsets["a"].error, expected_error, rtol=0.02)
    assert (offsets["c"].add == 0).all()


def test_weighted_mean_by_hand():
    one = SurveyLabels(np.array([1, 2, 9]), np.zeros((3, 3)), np.full((3, 3), 1.0))
    sigma = np.array([[0.0] * 3, [np.sqrt(3.0)] * 3])
    two = SurveyLabels(np.array([2, 1]), np.array([[1.0] * 3, [3.0] * 3]), sigma)
    offset = mean_difference(one, two)
    # variances 1 + 0 and 1 + 3: (1 / 1 + 3 / 4) / (1 + 1/4) = 1.4, error 1 / sqrt(1.25)
    np.testing.assert_allclose(offset.add, 1.4)
    np.testing.assert_allclose(offset.error, 1 / np.sqrt(1.25))
    assert offset.n == 2


def test_no_star_in_common_is_an_error():
    labels = SurveyLabels(np.array([1]), np.zeros((1, 3)), np.ones((1, 3)))
    other = SurveyLabels(np.array([2]), np.zeros((1, 3)), np.ones((1, 3)))
    with pytest.raises(ValueError, match="no star in common"):
        mean_difference(labels, other)
