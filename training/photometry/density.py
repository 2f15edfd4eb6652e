"""Region of validity: density of the training stars over the labels, band by band (section 6).

A kernel density with the published bandwidth, in compact form: the stars are gathered into a few
hundred groups, and every group becomes one Gaussian with the group's own mean and spread, the
bandwidth added, weighted in every band with the number of its stars observed in that band. Heights
are such that the exact density relative to its peak is met at the limit below which the network
extrapolates, 1e-3 (1e-2 of stars with a parallax).

    python -m candlesql.training.photometry.density --data stars_13band.parquet
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.cluster.vq import kmeans2, vq

from ...udfs.metadata import TRAINED_ON
from ..entry import start
from .bands import read_bands
from .covariance import Array
from .data import Stars, read_stars, sha256, split_bucket
from .onnx_graph import Graph
from .train import CITATION, MODELS, domain

BANDWIDTH = (50.0, 0.05, 0.05)  # K, dex, dex
GROUPS = 400
SMALLEST_GROUP = 3  # so that no Gaussian is a single star
#: Of the density relative to its peak, as in `cuts.green_min_density_colour` and `cuts.green_min_density_magnitude`.
LIMIT_COLOUR, LIMIT_MAGNITUDE = 1e-3, 1e-2
#: Where the limits are matched: so many training stars, moved by this much [K, dex, dex].
PLACES, AROUND = 2000, (200.0, 0.2, 0.2)
BLOCK = 100
UNIT = 4.0  # groups are formed in units of this many bandwidths


@dataclass(frozen=True)
class Density:
    """k axis-parallel Gaussians over theta and their weights in b bands.

    Attributes
    ----------
    mean, sigma : [k, 3]
        In K, dex, dex.
    weight : [b, k]
        Height of every Gaussian in every band, such that the density relative to its peak is right at the limit.
    """

    mean: Array
    sigma: Array
    weight: Array

    def __call__(self, theta: Array) -> Array:
        """Density relative to the peak, [n, b]."""
        offset = (theta[:, None, :] - self.mean) / self.sigma
        return np.exp(-0.5 * np.sum(offset**2, axis=2)) @ self.weight.T


def group(theta: Array, groups: int, seed: int) -> np.ndarray:
    """Group number of every star [n]; no group is smaller than `SMALLEST_GROUP`."""
    unit = theta / (UNIT * np.array(BANDWIDTH))
    centres, _ = kmeans2(unit, min(groups, len(unit) // 4), minit="++", rng=seed)
    while True:
        labels, _ = vq(unit, centres)
        size = np.bincount(labels, minlength=len(centres))
        if size.min() >= SMALLEST_GROUP:
            return labels
        centres = centres[size >= SMALLEST_GROUP]


def exact_density(at: Array, theta: Array, seen: Array) -> Array:
    """The kernel density itself [n, b] of stars at theta [m, 3] that are seen in bands [m, b], without scale."""
    found = []
    for first in range(0, len(at), BLOCK):
        offset = (at[first : first + BLOCK, None, :] - theta) / np.array(BANDWIDTH)
        found.append(np.exp(-0.5 * np.sum(offset**2, axis=2)) @ seen)
    return np.concatenate(found)


def matched(density: Density, stars: Stars, seen: Array, seed: int) -> Density:
    """Heights at which as many places about the stars lie above the limit of each band as by the exact density.

    The tails of wide groups reach too far, and more so in bands that few stars have.
    """
    rng = np.random.default_rng(seed)
    some = rng.choice(len(stars), min(PLACES, len(stars)), replace=False)
    at = stars.theta[some] + rng.normal(size=(len(some), 3)) * AROUND
    peak = exact_density(stars.theta[some], stars.theta, seen).max(axis=0)
    limit = np.array([LIMIT_COLOUR] * (seen.shape[1] - 1) + [LIMIT_MAGNITUDE])
    valid = np.mean(exact_density(at, stars.theta, seen) >= limit * peak, axis=0)
    mine = density(at)
    cut = np.array([np.quantile(mine[:, b], 1 - valid[b]) for b in range(len(limit))])
    return Density(density.mean, density.sigma, density.weight * (limit / np.maximum(cut, 1e-12))[:, None])


def fit_density(stars: Stars, groups: int = GROUPS, seed: int = 1) -> Density:
    """Density of the stars in every band, and, last, of those with a usable parallax."""
    labels = group(stars.theta, groups, seed)
    k = labels.max() + 1
    member = (labels[:, None] == np.arange(k)).astype(float)  # [n, k]
    size = member.sum(axis=0)
    mean = member.T @ stars.theta / size[:, None]
    variance = member.T @ (stars.theta - mean[labels]) ** 2 / size[:, None]
    sigma = np.sqrt(variance + np.square(BANDWIDTH))
    usable = np.isfinite(stars.modulus_sigma)
    seen = np.column_stack([stars.observed, usable]).astype(float)  # [n, b + 1]
    density = Density(mean, sigma, seen.T @ member / sigma.prod(axis=1))
    peak = density(stars.theta).max(axis=0)
    return matched(Density(mean, sigma, density.weight / peak[:, None]), stars, seen, seed)


def save_density(density: Density, names: list[str], path: Path, metadata: dict[str, object]) -> None:
    """Write the density as ONNX: -(x - m)^2 / 2 s^2 is linear in (z^2, z), z = (x - a) / b."""
    graph = Graph()
    centre, scale = density.mean.mean(axis=0), density.mean.std(axis=0)
    z = graph.op("Sub", "x", graph.constant(centre.reshape(-1, 1)))
    z = graph.op("Mul", z, graph.constant(1.0 / scale.reshape(-1, 1)))
    both = graph.op("Concat", graph.op("Mul", z, z), z, axis=0)
    mean, precision = (density.mean - centre) / scale, np.square(scale / density.sigma)
    weight = np.hstack([-0.5 * precision, precision * mean])
    exponent = graph.linear(weight, -0.5 * np.sum(precision * mean**2, axis=1), both)
    height = graph.op("MatMul", graph.constant(density.weight), graph.op("Exp", exponent))
    inputs = [("teff_k", "K"), ("logg", "dex(cm/s2)"), ("feh", "dex")]
    graph.save(path, height, inputs, [(f"density_{name}", "") for name in names], metadata)


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Density of the training stars, band by band.")
    parser.add_argument("--data", type=Path, required=True, help="training table, Parquet")
    parser.add_argument("--out", type=Path, default=MODELS / "photometry_density.onnx")
    parser.add_argument("--stars", default="real", choices=TRAINED_ON, help="what the stars are")
    parser.add_argument("--bands", type=Path, help="bands file (default: the 13 published bands)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    bands = read_bands(options.bands)
    stars = read_stars(options.data, bands)
    stars = stars.take(split_bucket(stars.row) < 9)
    density = fit_density(stars, seed=options.seed)
    save_density(
        density,
        [*(band.name for band in bands), "parallax"],
        options.out,
        {
            "system": "photometry",
            "trained_on": options.stars,
            "training_stars": options.out.stem.removesuffix("_density"),
            "training_sha256": sha256(options.data),
            "n_train": len(stars),
            "domain": domain(stars),
            "metrics": {"gaussians": len(density.mean), "bandwidth": BANDWIDTH},
            "citation": CITATION,
            "version": "1",
        },
    )


if __name__ == "__main__":
    start(main)
