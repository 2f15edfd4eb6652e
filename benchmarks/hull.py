"""Rows a second of exact membership in the convex hull of 10,000 points in six dimensions, against brute force.

python benchmarks/hull.py
"""

from __future__ import annotations

import time

import numpy as np
from candlesql.udfs.hull import ON_THE_BOUNDARY, make_hull
from lucey import alternate

POINTS, DIMENSIONS, ROWS, BRUTE_ROWS = 10_000, 6, 400_000, 4_000


def run(name: str, points: np.ndarray, x: np.ndarray) -> None:
    started = time.process_time()
    hull = make_hull(points, [f"c{i}" for i in range(DIMENSIONS)])
    facets = hull.facets
    built = time.process_time() - started
    u = facets.matrix @ (x[:, :BRUTE_ROWS] - facets.centre[:, None])

    def climb() -> float:
        started = time.process_time()
        hull.contains(x)
        return ROWS / (time.process_time() - started)

    def brute() -> float:
        started = time.process_time()
        for part in np.array_split(u, 8, axis=1):
            (facets.gauge @ part).max(axis=0)
        return BRUTE_ROWS / (time.process_time() - started)

    rates = alternate({"climb": climb, "brute": brute}, 3)
    expected = (facets.gauge @ u).max(axis=0) <= ON_THE_BOUNDARY
    wrong = int((hull.contains(x[:, :BRUTE_ROWS]) != expected).sum())
    print(
        f"{name}: {len(facets.gauge):,} facets in {built:.1f} s, {rates['climb'] / 1e6:.2f} M rows/s, brute force "
        f"{rates['brute'] / 1e6:.3f} M rows/s (x {rates['climb'] / rates['brute']:.0f}), {expected.mean():.0%} inside, "
        f"{wrong} of {BRUTE_ROWS:,} differ"
    )


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    shape = (POINTS, DIMENSIONS)
    run("Gaussian", rng.standard_normal(shape), rng.standard_normal((DIMENSIONS, ROWS)))
    run("gridded", np.round(2 * rng.standard_normal(shape)) / 2, rng.standard_normal((DIMENSIONS, ROWS)))
    run("cube", rng.random(shape), rng.uniform(-0.05, 1.05, (DIMENSIONS, ROWS)))
