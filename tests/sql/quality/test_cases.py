"""The parallax zero point of Gaia DR3 at its nodes and between them, against the package of its authors."""

from __future__ import annotations

import warnings
from itertools import pairwise
from math import degrees

import numpy as np
import pytest
from candlesql.tests.sql.tables import Case

zpt = pytest.importorskip("zero_point.zpt", reason="gaiadr3-zeropoint is not installed")


def stars() -> str:
    """Rows of every node, of the middle between two, and beyond; each basis function is used to both sides of its ends."""
    zpt.load_tables()
    nodes = [6, 10.8, 11.2, 11.8, 12.2, 12.9, 13.1, 15.9, 16.1, 17.5, 19, 20, 21]
    g = [5.5, *nodes, *((a + b) / 2 + 0.01 for a, b in pairwise(nodes)), 21.5]
    colours, sines = [1.1, 1.22, 1.3, 1.48, 1.6, 1.75, 1.9], [-0.9, 0.1, 0.7]
    rows = [(m, c, degrees(np.arcsin(s)), solved) for m in g for c in colours for s in sines for solved in (31, 95)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        columns = np.array(rows).T
        wanted = zpt.get_zpt(columns[0], columns[1], columns[1], columns[2], columns[3].astype(int))
    return ", ".join(f"({m}, {c}, {b!r}, {s}, {w!r})" for (m, c, b, s), w in zip(rows, wanted.tolist(), strict=True))


CASES = [
    # the package rounds to the sixth decimal
    Case("", f"""(select bool_and(coalesce(abs(quality.gaia_dr3_parallax_zero_point(g, c, c, b, s) - wanted) < 7e-7, false))
         from (values {stars()}) as t(g, c, b, s, wanted))""", True),
    Case("", "quality.wavenumber_of_colour(0.82)", 1.76 - 1.61 / np.pi * float(np.arctan(0.531 * 0.82))),
    # obliquity 23.4392794 deg: the ecliptic pole stands at ra 270, the summer solstice on the ecliptic
    Case("", "round(quality.sine_of_ecliptic_latitude(270, 66.5607206), 6)", 1.0),
    Case("", "round(quality.sine_of_ecliptic_latitude(90, 23.4392794), 6)", 0.0),
    Case("", "round(quality.sine_of_ecliptic_latitude(0, 30), 6)", round(float(np.cos(np.radians(23.4392794)) / 2), 6)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)
