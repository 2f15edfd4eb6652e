"""Shares of red clump that the catalogue gives itself, and labels that contradict themselves."""

from __future__ import annotations

import numpy as np
import pytest


def test_a_sky_with_another_share_than_the_labels(view, connection):
    """P(RC) learnt at 45 % of stars that are red clump in 20 % at high latitude and in 70 % at low: the shares are
    found again, and P(RC) with them is what a likelihood ratio and the true share give."""
    rng = np.random.default_rng(4)
    rows = []
    for b, share in ((5.0, 0.7), (55.0, 0.2)):
        is_rc = rng.random(20_000) < share
        place = np.where(is_rc, 2.25, -2.25) + 1.5 * rng.standard_normal(len(is_rc))
        # two Gaussians: the logarithm of their ratio is 2 * 2.25 / 1.5^2 = 2 times the place
        odds = np.exp(2 * place) * 0.45 / 0.55
        rows += [(b, float(p)) for p in odds / (1 + odds)]
    connection.execute("create or replace table priors (i bigint, b double, p_rc double)")
    connection.executemany("insert into priors values (?, ?, ?)", [(i, *row) for i, row in enumerate(rows)])
    given = "select 'gaia_dr2' as survey, i as source_id, 14.5 as phot_g_mean_mag, 12.0 as ks_m, b, p_rc from priors"
    shares = {row["abs_b_low"]: row["clump_share"] for row in view("red_clump.shares", **{"red_clump.giants": given})}
    assert shares[0] == pytest.approx(0.7, abs=0.015)
    assert shares[50] == pytest.approx(0.2, abs=0.015)
    query = "select avg(p_rc_sky) as mean, clump_share as s from red_clump.sky_probabilities group by all order by 1"
    low, high = view("red_clump.sky_probabilities", query)
    assert (low["mean"], high["mean"]) == (pytest.approx(0.2, abs=0.015), pytest.approx(0.7, abs=0.015))
    connection.execute("create or replace macro cuts.red_clump_prior() as 0.3")
    (row,) = view("red_clump.sky_probabilities", query)
    assert float(row["s"]) == 0.3


def test_states_that_contradict_their_own_spacing(view):
    labels = """
        select * from (values
            ('a', 'RC', 290.0), ('a', 'RGB', 75.0), ('a', 'RC', 80.0), ('a', 'RGB', 300.0), ('a', 'RC', null),
            ('a', null, 300.0), ('b', 'RGB', 80.0)
        ) as t(label_table, evolutionary_state, delta_p_s)
    """
    rows = view("red_clump.label_checks", **{"red_clump.labels": labels})
    assert [tuple(row.values()) for row in rows] == [("a", 4, 2), ("b", 1, 0)]
