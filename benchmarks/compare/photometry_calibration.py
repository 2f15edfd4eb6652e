"""Is the posterior right? Planted stars and a long Markov chain, 100 stars by default.

python benchmarks/compare/photometry_calibration.py --data stars_13band.parquet
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from candlesql.training.entry import start
from candlesql.training.photometry.bands import read_bands
from candlesql.training.photometry.covariance import Array
from candlesql.training.photometry.data import Stars, read_stars, split_bucket
from candlesql.training.photometry.infer import MAS_SLOPE, N_UNKNOWN, Observation, Photometer, infer, weigh
from candlesql.training.photometry.mcmc import sample
from candlesql.training.photometry.onnx_graph import read_network
from candlesql.training.photometry.train import MODELS
from candlesql.training.photometry.train_infer import NAMES, make_photometer

INTERVALS = {"68": (16.0, 84.0), "95": (2.5, 97.5)}


def plant(photometer: Photometer, pattern: Stars, seed: int) -> tuple[Array, Stars]:
    """Stars drawn from the prior, seen with the errors and gaps of real ones.

    Returns
    -------
    truth : [n, 5]
        Teff, log g, [Fe/H], E, modulus.
    stars
        `pattern` with magnitudes, parallax and reddening prior replaced.
    """
    random = np.random.default_rng(seed)
    n, prior, network = len(pattern), photometer.prior, photometer.network
    component = random.choice(len(prior), n, p=prior.weight / prior.weight.sum())
    root = np.linalg.cholesky(prior.covariance)[component]
    x = prior.mean[component] + (root @ random.standard_normal((n, 4, 1)))[:, :, 0]
    theta = x[:, :3] * network.scale + network.centre
    e = pattern.ebv + pattern.ebv_sigma * random.standard_normal(n)
    truth = np.column_stack([theta, e, x[:, 3]])
    magnitude, r = network.photometry(theta)
    variance = np.where(pattern.observed, pattern.mag_sigma, 0.0) ** 2 + photometer.floor**2
    noise = np.sqrt(variance) * random.standard_normal(variance.shape)
    mag = magnitude + r * e[:, None] + x[:, 3:] + noise
    binary = photometer.binary_scatter * random.standard_normal(n)
    parallax = np.exp(MAS_SLOPE * (10.0 - x[:, 3])) * (1.0 + MAS_SLOPE * binary)
    parallax += pattern.parallax_sigma * random.standard_normal(n)
    return truth, replace(pattern, theta=theta, mag=np.where(pattern.observed, mag, 0.0), parallax=parallax)


def chain(photometer: Photometer, stars: Stars, steps: int, walkers: int, seed: int) -> Array:
    """Samples [n, s, 5] in physical units, walkers started from the Laplace mixture."""
    random = np.random.default_rng(seed)
    observation = Observation.of(stars)
    posterior = infer(photometer, observation)
    n, network = len(stars), photometer.network
    pick = np.array([random.choice(len(w), walkers, p=w / w.sum()) for w in posterior.weight])
    star = np.arange(n)[:, None]
    root = np.linalg.cholesky(posterior.covariance)[star, pick]
    noise = random.standard_normal((n, walkers, N_UNKNOWN, 1))
    first = posterior.mean[star, pick] + (root @ noise)[..., 0]
    scale = np.concatenate([network.scale, [1.0, 1.0]])
    centre = np.concatenate([network.centre, [0.0, 0.0]])
    data = weigh(observation, photometer.floor)
    return sample(photometer, data, (first - centre) / scale, steps, seed) * scale + centre


def compare(photometer: Photometer, stars: Stars, truth: Array | None, steps: int, seed: int,
            walkers: int = 32) -> dict[str, Array]:  # fmt: skip
    """Laplace mixture beside the chain, and both beside the planted truth if there is one; a value for each unknown."""
    samples = chain(photometer, stars, steps, walkers, seed)
    mean, covariance = infer(photometer, Observation.of(stars)).moments()
    sigma = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    spread = samples.std(axis=1)
    shift = np.abs(mean - samples.mean(axis=1)) / spread
    result = {
        "median_shift_in_sigma": np.median(shift, axis=0),
        "median_sigma_ratio": np.median(sigma / spread, axis=0),
    }
    for name, (low, high) in INTERVALS.items():
        width = {"68": 1.0, "95": 1.96}[name] * sigma
        held = (samples > (mean - width)[:, None]) & (samples < (mean + width)[:, None])
        result[f"chain_inside_laplace_{name}"] = held.mean(axis=(0, 1))
        if truth is not None:
            a, b = np.percentile(samples, [low, high], axis=1)
            result[f"truth_inside_chain_{name}"] = ((truth > a) & (truth < b)).mean(axis=0)
            result[f"truth_inside_laplace_{name}"] = (np.abs(truth - mean) < width).mean(axis=0)
    return result


def show(title: str, result: dict[str, Array]) -> None:
    """Print a line for each value, a column for each unknown."""
    print(title)
    for name, values in result.items():
        print(f"  {name.replace('_', ' '):<26}", "  ".join(f"{value:.3f}" for value in values), flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Check the posterior against Markov chains.")
    parser.add_argument("--data", type=Path, required=True, help="training table, Parquet")
    parser.add_argument("--network", type=Path, default=MODELS / "photometry.onnx")
    parser.add_argument("--stars", type=int, default=100)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    bands = read_bands()
    stars = read_stars(options.data, bands)
    bucket = split_bucket(stars.row)
    photometer = make_photometer(stars.take(bucket < 9), read_network(options.network), options.seed)
    test = stars.take(bucket == 9)
    few = test.take(np.arange(options.stars))
    truth, planted = plant(photometer, few, options.seed)
    print(f"{len(few)} stars, {options.steps:,} steps; columns: {', '.join(NAMES)}")
    planted_result = compare(photometer, planted, truth, options.steps, options.seed)
    show("planted: drawn from the prior, seen with the errors and gaps of held-out stars", planted_result)
    show("real: held-out stars", compare(photometer, few, None, options.steps, options.seed))


if __name__ == "__main__":
    start(main)
