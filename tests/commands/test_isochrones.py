"""Grids of isochrones and posteriors of absolute Ks, a few numbers by hand."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from candlesql import errors
from candlesql.commands import nmsu
from candlesql.commands.steps import isochrones
from candlesql.commands.steps.isochrones import Grid

STAR, SIGMA = np.array([[4800.0, 2.4, 0.0]]), np.array([[80.0, 0.1, 0.05]])


def test_percentiles_lie_straight_within_a_bin():
    """A quarter in the bin from 0 mag, the rest in that from 0.2 mag: 0.64 of 1, 1 of 3 and 2.36 of 3."""
    pdf = np.zeros((2, len(nmsu.EDGES) - 1))
    pdf[0, 450], pdf[0, 460] = 1, 3
    found = nmsu.percentiles(pdf)
    assert found[0] == pytest.approx([0.02 * 0.64, 0.2 + 0.02 / 3, 0.2 + 0.02 * 2.36 / 3])
    assert np.isnan(found[1]).all()


def test_one_point_fills_its_bin_and_those_beyond_the_bins_count_for_nothing():
    grid = Grid(np.repeat(STAR, 3, axis=0), np.array([9.5, 0.013, -9.5]), np.array([1000.0, 1, 1000]))
    assert nmsu.absolute_k(grid, STAR, SIGMA)[0] == pytest.approx([0.0032, 0.01, 0.0168], abs=1e-6)


@pytest.mark.parametrize("label", [0, 1, 2])
def test_a_point_one_error_away_counts_for_the_root_of_e_less(label):
    """With as much more weight it has a half: 0.32 of the first bin, 0.68 of the second."""
    away = STAR.copy()
    away[0, label] += SIGMA[0, label]
    grid = Grid(np.concatenate([STAR, away]), np.array([0.013, 0.213]), np.array([1, np.exp(0.5)]))
    assert nmsu.absolute_k(grid, STAR, SIGMA)[0, [0, 2]] == pytest.approx([0.0064, 0.2136], abs=1e-5)


def test_densities_of_several_stars_are_not_normalised():
    """A point half an error of Teff from one star and two from another: weight 3 times exp(-1/8) and exp(-2)."""
    points, bins, weight = np.array([[4840.0, 2.4, 0.0]]), np.array([7]), np.log(np.array([3.0], np.float32))
    stars = np.array([[4800.0, 2.4, 0.0], [5000.0, 2.4, 0.0]])
    pdf = nmsu._density(points, weight, bins, stars, np.repeat(SIGMA, 2, axis=0))
    assert pdf[:, 7] == pytest.approx([3 * np.exp(-1 / 8), 3 * np.exp(-2)], rel=1e-4)


@pytest.mark.parametrize("label", [0, 1, 2])
def test_points_within_four_and_a_half_errors_are_near(label):
    points = np.repeat(STAR, 4, axis=0)
    points[:, label] += SIGMA[0, label] * np.array([-4.6, -4.4, 4.4, 4.6])
    assert nmsu._near(points, STAR, SIGMA).tolist() == [False, True, True, False]
    assert nmsu._near(points, np.repeat(STAR, 2, axis=0), SIGMA).tolist() == [False, True, True, False]


def columns(**given: object) -> dict[str, np.ndarray]:
    rows = np.broadcast_arrays(*(np.array(v, float) for v in given.values()))
    return dict(zip(given, rows, strict=True))


def test_the_first_point_of_the_clump_is_left_out():
    """It is the tip of the branch. 24 nodes from 2 to 4 Msun, each with m^-2.3 stars a Msun; two points are too few."""
    given = columns(m_h=0, log_age=9, phase=[3] * 4 + [2, 2], mass=[1, 2, 3, 4, 5, 6], log_te=3.7, logg=2.4, m_k=-1.6)
    split = isochrones._split(given)
    ((key, nodes),) = split.items()
    assert key == (0, 9, 3)
    assert nodes.shape == (24, 5)
    assert nodes[[0, 23], 0].tolist() == [2, 4]
    assert nodes[[0, 23], 4] == pytest.approx([2**-2.3 * 2 / 23, 4**-2.3 * 2 / 23])


def test_what_is_too_hot_cold_or_dense_is_left_out():
    """Rows of mass, log Teff, log g, M_K, stars, [M/H] and years times dex."""
    given = [
        (1, np.log10(teff), logg, -1.6, stars, 0.1, 0.5)
        for teff, logg, stars in (
            (4800, 2.4, 3), (2990, 2.4, 3), (3010, 2.4, 3), (7490, 2.4, 3), (7510, 2.4, 3), (4800, 5.3, 3), (4800, 2, 0)
        )
    ]  # fmt: skip
    grid = isochrones._grid(np.array(given))
    assert grid.labels[:, 0] == pytest.approx([4800, 3010, 7490])
    assert grid.labels[0] == pytest.approx([4800, 2.4, 0.1])
    assert grid.weight.tolist() == [1.5] * 3
    assert grid.absolute_k.tolist() == [-1.6] * 3


def test_weights_are_stars_times_dex():
    """Between [M/H] -0.1 and 0 lies -0.05; each stands for half of 0.1 dex, and masses for 1 / 23 Msun at 1 Msun."""
    given = columns(m_h=np.repeat([-0.1, 0.0], 3), log_age=9, phase=4, mass=[1, 1.5, 2] * 2, log_te=3.7, logg=2.4,
                    m_k=np.repeat([-1.5, -1.7], 3))  # fmt: skip
    grid = isochrones.grid_of(given)
    assert grid.labels[::12, 2] == pytest.approx([-0.1, -0.05, 0.0])
    assert grid.absolute_k[::12] == pytest.approx([-1.5, -1.6, -1.7])
    assert grid.weight[::12] == pytest.approx([0.05 / 11] * 3)


def test_the_last_metallicity_is_there_once():
    """At -0.2, -0.15, -0.1, -0.05 and 0: the end of a step is the beginning of the next."""
    given = columns(
        m_h=np.repeat([-0.2, -0.1, 0.0], 3), log_age=9, phase=4, mass=[1, 1.5, 2] * 3, log_te=3.7, logg=2.4, m_k=-1.5
    )
    assert isochrones.grid_of(given).labels[::12, 2] == pytest.approx([-0.2, -0.15, -0.1, -0.05, 0.0])


@pytest.fixture
def staged():
    """A connection with the isochrones' views, empty."""
    with duckdb.connect() as connection:
        connection.execute(
            """create schema staging;
            create table staging.mist(m_h double, log_age double, phase double, initial_mass double,
                "log_Teff" double, log_g double, "TwoMASS_Ks" double, "EEP" integer);
            create table staging.dartmouth(m_h double, age_gyr double, mass double, teff double, logg double,
                log_l double, ks double);
            create table staging.parsec("MH" double, "logAge" double, phase integer, "Mini" double, "logTe" double,
                logg double, "logL" double);"""
        )
        yield connection


