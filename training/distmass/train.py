"""Train the networks of DistMass and write them as ONNX.

    python -m candlesql.training.distmass.train --kepler kepler_giants.parquet --parsec parsec.parquet

`distmass.onnx` has learned what ensembles with calibrated errors say, and gives derivatives; `distmass_state.onnx` the
same of the absolute magnitude where the evolutionary state is known; `distmass_paper.onnx` has the paper's networks,
`distmass_log_age.onnx` ages. A fifth of the stars, by a hash of the identifier (`distmass.split`), is never trained on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ...commands.ingest import ingest_survey
from ...sql.open import open_sky
from ...udfs.model import write_model
from ...udfs.model_files import SHIPPED
from ..entry import start
from .ages import INPUTS as AGE_INPUTS
from .ages import OUTPUTS as AGE_OUTPUTS
from .ages import age_graph, train_ages
from .data import Stars, Target, read_stars, specification, write_training_stars
from .distil import Student
from .ensembles import seed_of
from .errors import distance_errors, ratio_to_label
from .export import paper_graph, write_state, write_student
from .networks import is_used, train_networks, with_state


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the networks of DistMass.")
    parser.add_argument("--kepler", type=Path, required=True, help="Kepler giants with APOGEE labels, Parquet")
    parser.add_argument("--parsec", type=Path, required=True, help="PARSEC isochrones, Parquet")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    stars, origin = read_kepler(options.kepler, options.out)
    for name, metrics in train_all(stars, options.out, options.seed, origin).items():
        print(name, json.dumps(metrics))
    print("log_age", json.dumps(write_ages(options.parsec, options.out, seed_of(options.seed, "age"))))


def read_kepler(path: Path, out: Path | None = None) -> tuple[Stars, dict[str, str]]:
    """Training stars of a table of Kepler giants, and what the metadata of their models says of them.

    Parameters
    ----------
    out
        Where the list of the training stars goes, if it is wanted.
    """
    with tempfile.TemporaryDirectory() as folder:
        ingest_survey(Path(folder), "kepler_apogee", [path], {}, {})
        with open_sky(folder) as connection:
            return read_stars(connection), write_training_stars(connection, out) if out else {}


def train_all(stars: Stars, out: Path, seed: int, origin: dict[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """Train and write every network that learns from stars; returns metrics on test stars by file."""
    networks = train_networks(stars, seed)
    stars, targets = networks.stars, networks.targets
    papers = {t.name: paper for t, paper in zip(targets, networks.papers, strict=True)}
    found = {
        "distmass_paper": {t.name: _judge(stars, t, stars.x, *papers[t.name].predict(stars.x)) for t in targets},
        "distmass": _judge_student(stars, networks.student, stars.x),
        "teachers": {e.target.name: _judge(stars, e.target, stars.x, *e.predict(stars.x)) for e in networks.teachers},
    }
    out.mkdir(parents=True, exist_ok=True)
    given = _metadata(stars, targets) | {"training": {"seed": seed}} | (origin or {})
    outputs = [{"name": t.column, "unit": t.unit} for t in specification()["targets"]]
    outputs.append({"name": "distance_error_ratio", "unit": ""})
    write_model(
        out / "distmass_paper.onnx",
        paper_graph(papers, distance_errors(stars, papers)),
        given | {"outputs": outputs, "metrics": found["distmass_paper"]},
    )
    write_student(out / "distmass.onnx", networks, given | {"metrics": found["distmass"]})
    if networks.state:
        found["distmass_state"] = _judge_student(stars, networks.state, with_state(stars))
        write_state(out / "distmass_state.onnx", networks.state, given | {"metrics": found["distmass_state"]})
    return found


def write_ages(parsec: Path, out: Path, seed: int) -> dict[str, float]:
    """Train and write the age network; returns its scatter [dex] on isochrones held out."""
    network, metrics = train_ages(parsec, seed)
    write_model(out / "distmass_log_age.onnx", age_graph(network), _age_metadata(parsec, metrics))
    return metrics


def _judge_student(stars: Stars, student: Student, x: np.ndarray) -> dict[str, dict[str, float]]:
    found = zip(student.ensembles, student.predict(x), strict=True)
    return {e.target.name: _judge(stars, e.target, x, *values) for e, values in found}


def _judge(stars: Stars, target: Target, x: np.ndarray, value: np.ndarray, error: np.ndarray) -> dict[str, float]:
    """Fractional bias and scatter of mass or distance on test stars, and how many errors hold the label."""
    label = stars.columns[target.label]
    rows = (stars.split == "test") & np.isfinite(label) & np.isfinite(x).all(axis=1)
    difference = value[rows] - label[rows]
    ratio = ratio_to_label(target, value[rows], label[rows])
    found = {
        "n": int(rows.sum()),
        "bias": round(float(np.median(ratio)), 4),
        "robust_scatter": round(float(1.4826 * np.median(np.abs(ratio - np.median(ratio)))), 4),
        "standard_deviation": round(float(ratio.std()), 4),
    }
    if error.any():
        pull = np.abs(difference) / np.hypot(error[rows], stars.sigma(target)[rows])
        found["within_one_error"] = round(float(np.mean(pull < 1)), 3)
        found["within_two_errors"] = round(float(np.mean(pull < 2)), 3)
    return found


def _metadata(stars: Stars, targets: list[Target]) -> dict[str, Any]:
    text = specification()
    digest = hashlib.sha256(np.ascontiguousarray(stars.x).tobytes())
    for name in sorted(stars.columns):
        digest.update(np.ascontiguousarray(stars.columns[name]).tobytes())
    used = stars.x[is_used(stars, targets)]
    low, high = np.quantile(used, [0.001, 0.999], axis=0)
    names = [entry["name"] for entry in text["inputs"]]
    return {
        "system": "distmass",
        "inputs": text["inputs"],
        "training_sha256": digest.hexdigest(),
        "n_train": str(len(used)),
        "domain": {n: [round(float(a), 4), round(float(b), 4)] for n, a, b in zip(names, low, high, strict=True)},
        "citation": text["citation"],
        "version": "1",
    }


def _age_metadata(parsec: Path, metrics: dict[str, float]) -> dict[str, Any]:
    return {
        "system": "distmass",
        "inputs": AGE_INPUTS,
        "outputs": AGE_OUTPUTS,
        "training_sha256": hashlib.sha256(parsec.read_bytes()).hexdigest(),
        "n_train": "nodes below log g 3.5 of nine tenths of the isochrones, giant branch and core-helium burning",
        "domain": {"mass_msun": [0.8, 8], "m_h": [-0.5, 0.5], "alpha_m": [-0.1, 0.4]},
        "metrics": metrics,
        "trained_on": "simulated",
        "citation": "Bressan et al. 2012 (PARSEC); Stone-Martinez et al. 2024, section 6.1",
        "version": "1",
    }


if __name__ == "__main__":
    start(main)
