"""Shares of red clump that the catalogue gives itself, and labels that contradict themselves."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest


def test_a_survey_of_which_the_share_is_told(view, connection):
    """P(RC) learnt at 45 % of two Gaussians, +-2.25 of width 1.5, in surveys of which 20 % and 70 % are red clump:
    told a share, the odds are multiplied by (share / (1 - share)) / (0.45 / 0.55), for each survey by itself."""
    quantiles = NormalDist(0, 1.5)
    rows = []
    for survey, share in (("a", 0.2), ("b", 0.7)):
        place = np.array(
            [
                centre + quantiles.inv_cdf((i + 0.5) / n)
                for centre, n in ((2.25, round(5000 * share)), (-2.25, round(5000 * (1 - share))))
                for i in range(n)
            ]
        )
        # the logarithm of the ratio of both is 2 * 2.25 / 1.5^2 = 2 times the place
        odds = np.exp(2 * place) * 0.45 / 0.55
        rows += [(survey, float(p)) for p in odds / (1 + odds)]
    connection.execute("create or replace table priors (i bigint, survey varchar, p_rc double)")
    connection.executemany("insert into priors values (?, ?, ?)", [(i, *row) for i, row in enumerate(rows)])
    given = {"red_clump.giants": "select survey, i as source_id, p_rc from priors"}
    assert view("red_clump.odds_factors", **given) == []
    for told, survey in ((0.2, "a"), (0.7, "b")):
        connection.execute(f"create or replace macro cuts.red_clump_prior() as {told}")
        factors = {row["survey"]: row["odds_factor"] for row in view("red_clump.odds_factors", **given)}
        assert factors[survey] == pytest.approx(told / (1 - told) / (0.45 / 0.55), rel=0.02)
        mean = f"select avg(red_clump.with_odds(p_rc, {factors[survey]})) from priors where survey = '{survey}'"
        assert connection.execute(mean).fetchone()[0] == pytest.approx(told, abs=1e-3)


def test_states_that_contradict_their_own_spacing(view):
    labels = """
        select * from (values
            ('a', 'RC', 290.0), ('a', 'RGB', 75.0), ('a', 'RC', 80.0), ('a', 'RGB', 300.0), ('a', 'RC', null),
            ('a', null, 300.0), ('b', 'RGB', 80.0)
        ) as t(label_table, evolutionary_state, delta_p_s)
    """
    rows = view("red_clump.label_checks", **{"red_clump.labels": labels})
    assert [tuple(row.values()) for row in rows] == [("a", 4, 2), ("b", 1, 0)]
