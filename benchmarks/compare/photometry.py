"""The shipped models beside the published network and a direct regression, on the test stars.

python benchmarks/compare/photometry.py --data stars_13band.parquet
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import lightgbm
import numpy as np
from candlesql.training.entry import start
from candlesql.training.photometry.bands import Band, read_bands
from candlesql.training.photometry.covariance import Array, Prediction, colour_residual, settled_ebv
from candlesql.training.photometry.data import Stars, read_stars, split_bucket
from candlesql.training.photometry.infer import Observation, infer
from candlesql.training.photometry.network import Network, read_published
from candlesql.training.photometry.onnx_graph import read_network
from candlesql.training.photometry.score import CAP, Judge
from candlesql.training.photometry.train import MODELS
from candlesql.training.photometry.train_infer import catalog_rows, make_photometer, robust, run


def direct_features(stars: Stars) -> Array:
    """Magnitudes, colours against G, parallax and its photometric magnitude, reddening prior."""
    mag = np.where(stars.observed, stars.mag, np.nan)
    luminosity = mag[:, 0] + 5.0 * np.log10(np.maximum(stars.parallax, 0.02)) - 10.0
    rest = [stars.parallax, stars.parallax_sigma, stars.ebv, stars.ebv_sigma, luminosity]
    return np.column_stack([mag, mag[:, 1:] - mag[:, :1], *rest])


def direct_regression(learn: Stars, test: Stars) -> Array:
    """LightGBM from the same inputs straight to the labels [n, 3]."""
    columns = []
    for i in range(3):
        model = lightgbm.LGBMRegressor(
            n_estimators=600, learning_rate=0.03, num_leaves=15, min_child_samples=20,
            subsample=0.7, subsample_freq=1, colsample_bytree=0.6, n_jobs=1, verbose=-1,
            random_state=1,
        )  # fmt: skip
        model.fit(direct_features(learn), learn.theta[:, i])
        columns.append(np.asarray(model.predict(direct_features(test))))
    return np.column_stack(columns)


def median_residuals(test: Stars, prediction: Prediction) -> Array:
    """Median over the stars of observed minus modelled G and colours [b], each with its own E."""
    ebv, _ = settled_ebv(test, prediction)
    residual = np.where(test.observed, colour_residual(test, prediction, ebv), np.nan)
    residual[np.isinf(test.modulus_sigma), 0] = np.nan
    return np.nanmedian(residual, axis=0)


def forward(network: Network, published: Network, test: Stars, bands: list[Band]) -> Iterator[str]:
    """chi2 per degree of freedom of both, and the median residual of G and every colour."""
    reference, own = published.predict(test.theta), network.predict(test.theta)
    judge = Judge.from_reference(test, reference)
    ours, theirs = judge.score(own), judge.score(reference)
    random = np.random.default_rng(1)
    capped = [np.minimum(judge.chi2_per_dof(prediction), CAP) for prediction in (own, reference)]
    draws = random.integers(0, len(test), (1000, len(test)))
    ratios = capped[0][draws].mean(axis=1) / capped[1][draws].mean(axis=1)
    yield f"chi2/dof, capped at {CAP:.0f}: shipped {ours:.3f}, published {theirs:.3f}"
    yield f"  shipped over published: {ours / theirs:.3f} +- {ratios.std():.3f}; the goal is 0.891 / 0.847 = 1.052"
    own_residual, their_residual = (median_residuals(test, prediction) for prediction in (own, reference))
    yield "median residual of G, then of colours against G [mag]: shipped, published"
    for band, a, b in zip(bands, own_residual, their_residual, strict=True):
        yield f"  {band.name:<6} {a:>7.4f} {b:>7.4f}"


def speed(path: Path, test: Stars, copies: int = 100) -> int:
    """Stars a second and core (processor time) of the inference."""
    rows = np.tile(catalog_rows(test), copies)
    begin = time.process_time()
    run(path, rows)
    return round(rows.shape[1] / (time.process_time() - begin))


def backward(path: Path, network: Network, published: Network, learn: Stars, test: Stars) -> Iterator[str]:
    """Labels and reddening from photometry, parallax and map, several ways."""
    y = run(path, catalog_rows(test)).astype(float)
    observation = Observation.of(test)
    labels, reddening = {"shipped": y[[0, 2, 4]].T}, {"shipped": y[6]}
    for name, model in (("posterior alone", network), ("published network", published)):
        mean, _ = infer(make_photometer(learn, model, seed=1), observation).moments()
        labels[name], reddening[name] = mean[:, :3], mean[:, 3]
    labels["LightGBM"] = direct_regression(learn, test)
    yield "scatter about labels, median absolute deviation (standard deviation): Teff [K], log g, [Fe/H], E [mag]"
    for name, values in labels.items():
        miss = values - test.theta
        columns = [f"{robust(miss[:, 0]):.0f} ({miss[:, 0].std():.0f})"]
        columns += [f"{robust(miss[:, i]):.3f} ({miss[:, i].std():.3f})" for i in (1, 2)]
        if name in reddening:
            model = published if name == "published network" else network
            known, _ = settled_ebv(test, model.predict(test.theta))
            miss = reddening[name] - known
            columns.append(f"{robust(miss):.4f} ({miss.std():.4f})")
        yield f"  {name:<18} {'  '.join(columns)}"
    yield f"photometry_infer.onnx alone: {speed(path, test):,} stars/s per core"


def lines(data: Path, models: Path) -> Iterator[str]:
    """The whole comparison on the tenth of the stars that no network was trained on."""
    bands = read_bands()
    stars = read_stars(data, bands)
    bucket = split_bucket(stars.row)
    learn, test = stars.take(bucket < 9), stars.take(bucket == 9)
    network = read_network(models / "photometry.onnx")
    published = read_published(data.with_name("published_model.npz"), bands)
    yield f"{len(test)} stars held out (bucket 9 of md5(row) modulo 10), {len(learn)} trained on"
    yield from forward(network, published, test, bands)
    yield from backward(models / "photometry_infer.onnx", network, published, learn, test)


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Compare the photometry models on test stars.")
    parser.add_argument("--data", type=Path, required=True, help="training table, Parquet")
    parser.add_argument("--models", type=Path, default=MODELS)
    options = parser.parse_args(arguments)
    for line in lines(options.data, options.models):
        print(line, flush=True)


if __name__ == "__main__":
    start(main)
