"""The shipped models beside the published network and a direct regression, on the test stars.

python -m candlesql.training.photometry.compare --data stars_13band.parquet
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from .covariance import Array, Prediction, colour_residual, update_ebv
from .data import Band, Stars, read_bands, read_stars, split_bucket
from .infer import Observation, infer
from .network import Network, read_published
from .onnx_graph import read_network
from .score import Judge
from .train import MODELS
from .train_infer import NAMES, catalog_rows, make_photometer, robust, run


def scatter(labels: Array, test: Stars) -> dict[str, list[float]]:
    """Scatter by the median absolute deviation, and standard deviation, of [n, 3] labels."""
    miss = labels - test.theta
    return {name: [round(robust(miss[:, i]), 4), round(float(miss[:, i].std()), 4)] for i, name in enumerate(NAMES[:3])}


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
    ebv, _ = update_ebv(test, prediction, test.ebv)
    residual = np.where(test.observed, colour_residual(test, prediction, ebv), np.nan)
    residual[np.isinf(test.modulus_sigma), 0] = np.nan
    return np.nanmedian(residual, axis=0)


def forward(network: Network, published: Network, test: Stars, bands: list[Band]) -> dict[str, Any]:
    """chi2 per degree of freedom of both, and the median residual of G and every colour."""
    reference, own = published.predict(test.theta), network.predict(test.theta)
    judge = Judge.from_reference(test, reference)
    ours, theirs = judge.score(own), judge.score(reference)
    residuals = [median_residuals(test, prediction) for prediction in (own, reference)]
    return {
        "stars": len(test),
        "chi2_per_dof": round(ours, 4),
        "published": round(theirs, 4),
        "ratio": round(ours / theirs, 4),
        "median_residual_mag": {
            band.name: [round(float(value), 4) for value in pair] for band, *pair in zip(bands, *residuals, strict=True)
        },
    }


def speed(path: Path, test: Stars, copies: int = 100) -> int:
    """Stars a second and core (processor time) of the inference."""
    rows = np.tile(catalog_rows(test), copies)
    begin = time.process_time()
    run(path, rows)
    return round(rows.shape[1] / (time.process_time() - begin))


def backward(path: Path, network: Network, published: Network, learn: Stars, test: Stars) -> dict:
    """Labels and reddening from photometry, parallax and map, several ways."""
    observation = Observation.of(test)
    y = run(path, catalog_rows(test)).astype(float)
    results = {"shipped": scatter(y[[0, 2, 4]].T, test)}
    reddening = {"shipped": y[6]}
    for name, model in (("own_posterior_alone", network), ("published_posterior", published)):
        mean, _ = infer(make_photometer(learn, model, seed=1), observation).moments()
        results[name] = scatter(mean[:, :3], test)
        reddening[name] = mean[:, 3]
    results["lightgbm_direct"] = scatter(direct_regression(learn, test), test)
    for name, ebv in reddening.items():
        model = published if name == "published_posterior" else network
        known, _ = update_ebv(test, model.predict(test.theta), test.ebv)
        results[name]["ebv"] = [round(robust(ebv - known), 4), round(float((ebv - known).std()), 4)]
    return {"mad_scatter_and_standard_deviation": results, "stars_a_second": speed(path, test)}


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Compare the photometry models on test stars.")
    parser.add_argument("--data", type=Path, required=True, help="training table, Parquet")
    parser.add_argument("--models", type=Path, default=MODELS)
    options = parser.parse_args(arguments)
    bands = read_bands()
    stars = read_stars(options.data, bands)
    bucket = split_bucket(stars.row)
    learn, test = stars.take(bucket < 9), stars.take(bucket == 9)
    network = read_network(options.models / "photometry.onnx")
    published = read_published(options.data.with_name("published_model.npz"), bands)
    inverse = options.models / "photometry_infer.onnx"
    result = {
        "forward": forward(network, published, test, bands),
        "backward": backward(inverse, network, published, learn, test),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
