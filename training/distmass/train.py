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
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from ...catalogs.ingest import ingest_survey
from ...sql.workspace import open_sky
from ...udfs.functions import SHIPPED
from ...udfs.gradient import _Jacobian
from ...udfs.graph import GraphBuilder
from ...udfs.model import write_model
from .ages import INPUTS as AGE_INPUTS
from .ages import OUTPUTS as AGE_OUTPUTS
from .ages import age_graph, train_ages
from .data import Stars, Target, read_stars, specification
from .distil import Student, distil
from .ensembles import seed_of, train_ensemble, train_paper
from .regression import Recipe, Trained
from .space import Space, fit_space


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the networks of DistMass.")
    parser.add_argument("--kepler", type=Path, required=True, help="Kepler giants with APOGEE labels, Parquet")
    parser.add_argument("--parsec", type=Path, required=True, help="PARSEC isochrones, Parquet")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        ingest_survey(Path(folder), "kepler_apogee", [options.kepler], {}, {})
        with open_sky(folder) as connection:
            stars = read_stars(connection)
    for name, metrics in train_all(stars, options.out, options.seed).items():
        print(name, json.dumps(metrics))
    network, metrics = train_ages(options.parsec, seed_of(options.seed, "age"))
    write_model(options.out / "distmass_log_age.onnx", age_graph(network), _age_metadata(options.parsec, metrics))
    print("log_age", json.dumps(metrics))


def train_all(stars: Stars, out: Path, seed: int) -> dict[str, dict[str, Any]]:
    """Train and write every network that learns from stars; returns metrics on test stars by file."""
    text = specification()
    recipes = {name: Recipe(**(entry | {"hidden": tuple(entry["hidden"])})) for name, entry in text["recipes"].items()}
    targets: list[Target] = text["targets"]
    papers = {t.name: train_paper(stars, t, recipes["paper"], seed) for t in targets}
    chosen = without_binaries(stars, papers["absolute_k"], targets[0])
    papers["absolute_k"] = train_paper(chosen, targets[0], recipes["paper"], seed)
    used = stars.split != "test"
    with_state = np.column_stack([stars.x, stars.columns["is_rc"]])
    spaces = {"log_density": fit_space(stars.x[used], seed)}
    for target in targets[2:]:
        known = used & np.isfinite(stars.columns[target.label])
        spaces[f"log_density_{target.name.removeprefix('mass_')}"] = fit_space(stars.x[known], seed)
    plain = [train_ensemble(chosen, stars.x, t, recipes["ensemble"], seed) for t in targets]
    state = [train_ensemble(chosen, with_state, targets[0], recipes["ensemble"], seed)]
    hidden = tuple(text["students"]["hidden"])
    plain_student = distil(plain, stars.x[used], hidden, seed_of(seed, "student"))
    state_student = distil(state, with_state[used], hidden, seed_of(seed, "student with state"))
    inputs = text["inputs"]
    given = _metadata(stars, text)
    found = {
        "distmass_paper": {t.name: _judge(chosen, t, stars.x, *papers[t.name].predict(stars.x)) for t in targets},
        "distmass": _judge_student(chosen, plain_student, stars.x),
        "distmass_state": _judge_student(chosen, state_student, with_state),
        "teachers": {e.target.name: _judge(chosen, e.target, stars.x, *e.predict(stars.x)) for e in plain},
    }
    write_model(
        out / "distmass_paper.onnx",
        paper_graph([papers[t.name] for t in targets], len(inputs)),
        given | {"outputs": [{"name": t.column, "unit": t.unit} for t in targets], "metrics": found["distmass_paper"]},
    )
    _write_student(out / "distmass.onnx", plain_student, inputs, spaces, given | {"metrics": found["distmass"]})
    state_inputs = [*inputs, {"name": "is_rc", "unit": ""}]
    _write_student(
        out / "distmass_state.onnx", state_student, state_inputs, {}, given | {"metrics": found["distmass_state"]}
    )
    return found