def test_ks_of_parsec_is_by_the_bolometric_corrections_of_the_eight_nearest(staged):
    """Four with 2.0 at the place, four with 3.0 at 0.045 dex of log g: 0.15 scales, so that they count as 20 to 5. 2.2
    of log L = 2: 4.74 - 5 - 2.2."""
    for logg, correction in ((2.4, 2.0), (2.445, 3.0), (4.4, 9.0)):
        for _ in range(4):
            row = [0.0, 2.0, 1.1, 5000.0, logg, 1.0, 4.74 - 2.5 - correction]
            staged.execute("insert into staging.dartmouth values (?, ?, ?, ?, ?, ?, ?)", row)
    staged.execute("insert into staging.parsec values (0, 9.3, 3, 1.2, log10(5000), 2.4, 2)")
    staged.execute("insert into staging.parsec values (0, 7.9, 3, 1.2, 3.7, 2.4, 2)")  # too young
    assert isochrones._parsec(staged)["m_k"].tolist() == pytest.approx([-2.46])


def test_which_isochrones_are_taken(staged):
    with pytest.raises(errors.NotIngested, match="no isochrones with Ks are ingested"):
        isochrones.read_grid(staged)
    staged.execute(
        """insert into staging.dartmouth select m_h, 2, mass, 5000, 2.4, 1, 0.3
            from unnest([-0.1, 0]) as _(m_h), unnest(range(10, 20)) as t(n), unnest([n / 10]) as u(mass)"""
    )
    assert set(isochrones.read_grid(staged).absolute_k) == {0.3}
    staged.execute(
        """insert into staging.parsec select m_h, 9.3, 2, mass, log10(5000), 2.4, 2
            from unnest([-0.1, 0]) as _(m_h), unnest(range(10, 20)) as t(n), unnest([n / 10]) as u(mass)"""
    )
    assert isochrones.read_grid(staged).absolute_k == pytest.approx(0.3 - 2.5)  # ten times as luminous
    staged.execute(
        """insert into staging.mist select m_h, 9.3, 2, mass, log10(5000), 2.4, 0.7, n
            from unnest([-0.1, 0]) as _(m_h), unnest(range(10, 20)) as t(n), unnest([n / 10]) as u(mass)"""
    )
    assert set(isochrones.read_grid(staged).absolute_k) == {0.7}
