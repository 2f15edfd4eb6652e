"""The same model on real giants, with labels in place of pixels: Kepler's and those of APO-K2.

    python -m candlesql.training.parallax.labels --kepler kepler_giants.parquet --apo-k2 apo_k2.csv

No public table of spectra goes with these stars; what the linear model and a small network make of photometry and
labels is judged as that of spectra is, on the half that they were not trained on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
import numpy as np

from .beyond import train_correction
from .fit import Settings, centre, fit
from .objective import Design, Objective
from .validate import Score, judge

#: Zero-points of Gaia EDR3 and DR3 parallaxes, mas: the median of quasars, Lindegren et al. 2021.
OFFSET = 0.017
#: lambda on labels: there are few, and all of them matter.
STRENGTH = 1.0
KEPLER = """
    select kic as id, parallax, parallax_error, g, bp, rp, j, h, k, teff, logg, feh, cfe, nfe
    from read_parquet($file)
    where evstate = 'RGB' and parallax_src = 'EDR3'"""
APO_K2 = """
    select epic as id, para as parallax, para_err as parallax_error, jmag as j, kmag as k, teff, logg, feh, alpham
    from read_csv($file)
    where logg > 0 and logg < 2.2 and alpham > -5 and feh > -5"""


def compare(file: Path, query: str, n_magnitudes: int, name: str, seeds: tuple[int, ...] = (0, 1, 2)) -> list[Score]:
    """Two-fold cross-validation of the linear model and of the network on the complete rows of a query.

    Parameters
    ----------
    query
        Identifier, parallax and its error [mas], magnitudes, labels.
    """
    columns = _complete(file, query)
    half = np.array([_half(value) for value in columns[0]])
    parallax, error = columns[1], columns[2]
    magnitudes, labels = columns[3 : 3 + n_magnitudes].T, columns[3 + n_magnitudes :].T
    labels = (labels - labels.mean(axis=0)) / labels.std(axis=0)
    photometry = np.column_stack([np.ones(len(parallax)), magnitudes])
    design, _ = centre(Design(photometry, labels.astype(np.float32)))
    linear, corrected = np.empty(len(parallax)), np.zeros((len(seeds), len(parallax)))
    for number in (0, 1):
        rows, others = half == number, half != number
        part = Design(design.photometry[rows], design.spectra[rows])
        objective = Objective(part, parallax[rows] + OFFSET, error[rows])
        theta = fit(objective, STRENGTH, Settings(2000, tolerance=1e-10)).theta
        log = design.times(theta)
        linear[others] = np.exp(log[others])
        x = np.column_stack([design.photometry[:, 1:], design.spectra, log])
        for i, seed in enumerate(seeds):
            added = train_correction(x[rows], objective.parallax, objective.error, x[others], seed)
            corrected[i, others] = log[others] + added
    network = np.exp(corrected.mean(axis=0))
    return [
        judge(f"{kind}, {name}", predicted, parallax, error, OFFSET, strength)
        for kind, predicted, strength in (("linear", linear, STRENGTH), ("linear and small network", network, np.nan))
    ]


def _complete(file: Path, query: str) -> np.ndarray:
    """Columns [columns, rows] of the rows without a missing value."""
    with duckdb.connect() as connection:
        table = connection.execute(query, {"file": str(file)}).fetchnumpy()
    values = np.stack([np.ma.filled(np.ma.asarray(column).astype(float), np.nan) for column in table.values()])
    return values[:, np.isfinite(values).all(axis=0) & (values[2] > 0)]


def _half(identifier: float) -> int:
    """0 or 1 by a hash of the identifier (Knuth's multiplicative one)."""
    return (int(identifier) * 2654435761 % 2**32) >> 31


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Spectrophotometric parallaxes with labels in place of pixels.")
    parser.add_argument("--kepler", type=Path, required=True)
    parser.add_argument("--apo-k2", type=Path, required=True)
    options = parser.parse_args(arguments)
    found = compare(options.kepler, KEPLER, 6, "Kepler RGB") + compare(options.apo_k2, APO_K2, 2, "APO-K2, log g < 2.2")
    for score in found:
        print(
            f"{score.model}: {score.n_training:,} stars, scatter {100 * score.robust_scatter:.1f} % (robust), "
            f"{100 * score.standard_deviation:.1f} %, bias {100 * score.bias:+.1f} % of the {score.n_best} best, "
            f"chi2 a star {score.chi2_per_star:.1f}"
        )


if __name__ == "__main__":
    main()
