"""Posterior of absolute Ks against a direct sum over the points of a grid."""

import numpy as np
import pytest
from candlesql.commands.nmsu import absolute_k
from candlesql.commands.steps.isochrones import Grid, grid_of, kroupa


def small_grid(n: int = 20_000) -> Grid:
    rng = np.random.default_rng(1)
    labels = np.column_stack([rng.uniform(4200, 5200, n), rng.uniform(1.5, 3.5, n), rng.uniform(-0.5, 0.4, n)])
    magnitude = 2.2 * (labels[:, 1] - 2.5) - 1.6 + 0.3 * rng.standard_normal(n)
    return Grid(labels, magnitude, rng.uniform(0.1, 3, n))


def test_percentiles_are_those_of_the_weighted_points():
    grid = small_grid()
    labels = np.array([[4800.0, 2.4, 0.0], [4500.0, 2.0, -0.2], [4900.0, 3.1, 0.1]])
    sigma = np.array([[80.0, 0.1, 0.08]] * 3)
    found = absolute_k(grid, labels, sigma)
    order = np.argsort(grid.absolute_k)
    for star in range(3):
        offset = (grid.labels[order] - labels[star]) / sigma[star]
        weight = grid.weight[order] * np.exp(-0.5 * (offset**2).sum(axis=1))
        share = np.cumsum(weight) / weight.sum()
        wanted = [grid.absolute_k[order][np.searchsorted(share, q)] for q in (0.16, 0.5, 0.84)]
        assert found[star] == pytest.approx(wanted, abs=0.02)


def test_a_star_far_from_every_isochrone_has_no_distance():
    found = absolute_k(small_grid(), np.array([[9000.0, 2.4, 0.0]]), np.array([[50.0, 0.05, 0.05]]))
    assert np.isnan(found).all()


def test_order_of_the_stars_does_not_matter():
    grid = small_grid()
    rng = np.random.default_rng(2)
    labels = np.column_stack([rng.uniform(4300, 5100, 300), rng.uniform(1.7, 3.3, 300), rng.uniform(-0.4, 0.3, 300)])
    sigma = np.full((300, 3), [60.0, 0.06, 0.06])
    mixed = rng.permutation(300)
    assert absolute_k(grid, labels, sigma)[mixed] == pytest.approx(
        absolute_k(grid, labels[mixed], sigma[mixed]), abs=2e-3, nan_ok=True
    )


def test_kroupa_is_continuous_with_its_slopes():
    assert kroupa(np.array([0.5 - 1e-9]))[0] == pytest.approx(kroupa(np.array([0.5]))[0], rel=1e-6)
    ratio = kroupa(np.array([1.0])) / kroupa(np.array([2.0]))
    assert ratio[0] == pytest.approx(2**2.3)


def test_grid_lies_between_the_metallicities_of_the_isochrones():
    mass = np.linspace(1, 1.02, 5)
    rows = {"m_h": [], "log_age": [], "phase": [], "mass": [], "log_te": [], "logg": [], "m_k": []}
    for m_h in (-0.2, 0.0):
        for age in (9.0, 9.5):
            rows["m_h"] += [m_h] * 5
            rows["log_age"] += [age] * 5
            rows["phase"] += [2] * 5
            rows["mass"] += list(mass)
            rows["log_te"] += [3.68 - 0.1 * m_h] * 5
            rows["logg"] += [2.5] * 5
            rows["m_k"] += [-1.6 + m_h] * 5
    grid = grid_of({name: np.array(values, float) for name, values in rows.items()})
    assert sorted(set(grid.labels[:, 2].round(3))) == [-0.2, -0.15, -0.1, -0.05, 0.0]
    assert grid.absolute_k == pytest.approx(-1.6 + grid.labels[:, 2])
    assert grid.labels[:, 0] == pytest.approx(10 ** (3.68 - 0.1 * grid.labels[:, 2]))


def test_without_isochrones_is_one_line(empty_sky, candlesql):
    done = candlesql("nmsu", empty_sky)
    assert done.code == 2
    assert "no isochrones with Ks" in done.err
    assert len(done.err.strip().splitlines()) == 1
