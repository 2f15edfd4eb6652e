"""How well the networks do on every star, each judged by networks that never saw it, with bootstrap errors.

    python benchmarks/compare/distmass.py --kepler kepler_giants.parquet

The fifth of the buckets (`distmass.stars`) that is held out moves round the five folds; the shipped networks are those
of the first. The recipe is the same in all.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from candlesql.training.distmass.data import Stars, Target
from candlesql.training.distmass.errors import ratio_to_label
from candlesql.training.distmass.networks import Networks, train_networks, with_state
from candlesql.training.distmass.train import read_kepler
from candlesql.training.entry import start

FOLDS, BUCKETS, VALIDATION = 5, 25, 4
BOOTSTRAPS = 1000


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Cross-validate the networks of DistMass.")
    parser.add_argument("--kepler", type=Path, required=True, help="Kepler giants with APOGEE labels, Parquet")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    found = defaultdict(list)
    stars, _ = read_kepler(options.kepler)
    for fold in range(FOLDS):
        networks = train_networks(rotated(stars, fold), options.seed)
        for name, ratios, pulls in judged(networks):
            found[name].append((ratios, pulls))
            print(f"fold {fold + 1}: {name} {line(ratios, pulls)}", flush=True)
    for name, parts in found.items():
        ratios, pulls = (np.concatenate(values) for values in zip(*parts, strict=True))
        print(f"all folds: {name} {line(ratios, pulls)}")


def rotated(stars: Stars, fold: int) -> Stars:
    """The same stars with another fifth as the test part."""
    bucket = (stars.bucket - fold * BUCKETS // FOLDS) % BUCKETS
    held = BUCKETS // FOLDS
    split = np.where(bucket < held, "test", np.where(bucket < held + VALIDATION, "validation", "train"))
    return replace(stars, bucket=bucket, split=split)


def judged(networks: Networks) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name of a network and quantity, value over label minus 1 of test stars [rows], and its pull [rows].

    Pulls are differences over standard errors, those of the labels included; the paper's networks have none (NaN).
    """
    stars = networks.stars
    x = with_state(stars)

    def of(name: str, target: Target, x: np.ndarray, value: np.ndarray, error: np.ndarray):
        label = stars.columns[target.label]
        rows = np.isfinite(x).all(axis=1) & (stars.split == "test") & np.isfinite(label)
        with np.errstate(divide="ignore"):
            pull = (value - label) / np.where(error > 0, np.hypot(error, stars.sigma(target)), np.nan)
        return f"{name} {target.name}", ratio_to_label(target, value[rows], label[rows]), pull[rows]

    taught = networks.student.predict(stars.x)
    for target, paper, values in zip(networks.targets, networks.papers, taught, strict=True):
        yield of("ensemble", target, stars.x, *values)
        yield of("paper", target, stars.x, *paper.predict(stars.x))
    if networks.state:
        yield of("ensemble with state", networks.targets[0], x, *networks.state.predict(x)[0])


def line(ratios: np.ndarray, pulls: np.ndarray) -> str:
    """Number, bias, robust scatter and standard deviation in per cent, with bootstrap errors; width of the pulls."""
    rng = np.random.default_rng(0)
    drawn = rng.choice(ratios, (BOOTSTRAPS, len(ratios)))
    said = []
    for name, measure in (("bias", _median), ("robust scatter", _robust), ("standard deviation", _deviation)):
        said.append(f"{name} {100 * measure(ratios[None])[0]:.2f} +- {100 * measure(drawn).std():.2f} %")
    if np.isfinite(pulls).all():
        within = ", ".join(f"{np.mean(np.abs(pulls) < k):.3f}" for k in (1, 2))
        said.append(f"pulls {_robust(pulls[None])[0]:.3f} wide, within one and two errors {within}")
    return f"({len(ratios)} stars): " + ", ".join(said)


def _median(values: np.ndarray) -> np.ndarray:
    return np.median(values, axis=1)


def _robust(values: np.ndarray) -> np.ndarray:
    return 1.4826 * np.median(np.abs(values - np.median(values, axis=1, keepdims=True)), axis=1)


def _deviation(values: np.ndarray) -> np.ndarray:
    return values.std(axis=1)


if __name__ == "__main__":
    start(main)
