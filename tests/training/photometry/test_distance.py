"""The modulus of a star's distance, from that of its photometry and its parallax."""

from decimal import Decimal

import duckdb
import numpy as np
import onnxruntime as ort
import pytest
from candlesql.sql import files
from candlesql.training.photometry.distance import ZERO_POINT, star_modulus
from candlesql.training.photometry.infer_graph import Inputs
from candlesql.training.photometry.onnx_graph import Graph
from scipy.integrate import quad


def run(tmp_path, rows: np.ndarray) -> np.ndarray:
    """Mean and variance of stars given as (modulus, its variance, true parallax, its variance, whether there is one).

    Gaia DR2 measures 0.04 mas less.
    """
    rows = rows - np.array([0, 0, 0.04, 0, 0])
    graph = Graph()
    modulus, variance, parallax, parallax_variance, has = (graph.row("x", i) for i in range(5))
    data = Inputs("", "", parallax, parallax_variance, has, "", "")
    result = graph.op("Concat", *star_modulus(graph, data, modulus, variance), axis=0)
    graph.save(tmp_path / "star.onnx", result, [(f"x{i}", "") for i in range(5)], [("mean", ""), ("variance", "")], {})
    return ort.InferenceSession(tmp_path / "star.onnx").run(None, {"x": rows.T.astype(np.float32)})[0].T


def test_the_zero_point_is_that_of_the_views():
    with duckdb.connect() as connection:
        (macro,) = (item.body for item in files.items() if item.name == "cuts.gaia_dr2_parallax_zero_point")
        connection.execute(f"create schema cuts; {macro}")
        assert connection.execute("select cuts.gaia_dr2_parallax_zero_point()").fetchall() == [(Decimal("-0.04"),)]
    assert ZERO_POINT == -0.04


def test_without_a_parallax_the_scatter_is_added(tmp_path):
    """0.3 and 0.25 mag in quadrature."""
    ((mean, variance),) = run(tmp_path, np.array([[11.0, 0.09, 0.0, 1.0, 0.0]]))
    assert (mean, variance) == pytest.approx((11.0, 0.1525))


def test_a_precise_parallax_is_the_distance(tmp_path):
    """1 kpc to 0.1 %: 10 mag, 0.00217 mag, whatever the photometry says within reason; 100 pc to 0.01 %."""
    found = run(tmp_path, np.array([[10.3, 0.01, 1.0, 1e-6, 1.0], [4.6, 0.01, 10.0, 1e-6, 1.0]]))
    assert found[:, 0] == pytest.approx([10.0, 5.0], abs=2e-3)
    assert np.sqrt(found[:, 1]) == pytest.approx([0.00217, 0.000217], rel=0.1)


def test_a_parallax_as_poor_as_the_scatter_meets_it_half_way(tmp_path):
    """0.25 mag are 11.5 % of 1 mas: half of each, and of the modulus' own 0.2 mag a half too."""
    error = 0.25 * np.log(10) / 5
    ((mean, variance),) = run(tmp_path, np.array([[10.1, 0.04, 1.0, error**2, 1.0]]))
    assert mean == pytest.approx(10.05, abs=0.005)
    assert variance == pytest.approx(0.25**2 / 2 + 0.04 / 4, rel=0.1)


@pytest.mark.parametrize(("modulus", "parallax", "error"), [(10.0, 1.2, 0.1), (12.0, 0.3, 0.1), (12.0, -0.05, 0.1)])
def test_as_by_integration(tmp_path, modulus, parallax, error):
    """Mean of D under both normal distributions, to a tenth of its error; its error to a tenth."""

    def density(d: float) -> float:
        return float(np.exp(-0.5 * ((d - modulus) / 0.25) ** 2 - 0.5 * ((parallax - 10 ** (2 - d / 5)) / error) ** 2))

    total, first, second = (quad(lambda d, k=k: d**k * density(d), modulus - 2.5, modulus + 2.5)[0] for k in range(3))
    mean, sigma = first / total, np.sqrt(second / total - (first / total) ** 2)
    (found,) = run(tmp_path, np.array([[modulus, 0.0, parallax, error**2, 1.0]]))
    assert found[0] == pytest.approx(mean, abs=0.1 * sigma)
    assert np.sqrt(found[1]) == pytest.approx(sigma, rel=0.1)


def test_a_parallax_that_contradicts_the_photometry_stays_finite(tmp_path):
    """Ten times nearer or farther than the photometry has it, and negative by ten errors."""
    found = run(tmp_path, np.array([[10, 0.01, w, 1e-4, 1] for w in (10.0, 0.1, -0.1)]))
    assert np.isfinite(found).all()
    assert found[0, 0] < 9
    assert (found[1:, 0] > 10.5).all()
