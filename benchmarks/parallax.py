"""Cost of an evaluation of the objective against its floor, and the rate of the model in SQL against reading its file.

    python benchmarks/parallax.py SKY

where SKY holds spectra (`candlesql mock-apogee SKY`). One thread, CPU
seconds, alternating with the peer in the same process.
"""

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import sys
import time

import numpy as np
from candlesql import open_sky
from candlesql.training.parallax.objective import Design, Objective
from candlesql.training.parallax.sample import MAGNITUDES

ROUNDS = 3
STARS, PIXELS = 15_000, 7_405


def cpu(work, *arguments):
    start = time.process_time()
    result = work(*arguments)
    return result, time.process_time() - start


def objective() -> Objective:
    """Random features of the size of half the training set."""
    rng = np.random.default_rng(1)
    spectra = np.empty((STARS, PIXELS), np.float32)
    for start in range(0, STARS, 1000):
        spectra[start : start + 1000] = 0.02 * rng.standard_normal((1000, PIXELS), dtype=np.float32)
    photometry = np.column_stack([np.ones(STARS), rng.standard_normal((STARS, 8))])
    return Objective(Design(photometry, spectra), rng.random(STARS), np.full(STARS, 0.05))


def fit_cost() -> None:
    """One evaluation against one product of the same matrix with a vector: as little as any reading of it costs."""
    problem = objective()
    theta = np.full(9 + PIXELS, 1e-3)
    spectra, weights = problem.design.spectra, theta[9:].astype(np.float32)
    bytes_, operations = spectra.nbytes, 4 * STARS * PIXELS
    print(f"one evaluation: {operations / 1e9:.2f} G operations over {bytes_ / 1e6:.0f} MB, read once")
    for _ in range(ROUNDS):
        _, seconds = cpu(problem.value_and_gradient, theta)
        _, floor = cpu(lambda: spectra @ weights)
        _, twice = cpu(lambda: (spectra @ weights) @ spectra)
        print(
            f"evaluation {seconds:.3f} s ({bytes_ / 1e9 / seconds:.1f} GB/s), {seconds / floor:.2f} x reading it once, "
            f"{seconds / twice:.2f} x two whole products"
        )


def sql_rate(path: str) -> None:
    """`parallax.spectrophotometric` over the stored array against `sum(ln_flux[1])` over the same file."""
    magnitudes = ", ".join(f"{12 + 0.1 * i}" for i in range(len(MAGNITUDES)))
    file = f"{path}/results/parallax_spectra.parquet"
    with open_sky(path) as connection:
        connection.execute("set threads = 1")
        ((rows,),) = connection.execute(f"select count(*) from '{file}'").fetchall()
        scan = f"select sum(ln_flux[1]) from '{file}'"
        model = f"select sum(parallax.spectrophotometric({magnitudes}, ln_flux)) from '{file}'"
        for _ in range(ROUNDS):
            _, floor = cpu(lambda: connection.execute(scan).fetchall())
            _, seconds = cpu(lambda: connection.execute(model).fetchall())
            print(
                f"{rows:,} spectra: model {rows / seconds:,.0f} rows/s, sum(ln_flux[1]) {rows / floor:,.0f} rows/s, "
                f"ratio {floor / seconds:.2f}"
            )


if __name__ == "__main__":
    fit_cost()
    sql_rate(sys.argv[1])
