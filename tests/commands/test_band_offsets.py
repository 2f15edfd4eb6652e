"""Bands in another system than their table says are found, and no others."""

from __future__ import annotations

import json

import duckdb
import numpy as np
import pytest
from candlesql.commands.steps import band_offsets
from candlesql.commands.steps.band_offsets import offsets, residuals
from candlesql.udfs.model import load_model
from candlesql.udfs.model_files import SHIPPED

FACTORS = {
    key: np.asarray(value)
    for key, value in json.loads(load_model(SHIPPED / "red_clump_any_bands.onnx").metadata["factors"]).items()
}
G, W1, W2, KS = 3, 11, 12, 10


def stars(n: int = 400) -> np.ndarray:
    """Magnitudes [n, 13] of giants, with gaps."""
    rng = np.random.default_rng(1)
    z = rng.standard_normal((n, FACTORS["loadings"].shape[1]))
    x = FACTORS["offsets"] + FACTORS["level"] + z @ FACTORS["loadings"].T
    x += np.sqrt(FACTORS["variances"]) * rng.standard_normal(x.shape)
    x[rng.random(x.shape) < 0.1] = np.nan
    return x


def test_bands_in_ab_are_named():
    """W1 and W2 of AllWISE are 2.70 and 3.34 mag fainter in AB; the rest of the star is as it was."""
    x = stars()
    assert offsets(x, FACTORS) == []
    x[:, W1] += 2.699
    x[:, W2] += 3.339
    found = {band: (n, off, offset) for band, n, off, offset in offsets(x, FACTORS)}
    assert sorted(found) == [W1, W2]
    assert found[W2][2] == pytest.approx(3.34, abs=0.1)
    n, off, _ = found[W1]
    assert n == np.isfinite(x[:, W1]).sum()
    assert off > 0.95 * n


def test_g_of_sdss_is_not_that_of_panstarrs1():
    """Tonry et al. 2012, table 6: of a giant of g - r = 0.9, 0.011 + 0.125 * 0.9 + 0.015 * 0.81 = 0.136 mag."""
    x = stars()
    x[:, G] += 0.136
    ((band, _, _, offset),) = offsets(x, FACTORS)
    assert band == G
    assert offset == pytest.approx(0.136, abs=0.02)


@pytest.mark.parametrize("moved", [slice(3, 8), slice(8, 13)])
def test_of_two_groups_that_disagree_the_smaller_is_named(moved):
    """Pan-STARRS1 0.3 mag too faint, five of 13 bands; and J, H, Ks, W1, W2."""
    x = stars()
    x[:, moved] += 0.3
    found = {band: offset for band, _, _, offset in offsets(x, FACTORS)}
    assert sorted(found) == list(range(13))[moved]
    assert list(found.values()) == pytest.approx([0.3] * 5, abs=0.06)


def test_what_dwarfs_and_zero_points_do_is_no_system():
    """Dwarfs of M67 are 0.09 mag off in g, the zero points of surveys 0.03."""
    x = stars()
    x[:, G] += 0.09
    x[:, W2] += 0.03
    assert offsets(x, FACTORS) == []


def test_a_few_odd_stars_are_no_system():
    x = stars()
    x[:150, KS] += 1.85
    assert offsets(x, FACTORS) == []


def test_a_band_that_is_not_off_has_no_star_that_is():
    """Neither where its median is within the errors, nor where there are fewer than twenty stars to tell by."""
    x = stars()
    assert band_offsets._judged(x, KS, FACTORS) == (KS, np.isfinite(residuals(x, KS, FACTORS)[0]).sum(), 0, 0.0)
    x = stars()[:19] + np.eye(1, 13, KS)
    assert band_offsets._judged(x, KS, FACTORS) == (KS, 0, 0, 0.0)


def test_a_prediction_is_the_mean_of_a_gaussian():
    """By the covariance of the observed bands, another route than the normal equations."""
    x = stars(50)
    residual, sigma = residuals(x, KS, FACTORS)
    star = int(np.flatnonzero(np.isfinite(residual))[0])
    others = np.isfinite(x[star])
    others[KS] = False
    loadings = FACTORS["loadings"] / np.sqrt(FACTORS["precision"])
    covariance = loadings @ loadings.T + np.diag(FACTORS["variances"])
    gain = covariance[KS, others] @ np.linalg.inv(covariance[np.ix_(others, others)])
    d = x[star] - FACTORS["offsets"] - FACTORS["level"]
    assert residual[star] == pytest.approx(d[KS] - gain @ d[others], abs=1e-6)
    assert sigma[star] == pytest.approx(np.sqrt(covariance[KS, KS] - gain @ covariance[others, KS]), abs=1e-6)


def test_what_is_said_of_bands_parallaxes_and_states(monkeypatch):
    """Half of the parallaxes and 2 % of the states may be odd."""
    monkeypatch.setattr(band_offsets, "notes", lambda connection: ["a note"])
    monkeypatch.setattr(band_offsets, "left_out", lambda connection: "not a giant (2)")
    with duckdb.connect() as connection:
        connection.execute("create schema red_clump")
        for name, rows in (
            (
                "band_offsets",
                "('a', 'W1', 1000, 900, 0.25), ('a', 'J', 1000, 800, -0.5), ('a', 'W2', 990, 950, 0.29), "
                "('b', 'W2', 7, 7, 0.29)",
            ),
            (
                "parallax_checks",
                "('a', 7, 0, 0, 0, 0), ('b', 7, 7, 0, 10, 6), ('c', 9, 9, 9, 10, 5), ('d', 100, 100, 66, 0, 0)",
            ),
            ("label_checks", "('t', 100, 3), ('u', 100, 2)"),
        ):
            columns = {
                "label_checks": "label_table, n_checked, n_contradicted",
                "parallax_checks": "a, b, c, d, e, f",
            }.get(name, "a, b, c, d, e")
            connection.execute(f"create table red_clump.{name} as from (values {rows}) as t({columns})")
        lines = list(band_offsets.offset_lines(connection))
    assert [line.split("; ")[0] for line in lines] == [
        "red_clump.catalogue leaves out: not a giant (2)",
        "warning: a: J is 0.50 mag brighter than the other bands allow in 800 of 1,000 stars looked at",
        "warning: a: W1, W2 are 0.27 mag fainter than the other bands allow in 950 of 1,000 stars looked at (or those "
        "are off)",
        "warning: b: W2 is 0.29 mag fainter than the other bands allow in 7 of 7 stars looked at",
        "warning: a: none of 7 stars has a parallax, without which no bands tell the red clump well "
        "(docs/real-stars.md)",
        "warning: b: by their parallaxes 6 of 10 stars are brighter than any giant or fainter than any star",
        "warning: d: 66 of 100 parallaxes are not above zero, more than noise makes so",
        "a note",
        "warning: t: 3 of 100 states contradict their own period spacing (red clump above, giant branch below "
        "cuts.state_limit_delta_p)",
    ]
