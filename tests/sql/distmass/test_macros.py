"""Extinction and parallax distances against hand computation and brute force; no workspace needed."""

from decimal import Decimal

import duckdb
import numpy as np
import pytest
from candlesql.sql import files

SCHEMAS = ("cuts", "stats", "sphere", "distmass")
FILES = ("cuts.sql", "extinction.sql", "prior.sql", "propagation.sql")


@pytest.fixture(scope="module")
def macros():
    """A connection with the macros that no network is in."""
    with duckdb.connect() as connection:
        for schema in SCHEMAS:
            connection.execute(f"create schema {schema}")
        for item in files.items():
            wanted = item.path.name in FILES or "added_variance" in item.name or "_of_name" in item.name
            if item.is_macro and (wanted or item.name.startswith("stats.hypot")):
                connection.execute(item.body)
        yield connection


def value(connection, expression: str):
    found = connection.execute(f"select {expression}").fetchall()[0][0]
    return float(found) if isinstance(found, Decimal) else found


@pytest.mark.parametrize(
    ("arguments", "method"),
    [
        ("5, 10, 9.8, 9.9, 0.3", "RJCE_IRAC"),
        ("5, 10, null, 9.9, 0.3", "RJCE_WISE"),
        ("-15.99, 10, null, 9.9, 0.3", "RJCE_WISE"),
        ("16, 10, 9.8, 9.9, 0.3", "SFD"),
        ("-60, null, null, null, 0.3", "SFD"),
        ("5, null, 9.8, 9.9, 0.3", "SFD"),
        ("60, 10, null, 9.9, null", "RJCE_WISE"),
        ("5, null, null, null, null", "none"),
    ],
)
def test_each_star_says_which_extinction_it_has(macros, arguments, method):
    assert value(macros, f"distmass.extinction_method({arguments})") == method


def test_extinctions_by_hand(macros):
    # 0.918 (10.0 - 9.5 - 0.08), 0.918 (10.0 - 9.5 - 0.05), 0.302 * 0.2, and nothing below zero
    assert value(macros, "distmass.extinction('RJCE_IRAC', 10.0, 9.5, 9.9, 0.2)") == pytest.approx(0.38556)
    assert value(macros, "distmass.extinction('RJCE_WISE', 10.0, null, 9.5, 0.2)") == pytest.approx(0.4131)
    assert value(macros, "distmass.extinction('SFD', 10.0, 9.5, 9.9, 0.2)") == pytest.approx(0.0604)
    assert value(macros, "distmass.extinction('RJCE_WISE', 10.0, null, 10.2, 0.2)") == 0


def test_distance_of_a_distance_modulus(macros):
    # m - A - M = 10: 1 kpc; 15: 10 kpc
    assert value(macros, "distmass.distance_kpc(8.5, 0.1, -1.6)") == pytest.approx(1.0)
    assert value(macros, "distmass.distance_kpc(13.5, 0.1, -1.6)") == pytest.approx(10.0)
    assert value(macros, "distmass.magnitude_at(13.5, 0.1, 10)") == pytest.approx(-1.6)


@pytest.mark.parametrize(
    ("parallax", "error"), [(1.0, 0.02), (0.5, 0.05), (0.2, 0.03), (0.1, 0.5), (-0.3, 0.2), (20.0, 0.02), (0.0, 0.1)]
)
def test_weak_prior_distance_is_the_mode_by_brute_force(macros, parallax, error):
    r = np.geomspace(0.01, 60, 2_000_000)
    density = 2 * np.log(r) - r / 1.35 - 0.5 * ((parallax - 1 / r) / error) ** 2
    found = value(macros, f"distmass.weak_prior_distance({parallax}, {error}, 1.35)")
    if parallax > 0:  # the nearest maximum
        rising = np.diff(density) > 0
        wanted = r[np.flatnonzero(rising[:-1] & ~rising[1:])[0] + 1]
    else:
        wanted = r[density.argmax()]
    assert found == pytest.approx(wanted, rel=1e-4)


def test_weak_prior_error_of_a_precise_parallax(macros):
    # sigma_r = r^2 sigma_parallax where the prior does not matter
    assert value(macros, "distmass.weak_prior_error(0.5, 2.0, 0.002)") == pytest.approx(0.0005, rel=1e-3)


def test_position_in_a_name(macros):
    assert value(macros, "distmass.ra_of_name('2M19205338+3748282')") == pytest.approx(290.222417, abs=1e-5)
    assert value(macros, "distmass.dec_of_name('2M19205338-3748282')") == pytest.approx(-37.807833, abs=1e-5)


def test_only_errors_beyond_those_of_the_training_stars_are_added(macros):
    assert value(macros, "distmass.added_variance(2.0, 0.5, 0.3)") == pytest.approx(4 * (0.25 - 0.09))
    assert value(macros, "distmass.added_variance(2.0, 0.2, 0.3)") == 0
    assert value(macros, "distmass.added_variance(2.0, null, 0.3)") == 0


@pytest.mark.parametrize(("logg", "factor"), [("1.99", 1.2), ("2.0", 1), ("null", 1)])
def test_errors_of_masses_of_luminous_giants_are_larger(value, logg, factor):
    assert value(f"distmass.mass_error_factor({logg})") == factor
