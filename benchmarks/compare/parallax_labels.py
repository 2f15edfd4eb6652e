"""The same model on real giants, with labels in place of pixels: Kepler's and those of APO-K2.

    python benchmarks/compare/parallax_labels.py --kepler kepler_giants.parquet --apo-k2 apo_k2.csv

No public table of spectra goes with these stars; what the linear model and a small network make of photometry and
labels is judged as that of spectra is, on the half that they were not trained on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
import numpy as np
from candlesql.training.parallax.beyond import train_correction
from candlesql.training.parallax.fit import BEST_ERROR_RATIO, Settings, centre, fit
from candlesql.training.parallax.objective import Design, Objective
from candlesql.training.parallax.validate import Score, judge

#: Zero-points of Gaia EDR3 and DR3 parallaxes, mas: the median of quasars, Lindegren et al. 2021.
OFFSET = 0.017
#: lambda on labels: there are few, and all of them matter.
STRENGTH = 1.0
SETTINGS = Settings(2000, tolerance=1e-10)
KEPLER = """
    select kic as id, true as is_judged, parallax, parallax_error, g, bp, rp, j, h, k, teff, logg, feh, cfe, nfe
    from read_parquet($file)
    where evstate = 'RGB' and parallax_src = 'EDR3'"""
APO_K2 = """
    select
        epic as id, logg < 2.2 as is_judged, para as parallax, para_err as parallax_error,
        jmag as j, kmag as k, teff, logg, feh, alpham
    from read_csv($file)
    where logg > 0 and logg < {max_logg} and alpham > -5 and feh > -5"""


def compare(file: Path, query: str, n_magnitudes: int, name: str, seeds: tuple[int, ...] = (0, 1, 2)) -> list[Score]:
    """Cross-validate three models in two folds on the complete rows of a query.

    They are the linear one of the paper, the same with the model's scatter in the likelihood, and that with a network.

    Parameters
    ----------
    query
        Identifier, whether a star is among those judged, parallax and its error [mas], magnitudes, labels.
    """
    identifier, is_judged, parallax, error, *features = _complete(file, query)
    half = np.array([_half(value) for value in identifier])
    magnitudes, labels = np.stack(features[:n_magnitudes], axis=1), np.stack(features[n_magnitudes:], axis=1)
    labels = (labels - labels.mean(axis=0)) / labels.std(axis=0)
    design, _ = centre(Design(np.column_stack([np.ones(len(parallax)), magnitudes]), labels.astype(np.float32)))
    n = len(parallax)
    linear, aware, corrected = np.empty(n), np.empty(n), np.zeros((len(seeds), n))
    for number in (0, 1):
        rows, others = half == number, half != number
        part = Design(design.photometry[rows], design.spectra[rows])
        plain = Objective(part, parallax[rows] + OFFSET, error[rows])
        theta = fit(plain, STRENGTH, SETTINGS).theta
        linear[others] = np.exp(design.times(theta)[others])
        objective = _with_scatter(plain, theta)
        log = design.times(fit(objective, STRENGTH, SETTINGS, theta).theta)
        aware[others] = np.exp(log[others])
        x = np.column_stack([design.photometry[:, 1:], design.spectra, log])
        for i, seed in enumerate(seeds):
            added = train_correction(x[rows], objective.parallax, objective.error, x[others], seed)
            corrected[i, others] = log[others] + added
    kinds = {
        "linear": linear,
        "linear, errors of features": aware,
        "linear and small network, errors of features": np.exp(corrected.mean(axis=0)),
    }
    some = is_judged > 0
    return [
        judge(f"{kind}, {name}", predicted[some], parallax[some], error[some], OFFSET, STRENGTH)
        for kind, predicted in kinds.items()
    ]


def _with_scatter(objective: Objective, theta: np.ndarray) -> Objective:
    """The same with the model's own relative scatter, which errors of features make, added to the errors."""
    model = np.exp(objective.design.times(theta))
    precise = objective.error < BEST_ERROR_RATIO * objective.parallax
    ratio = (model / objective.parallax)[precise]
    scatter = 1.4826 * np.median(np.abs(ratio - np.median(ratio)))
    return Objective(objective.design, objective.parallax, np.hypot(objective.error, scatter * model))


def _complete(file: Path, query: str) -> np.ndarray:
    """Columns [columns, rows] of the rows without a missing value."""
    with duckdb.connect() as connection:
        table = connection.execute(query, {"file": str(file)}).fetchnumpy()
    values = np.stack([np.ma.filled(np.ma.asarray(column).astype(float), np.nan) for column in table.values()])
    return values[:, np.isfinite(values).all(axis=0) & (values[3] > 0)]


def _half(identifier: float) -> int:
    """0 or 1 by a hash of the identifier (Knuth's multiplicative one)."""
    return (int(identifier) * 2654435761 % 2**32) >> 31


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Spectrophotometric parallaxes with labels in place of pixels.")
    parser.add_argument("--kepler", type=Path, required=True)
    parser.add_argument("--apo-k2", type=Path, required=True)
    options = parser.parse_args(arguments)
    found = compare(options.kepler, KEPLER, 6, "Kepler RGB")
    for max_logg in (2.2, 3.5):
        name = f"APO-K2 with log g < 2.2, trained below {max_logg}"
        found += compare(options.apo_k2, APO_K2.format(max_logg=max_logg), 2, name)
    for score in found:
        print(
            f"{score.model}: {score.n_training:,} stars, scatter {100 * score.robust_scatter:.1f} % (robust), "
            f"{100 * score.standard_deviation:.1f} %, bias {100 * score.bias:+.1f} % of the {score.n_best} best, "
            f"chi2 a star {score.chi2_per_star:.1f}"
        )


if __name__ == "__main__":
    main()
