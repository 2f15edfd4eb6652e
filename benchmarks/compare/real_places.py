"""Whether the network for any bands has learnt the fields of its stars: held-out stars at home and at other places.

    make models-red-clump FOLDS=FOLDS
    python benchmarks/compare/real_places.py FOLDS [../shared/data]

FOLDS holds models without a fifth of the Kepler stars and a quarter of the campaigns of K2 each. Stars are taken to
other places as they are, or reddened as there: behind all of the dust there in the place of their own.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from candlesql.training.any_bands.real import PLACES, apo_k2, campaigns, folds, kepler
from candlesql.training.any_bands.space import LATITUDE, LONGITUDE, N_BANDS
from candlesql.training.any_bands.stars import Labelled
from candlesql.udfs.model import Model, load_model
from real_stars import ALL_BUT_W1, DATA, complete, ebv, heading, p_rc, row

#: A(band) / E(B-V), Gordon et al. 2023 as `photometric.bands` has it, with E(B-V) recalibrated by 0.86.
EXTINCTION = (
    0.86 * 3.1 * np.array([0.848, 1.073, 0.637, 1.161, 0.863, 0.651, 0.518, 0.429, 0.276, 0.17, 0.107, 0.051, 0.032])
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folds", type=Path)
    parser.add_argument("data", type=Path, nargs="?", default=DATA)
    given = parser.parse_args()
    models = {path.stem: load_model(path) for path in sorted(given.folds.glob("place*.onnx"))}
    field, k2 = kepler(given.data), apo_k2(given.data)
    field = field[complete(field, ALL_BUT_W1)]
    field = field[np.flatnonzero(folds(field) < PLACES)]
    judge(models, field, folds(field))
    judge(models, k2, campaigns(given.data) % PLACES)


def at(stars: Labelled, l_deg: np.ndarray, b_deg: np.ndarray, behind_dust: bool = False) -> Labelled:
    """The stars at other places, as bright and red as they are, or behind the dust there instead of their own."""
    x = stars.x.copy()
    if behind_dust:
        x[:, :N_BANDS] += (ebv(l_deg, b_deg) - ebv(x[:, LONGITUDE], x[:, LATITUDE]))[:, None] * EXTINCTION
    x[:, LONGITUDE], x[:, LATITUDE] = l_deg, b_deg
    return Labelled(x, stars.labels, stars.state, stars.id)


def judge(models: dict[str, Model], stars: Labelled, groups: np.ndarray) -> None:
    """Judge stars of `groups` that were held out, at home and elsewhere."""
    rng = np.random.default_rng(2)
    l_deg, b_deg, n = stars.x[:, LONGITUDE], stars.x[:, LATITUDE], len(stars)
    heading("Places: held out by folds of Kepler, by campaigns of K2", stars)

    def judged(name: str, elsewhere: Labelled) -> None:
        p = np.full(n, np.nan)
        for number in range(PLACES):
            p[groups == number] = p_rc(models[f"place{number}"], elsewhere.x[groups == number])
        row(name, p, stars)

    nowhere = np.full(n, np.nan)
    judged("at home", stars)
    judged("no place", at(stars, nowhere, nowhere))
    for turn in (60, 120, 180, 240):
        judged(f"l + {turn} deg", at(stars, (l_deg + turn) % 360, b_deg))
    judged("l + 180 deg, behind the dust there", at(stars, (l_deg + 180) % 360, b_deg, behind_dust=True))
    for b in (10, 20, 30, 45, 60, 80):
        elsewhere = at(stars, rng.uniform(0, 360, n), b * rng.choice([-1.0, 1.0], n), behind_dust=True)
        judged(f"any l, |b| = {b} deg, behind the dust there", elsewhere)


if __name__ == "__main__":
    main()
