"""How well the networks do on every star, each judged by networks that never saw it, with bootstrap errors.

    python -m candlesql.training.distmass.cross_validation --kepler kepler_giants.parquet

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

from .data import Stars, Target
from .networks import Networks, train_networks, with_state
from .train import ratio_to_label, read_kepler

FOLDS, BUCKETS, VALIDATION = 5, 25, 4
BOOTSTRAPS = 1000


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Cross-validate the networks of DistMass.")
    parser.add_argument("--kepler", type=Path, required=True, help="Kepler giants with APOGEE labels, Parquet")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    found = defaultdict(list)
    stars = read_kepler(options.kepler)
    for fold in range(FOLDS):
        networks = train_networks(rotated(stars, fold), options.seed)
        for name, ratios in judged(networks):
            found[name].append(ratios)
            print(f"fold {fold + 1}: {name} {line(ratios)}", flush=True)
    for name, parts in found.items():
        print(f"all folds: {name} {line(np.concatenate(parts))}")


def rotated(stars: Stars, fold: int) -> Stars:
    """The same stars with another fifth as the test part."""
    bucket = (stars.bucket - fold * BUCKETS // FOLDS) % BUCKETS
    held = BUCKETS // FOLDS
    split = np.where(bucket < held, "test", np.where(bucket < held + VALIDATION, "validation", "train"))
    return replace(stars, bucket=bucket, split=split)


def judged(networks: Networks) -> Iterator[tuple[str, np.ndarray]]:
    """Name of a network and quantity, and value over label minus 1 of test stars that have all inputs [rows]."""
    stars = networks.stars
    x = with_state(stars)
    has_state = np.isfinite(x).all(axis=1)

    def rows_of(target: Target, rows: np.ndarray) -> np.ndarray:
        return rows & (stars.split == "test") & np.isfinite(stars.columns[target.label])

    everyone = np.isfinite(stars.x).all(axis=1)
    taught = networks.student.predict(stars.x)
    for target, paper, (value, _) in zip(networks.targets, networks.papers, taught, strict=True):
        rows = rows_of(target, everyone)
        yield f"ensemble {target.name}", ratio_to_label(target, value[rows], stars.columns[target.label][rows])
        value = paper.predict(stars.x)[0]
        yield f"paper {target.name}", ratio_to_label(target, value[rows], stars.columns[target.label][rows])
    if networks.state:
        target = networks.targets[0]
        rows = rows_of(target, has_state)
        value = networks.state.predict(x)[0][0]
        yield (
            f"ensemble with state {target.name}",
            ratio_to_label(target, value[rows], stars.columns[target.label][rows]),
        )


def line(ratios: np.ndarray) -> str:
    """Number, bias, robust scatter and standard deviation in per cent, with bootstrap errors."""
    rng = np.random.default_rng(0)
    drawn = rng.choice(ratios, (BOOTSTRAPS, len(ratios)))
    said = []
    for name, measure in (("bias", _median), ("robust scatter", _robust), ("standard deviation", _deviation)):
        said.append(f"{name} {100 * measure(ratios[None])[0]:.2f} +- {100 * measure(drawn).std():.2f} %")
    return f"({len(ratios)} stars): " + ", ".join(said)


def _median(values: np.ndarray) -> np.ndarray:
    return np.median(values, axis=1)


def _robust(values: np.ndarray) -> np.ndarray:
    return 1.4826 * np.median(np.abs(values - np.median(values, axis=1, keepdims=True)), axis=1)


def _deviation(values: np.ndarray) -> np.ndarray:
    return values.std(axis=1)


if __name__ == "__main__":
    main()
