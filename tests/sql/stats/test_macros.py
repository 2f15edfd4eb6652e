"""Statistics and algebra against SciPy, astropy and sums done by hand."""

import hashlib
import itertools
import math

import numpy as np
import pytest
from astropy.stats import binom_conf_interval
from scipy import stats


def test_hypot_is_that_of_a_right_triangle(value):
    assert value("stats.hypot(3, 4)") == pytest.approx(5)


@pytest.mark.parametrize(("k", "n"), [(0, 5), (3, 10), (8, 10), (40, 100), (7, 7)])
def test_score_interval_is_astropys(value, k, n):
    low, high = binom_conf_interval(k, n, confidence_level=1 - 2 * stats.norm.sf(1), interval="wilson")
    assert value(f"stats.wilson_low({k}, {n})") == pytest.approx(low, abs=1e-12)
    assert value(f"stats.wilson_high({k}, {n})") == pytest.approx(high, abs=1e-12)


def test_robust_scatter_of_five_numbers(value):
    # median 4, deviations 3, 2, 0, 4, 96 with median 3; a normal distribution's quartile is 0.67449 sigma out
    found = value("stats.robust_scatter(x) from (values (1), (2), (4), (8), (100)) as t(x)")
    assert found == pytest.approx(3 / stats.norm.ppf(0.75))


@pytest.mark.parametrize(
    ("macro", "expected"), [("steady_sum", math.fsum), ("steady_mean", lambda x: math.fsum(x) / len(x))]
)
def test_steady_aggregates_are_the_same_in_any_order(value, macro, expected):
    numbers = [0.1, 1e6, 0.7, -1e6]
    assert len({sum(order) for order in itertools.permutations(numbers)}) > 1
    found = {
        value(f"stats.{macro}(x) from (select unnest({list(order)}) as x)") for order in itertools.permutations(numbers)
    }
    assert len(found) == 1
    assert found.pop() == pytest.approx(expected(numbers), abs=1e-9)


@pytest.mark.parametrize(("x", "centre", "width"), [(0, 0, 1), (1.5, 1, 2), (-3, 0.5, 0.7)])
def test_normal_density_is_scipys(value, x, centre, width):
    found = value(f"stats.normal_density({x}::double, {centre}, {width})")
    assert found == pytest.approx(stats.norm.pdf(x, centre, width))


@pytest.mark.parametrize("z", [0, 0.3, 1, 2.5, 5, -0.3, -2])
def test_normal_tail_is_scipys(value, z):
    assert value(f"stats.normal_tail({z})") == pytest.approx(stats.norm.sf(z), abs=1e-7)


def test_normal_matrix_of_two_rows(value):
    # columns (1, 3) and (2, 5): 1 + 9, 2 + 15, 4 + 25
    assert value("stats.normal_matrix([[1, 2], [3, 5]], 2)") == [10, 17, 17, 29]


def test_elimination_gives_the_schur_complement(value):
    matrix = np.array([[4.0, 2.0, 1.0], [2.0, 5.0, 3.0], [1.0, 3.0, 6.0]])
    found = np.reshape(value(f"stats.eliminate({matrix.ravel().tolist()}, 1, 3)"), (3, 3))
    rest = np.ix_([0, 2], [0, 2])
    schur = matrix[rest] - np.outer(matrix[[0, 2], 1], matrix[1, [0, 2]]) / matrix[1, 1]
    np.testing.assert_allclose(found[rest], schur)
    np.testing.assert_allclose(found[1], matrix[1] / 5)
    np.testing.assert_allclose(found[[0, 2], 1], 0, atol=1e-15)


def test_elimination_of_all_but_the_last_solves(value):
    # 2 x + y = 5, x + 3 y = 10: x = 1, y = 3; the last row stands for nothing
    rows = "[2, 1, 5, 1, 3, 10, 0, 0, 1]::double[]"
    found = value(f"stats.eliminate(stats.eliminate({rows}, 0, 3), 1, 3)")
    assert (found[2], found[5]) == pytest.approx((1, 3))


@pytest.mark.parametrize(("id_", "salt", "n"), [(17, "parallax", 2), (17, "split", 25), ("2M0001", "a", 7)])
def test_fold_is_of_the_hash_of_salt_and_id(value, id_, salt, n):
    digest = hashlib.md5(f"{salt}:{id_}".encode()).digest()
    wanted = {int.from_bytes(part, order) % n for part in (digest[:8], digest[8:]) for order in ("little", "big")}
    assert value(f"stats.fold('{id_}', '{salt}', {n})") in wanted