def without_binaries(stars: Stars, network: Trained, target: Target) -> Stars:
    """Take the magnitudes of dwarfs away whose parallax distance exceeds the network's by 13 %: they are binaries.

    Stone-Martinez et al. 2024, section 4.1.1; limits in `networks.toml`.
    """
    limits = specification()["binaries"]
    label = stars.columns[target.label]
    ratio = 10 ** ((network.predict(stars.x)[0] - label) / 5)
    logg = stars.x[:, [entry["name"] for entry in specification()["inputs"]].index("logg")]
    is_binary = (logg > limits["min_logg"]) & (ratio - 1 > limits["max_residual"])
    return replace(stars, columns=stars.columns | {target.label: np.where(is_binary, np.nan, label)})


def paper_graph(networks: list[Trained], n_inputs: int) -> onnx.GraphProto:
    """One output for each of the paper's networks."""
    builder = GraphBuilder()
    parts = []
    for network in networks:
        h = "x"
        for layer in network.layers:
            h = builder.layer(h, layer)
        scaled = builder.add("Mul", h, builder.constant(network.target_scale))
        parts.append(builder.add("Add", scaled, builder.constant(network.target_mean)))
    return builder.finish(builder.concat(parts), n_inputs, len(parts), "paper")


def _write_student(
    path: Path,
    student: Student,
    inputs: list[dict[str, str]],
    spaces: dict[str, Space],
    metadata: dict[str, Any],
) -> None:
    """Values and errors; with training spaces also their densities and the derivatives of the values by the inputs."""
    targets = [ensemble.target for ensemble in student.ensembles]
    outputs = [{"name": name, "unit": t.unit} for t in targets for name in (t.column, f"{t.column}_error")]
    builder = GraphBuilder()
    parts = student.add_to(builder)
    graph = builder.finish(builder.concat(parts), len(inputs), len(parts), "student")
    model = write_model(path, graph, metadata | {"inputs": inputs, "outputs": outputs})
    if not spaces:
        return
    jacobian = _Jacobian(model, "x")
    slopes = [jacobian.row(2 * i) for i in range(len(targets))]
    builder = jacobian.builder
    outputs = [*outputs, *({"name": name, "unit": ""} for name in spaces)]
    outputs += [
        {"name": f"d_{t.column}_d_{entry['name']}", "unit": f"{t.unit} / ({entry['unit']})"}
        for t in targets
        for entry in inputs
    ]
    everything = builder.concat([jacobian.tensors["y"], *(space.add_to(builder) for space in spaces.values()), *slopes])
    graph = builder.finish(everything, len(inputs), len(outputs), "student")
    write_model(path, graph, metadata | {"inputs": inputs, "outputs": outputs})


def _judge_student(stars: Stars, student: Student, x: np.ndarray) -> dict[str, dict[str, float]]:
    found = zip(student.ensembles, student.predict(x), strict=True)
    return {e.target.name: _judge(stars, e.target, x, *values) for e, values in found}


def _judge(stars: Stars, target: Target, x: np.ndarray, value: np.ndarray, error: np.ndarray) -> dict[str, float]:
    """Fractional bias and scatter of mass or distance on test stars, and how many errors hold the label."""
    label = stars.columns[target.label]
    rows = (stars.split == "test") & np.isfinite(label) & np.isfinite(x).all(axis=1)
    difference = value[rows] - label[rows]
    ratio = difference / label[rows] if target.logarithmic else 10 ** (-difference / 5) - 1
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


def _metadata(stars: Stars, text: dict[str, Any]) -> dict[str, Any]:
    digest = hashlib.sha256(np.ascontiguousarray(stars.x).tobytes())
    for name in sorted(stars.columns):
        digest.update(np.ascontiguousarray(stars.columns[name]).tobytes())
    used = stars.x[stars.split != "test"]
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
        "n_train": "core-helium nodes of nine tenths of the isochrones",
        "domain": {"mass_msun": [0.8, 8], "m_h": [-0.5, 0.5], "alpha_m": [-0.1, 0.4]},
        "metrics": metrics,
        "citation": "Bressan et al. 2012 (PARSEC); Stone-Martinez et al. 2024, section 6.1",
        "version": "1",
    }


if __name__ == "__main__":
    main()
