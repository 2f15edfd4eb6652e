"""Faults that an audit planted at once while 269 of 270 tests stayed green: a table of a few rows notices each."""

from __future__ import annotations

import importlib
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from candlesql.tests.sql import tables

TESTS = Path(tables.__file__).parent
FAULTS = [
    ("sphere.galactocentric_x_kpc", "cuts.sun_x_kpc() +", "cuts.sun_x_kpc() -"),  # X mirrored
    ("sphere.galactocentric_y_kpc", "sin(radians(l))", "-sin(radians(l))"),  # Y mirrored
    ("red_clump.distances", "/ 5 - 2) as distance_kpc", "/ 5 - 1.979) as distance_kpc"),  # distances 5 % off
    ("red_clump.distances", "modulus_error * ln(10) / 5", "modulus_error * ln(10) / 15"),  # their error a third
    ("red_clump.absolute_magnitudes", "folds.fold <> kept.fold", "true"),  # a star's own parallax in its calibration
    ("red_clump.intrinsic_colours", "folds.fold <> candles.fold", "true"),
    ("red_clump.intrinsic_colours", "abs(candles.b) > cuts", "abs(candles.b) < cuts"),  # |b| cut inverted
    ("red_clump.tiers", "abs(labelled.b) > 30", "abs(labelled.b) < 30"),
    ("red_clump.parameter_differences", "known - inferred as difference", "inferred - known as difference"),  # bias
    ("red_clump.validation", "stddev_pop(", "var_pop("),  # variance for standard deviation
    ("red_clump.tiers", "n_true / nullif(n_rc, 0) as completeness", "1 - n_true / nullif(n_rc, 0) as completeness"),
    ("red_clump.final_contamination", "1 - selected.n_clump / selected.n", "selected.n_clump / selected.n"),
    ("red_clump.bayesian_distances", "p_rc_prior * clump_evidence / evidence", "p_rc * clump_evidence / evidence"),
    ("red_clump.judged", "is_known and", "true and"),
    ("red_clump.dereddened", "candles.magnitude - extinction as", "candles.magnitude + extinction as"),
    ("red_clump.precision", "pow(distance_kpc, 2)", "distance_kpc"),
    ("red_clump.gain", "error_ratio > 1", "error_ratio < 1"),
]  # fmt: skip


@cache
def cases() -> list[tables.Case]:
    names = [".".join(path.relative_to(TESTS).with_suffix("").parts) for path in sorted(TESTS.rglob("test_*cases.py"))]
    return [case for name in names for case in importlib.import_module(f"candlesql.tests.sql.{name}").CASES]


@pytest.mark.parametrize(("item", "was", "becomes"), FAULTS)
def test_a_table_of_a_few_rows_notices(item, was, becomes, monkeypatch):
    source = tables.items()[item]
    assert was in source.body
    planted = replace(source, body=source.body.replace(was, becomes))
    own = [case for case in cases() if item == case.of or item in case.columns]
    known = tables.items() | {item: planted}
    shared = tables.shared_database()
    monkeypatch.setattr(tables, "items", lambda: known)
    held = []
    for case in own:
        database = shared.begin()
        try:
            if planted.is_macro:
                database.execute(planted.body)
            held.append(case.holds(database))
        finally:
            database.rollback()
    assert own
    assert not all(held)
