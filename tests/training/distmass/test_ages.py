"""Which nodes of isochrones the age network learns from."""

import duckdb
import numpy as np
import pytest
from candlesql.training.distmass.ages import read_giants

#: Two isochrones of one metallicity, 1 and 10 Gyr: phase, log g and initial mass of their nodes.
NODES = [
    (9.0, 1, 3.6, 1.90), (9.0, 2, 3.6, 1.91), (9.0, 2, 3.4, 1.92), (9.0, 3, 0.5, 1.93), (9.0, 3, 2.5, 1.94),
    (9.0, 3, 2.4, 1.95), (9.0, 3, 2.3, 1.96), (9.0, 4, 2.0, 1.97), (10.0, 2, 3.0, 0.98), (10.0, 2, 2.0, 0.99),
    (10.0, 3, 0.0, 1.00), (10.0, 3, 2.4, 1.01), (10.0, 2, 2.4, 0.55),
]  # fmt: skip


@pytest.fixture
def giants(tmp_path):
    rows = ", ".join(
        f"(0.0152, 0.0, {age}::double, {phase}, {logg}, {mass}::double)" for age, phase, logg, mass in NODES
    )
    duckdb.sql(
        f"""copy (from (values {rows}) as t("Z", "MH", "logAge", phase, logg, "Mini"))
            to '{tmp_path}/parsec.parquet' (format parquet)"""
    )
    return read_giants(tmp_path / "parsec.parquet")


def test_giants_of_both_phases_without_tip_and_subgiants(giants):
    """Neither phases 1 and 4, nor log g 3.6, nor the first node of phase 3, nor 0.55 Msun."""
    x, log_age, _, _ = giants
    found = sorted(zip(log_age.tolist(), np.exp(x[:, 0]).round(2).tolist(), strict=True))
    assert found == [(9.0, m) for m in (1.92, 1.94, 1.95, 1.96)] + [(10.0, m) for m in (0.98, 0.99, 1.01)]


def test_both_phases_of_an_isochrone_weigh_the_same(giants):
    """1 node and 3, 2 and 1: weights in proportion of 1, 1/3, 1/2, 1; their mean is 1."""
    _, _, weight, _ = giants
    assert weight / weight[0] == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 1 / 2, 1 / 2, 1])
    assert weight.mean() == pytest.approx(1)
