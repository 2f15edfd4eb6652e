"""Train the photometry network and write it as ONNX.

    python -m candlesql.training.photometry.train --data stars_13band.parquet

Several networks are trained as in the paper, each from its own random start, and one network of
the same kind learns their mean (`distil.py`). Test stars (a tenth, by a hash of their
identifier, see `data.split_bucket`) are never trained on; the shipped network learns from the
other nine tenths.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import UserError
from ...udfs.metadata import TRAINED_ON
from ..entry import start
from .bands import Band, read_anchor, read_bands
from .data import Stars, check_observed, read_stars, sha256, split, split_bucket
from .distil import DistilOptions, distil
from .fit import Anchor, FitOptions
from .network import Network, read_published
from .onnx_graph import save_network
from .rounds import RoundOptions, train
from .score import Judge

log = logging.getLogger(__name__)

MODELS = Path(__file__).resolve().parents[2] / "udfs" / "models"
MEMBERS = 8
STUDENT = FitOptions(hidden=(48, 48), activation="silu")
CITATION = "Green et al. 2020, DOI 10.5281/zenodo.3902382 (method); weights trained anew"


def domain(stars: Stars) -> dict[str, list[float]]:
    """Range of the training labels, 0.1th to 99.9th percentile."""
    low, high = np.percentile(stars.theta, [0.1, 99.9], axis=0)
    names = ("teff_k", "logg", "feh")
    return {n: [float(a), float(b)] for n, a, b in zip(names, low, high, strict=True)}


def divide(stars: Stars, hold_validation: bool) -> tuple[Stars, Stars, str]:
    """Stars to learn from, stars to judge, and a word about the latter."""
    train_stars, validation, test = split(stars)
    if hold_validation:
        return train_stars, validation, "validation stars, buckets 7 and 8"
    return stars.take(split_bucket(stars.row) < 9), test, "test stars, bucket 9"


def find_anchor(path: Path | None, bands: list[Band]) -> Anchor | None:
    """The anchor of the bands file by position, if both its bands are there."""
    names = [band.name for band in bands]
    anchor = read_anchor(path)
    if anchor is None or anchor.band not in names or anchor.of not in names:
        return None
    return Anchor(names.index(anchor.band), names.index(anchor.of), anchor.ratio, anchor.sigma)


def train_mean(stars: Stars, options: RoundOptions, members: int, seed: int) -> Network:
    """Train `members` networks and distil their mean; with one member, that network itself."""
    networks = []
    for member in range(members):
        networks.append(train(stars, options, seed + member))
        log.info("network %d of %d", member + 1, members)
    if members == 1:
        return networks[0]
    return distil(networks, stars, STUDENT, DistilOptions(), seed)


def has_bands(published: Path, bands: list[Band]) -> bool:
    """Whether the published network is one of these bands, in this order."""
    return [str(name) for name in np.load(published)["bands"]] == [
        band.name + "_ab" * (band.table != band.model) for band in bands
    ]


def metrics(network: Network, test: Stars, who: str, bands: list[Band], published: Path) -> dict[str, object]:
    """chi2/dof of held-out stars, beside the published network and by its covariance where its file is at hand."""
    rows = f"{len(test)} {who} of md5(row) modulo 10, never trained on"
    measure = "mean of min(chi2 / (observed bands - 1), 10), covariance of the "
    prediction = network.predict(test.theta)
    if not published.exists() or not has_bands(published, bands):
        own = Judge.from_reference(test, prediction).score(prediction)
        return {"rows": rows, "measure": measure + "network itself", "chi2_per_dof": round(own, 4)}
    reference = read_published(published, bands).predict(test.theta)
    judge = Judge.from_reference(test, reference)
    own, theirs = judge.score(prediction), judge.score(reference)
    return {
        "rows": rows,
        "measure": measure + "published network for both",
        "chi2_per_dof": round(own, 4),
        "published_chi2_per_dof": round(theirs, 4),
        "ratio": round(own / theirs, 4),
    }


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the photometry network.")
    parser.add_argument("--data", type=Path, required=True, help="training table, Parquet")
    parser.add_argument("--out", type=Path, default=MODELS / "photometry.onnx")
    parser.add_argument("--stars", default="real", choices=TRAINED_ON, help="what the stars are")
    parser.add_argument("--bands", type=Path, help="bands file (default: the 13 published bands)")
    parser.add_argument("--published", type=Path, help="published network, to be judged beside it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--members", type=int, default=MEMBERS, help="networks to average")
    parser.add_argument(
        "--hold-validation",
        action="store_true",
        help="learn from 70 %% of the stars and judge the 20 %% of validation, to choose settings",
    )
    parser.add_argument("--rounds", type=int, default=RoundOptions.rounds)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    bands = read_bands(options.bands)
    stars = read_stars(options.data, bands)
    check_observed(stars, bands)
    learn, judged, who = divide(stars, options.hold_validation)
    fit = replace(RoundOptions().fit, anchor=find_anchor(options.bands, bands))
    schedule = replace(RoundOptions(), rounds=options.rounds, fit=fit)
    network = train_mean(learn, schedule, options.members, options.seed)
    published = options.published or options.data.with_name("published_model.npz")
    if options.published and not has_bands(published, bands):
        raise UserError("is a network of other bands; leave --published out", file=published)
    scores = metrics(network, judged, who, bands, published)
    log.info("%s", scores)
    save_network(
        network,
        [band.name for band in bands],
        options.out,
        {
            "system": "photometry",
            "trained_on": options.stars,
            "training_stars": options.out.stem,
            "training_sha256": sha256(options.data),
            "n_train": len(learn),
            "domain": domain(learn),
            "metrics": scores,
            "citation": CITATION,
            "version": "1",
        },
    )
    log.info("wrote %s", options.out)


if __name__ == "__main__":
    start(main)
