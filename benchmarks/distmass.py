"""Rates of the DistMass networks and of NMSU distances, against peers in the same process, alternating.

    python benchmarks/distmass.py SKY

where SKY holds ingested isochrones (`candlesql ingest SKY parsec …`, `candlesql ingest SKY dartmouth …`). CPU seconds,
one thread.
"""

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import sys
import time

import numpy as np
from candlesql import open_sky
from candlesql.training.distmass.isochrones import Grid, read_grid
from candlesql.training.distmass.nmsu import absolute_k

ROUNDS = 3


def one_by_one(grid: Grid, labels: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """The same posterior the plain way: every point for every star, in float64."""
    order = np.argsort(grid.absolute_k)
    found = []
    for star, error in zip(labels, sigma, strict=True):
        weight = grid.weight[order] * np.exp(-0.5 * (((grid.labels[order] - star) / error) ** 2).sum(axis=1))
        share = np.cumsum(weight) / weight.sum()
        found.append(grid.absolute_k[order][np.searchsorted(share, (0.16, 0.5, 0.84))])
    return np.array(found)


def cpu(work, *arguments):
    start = time.process_time()
    result = work(*arguments)
    return result, time.process_time() - start


def main(path: str) -> None:
    rng = np.random.default_rng(1)
    n, few = 8000, 60
    labels = np.column_stack([rng.normal(4750, 150, n), rng.normal(2.5, 0.3, n), rng.normal(-0.05, 0.2, n)])
    sigma = np.full((n, 3), [50.0, 0.05, 0.05])
    with open_sky(path) as connection:
        grid = read_grid(connection)
        connection.execute("set threads = 1")
        connection.execute(
            """create temp table stars as
               select 4750 + 150 * sin(i) as t, 2.5 + 0.3 * cos(3 * i) as g, 0.2 * sin(5 * i) as m, -0.05 as c, 0.2 as n
               from range(1000000) as r(i)"""
        )
        for _ in range(ROUNDS):
            fast, seconds = cpu(absolute_k, grid, labels, sigma)
            slow, peer = cpu(one_by_one, grid, labels[:few], sigma[:few])
            apart = np.abs(fast[:few] - slow).max()
            print(
                f"NMSU over {len(grid.weight):,} points: {n / seconds:,.0f} stars/s, "
                f"{n / seconds / (few / peer):.0f} x one by one; largest difference {apart:.3f} mag"
            )
            _, seconds = cpu(connection.execute, "select sum(distmass_net(t, g, m, c, n).absolute_k_mag) from stars")
            _, floor = cpu(connection.execute, "select sum(t + g + m + c + n) from stars")
            print(f"networks in SQL: {1 / seconds:.2f} M stars/s ({seconds / floor:.0f} x reading the rows)")


if __name__ == "__main__":
    main(sys.argv[1])
