"""Rates of the DistMass networks and of NMSU distances, against peers in the same process, alternating.

    python benchmarks/distmass.py

makes a workspace of its own from the isochrones in ../shared/data. CPU seconds, one thread.
"""

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import tempfile
import time
from pathlib import Path

import numpy as np
from candlesql import open_sky
from candlesql.commands.ingest import ingest_survey
from candlesql.commands.nmsu import absolute_k
from candlesql.commands.steps.isochrones import Grid, read_grid
from candlesql.udfs.model import load_model
from candlesql.udfs.model_files import SHIPPED
from candlesql.udfs.onnx_udf import session_of

ISOCHRONES = Path(__file__).resolve().parents[2] / "shared/data/isochrones"
ROUNDS = 3
N_STARS, N_SLOW, N_ROWS = 8000, 60, 1_000_000
BATCH = 2048


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


def main() -> None:
    absent = [name for name in ("parsec", "dartmouth") if not (ISOCHRONES / f"{name}.parquet").exists()]
    if absent:
        print(f"{ISOCHRONES}: has no {absent[0]}.parquet; nothing is measured")
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in ("parsec", "dartmouth"):
            ingest_survey(Path(folder), name, [ISOCHRONES / f"{name}.parquet"], {}, {})
        with open_sky(folder) as connection:
            connection.execute("set threads = 1")
            grid, seconds = cpu(read_grid, connection)
            print(f"grid of {len(grid.weight):,} points: {seconds:.1f} s")
            labels, sigma = giants()
            x = make_stars(connection)
            for _ in range(ROUNDS):
                measure_nmsu(grid, labels, sigma)
                measure_networks(connection, x)


def giants() -> tuple[np.ndarray, np.ndarray]:
    """Labels (Teff, log g, [M/H]) of giants and their errors [stars, 3]."""
    rng = np.random.default_rng(1)
    n = N_STARS
    labels = np.column_stack([rng.normal(4750, 150, n), rng.normal(2.5, 0.3, n), rng.normal(-0.05, 0.2, n)])
    return labels, np.full((n, 3), [50.0, 0.05, 0.05])


def make_stars(connection) -> np.ndarray:
    """The table `stars` with labels for the networks, and the same as an array [inputs, rows]."""
    connection.execute(
        """create temp table stars as
           select 4750 + 150 * sin(i) as t, 2.5 + 0.3 * cos(3 * i) as g, 0.2 * sin(5 * i) as m, -0.05 as c, 0.2 as n
           from range(?) as r(i)""",
        [N_ROWS],
    )
    table = connection.execute("select t, g, m, c::double as c, n::double as n from stars").fetchnumpy()
    return np.stack([np.asarray(column, np.float32) for column in table.values()])


def measure_nmsu(grid: Grid, labels: np.ndarray, sigma: np.ndarray) -> None:
    """Posteriors of many stars at once against one star after the other."""
    fast, seconds = cpu(absolute_k, grid, labels, sigma)
    slow, peer = cpu(one_by_one, grid, labels[:N_SLOW], sigma[:N_SLOW])
    rate, peer_rate = len(labels) / seconds, N_SLOW / peer
    apart = np.abs(fast[:N_SLOW] - slow).max()
    print(f"NMSU: {rate:,.0f} stars/s, {rate / peer_rate:.0f} x one by one; largest difference {apart:.3f} mag")


def measure_networks(connection, x: np.ndarray) -> None:
    """All outputs of `distmass` in a query against ONNX Runtime alone."""
    session = session_of(load_model(SHIPPED / "distmass.onnx"))
    parts = [np.ascontiguousarray(x[:, i : i + BATCH]) for i in range(0, N_ROWS, BATCH)]
    _, seconds = cpu(connection.execute, "select sum(distmass_net(t, g, m, c, n).absolute_k_mag) from stars")
    _, peer = cpu(lambda: [session.run(None, {"x": part}) for part in parts])
    print(f"networks in SQL: {N_ROWS / seconds / 1e6:.2f} M stars/s, {peer / seconds:.2f} of ONNX Runtime alone")


if __name__ == "__main__":
    main()
