"""Train the inverse of the photometry network and write it as ONNX.

    python -m candlesql.training.photometry.train_infer --data stars_13band.parquet

Needs photometry.onnx (`train.py`). The prior and the correction learn from the stars that the
forward network learned from; the test stars are judged at the end.
"""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from ...udfs.metadata import TRAINED_ON
from ..entry import start
from .bands import Band, read_bands
from .correction import (
    CorrectionOptions,
    CorrectionTable,
    add_correction,
    corrected,
    features,
    mixture_moments,
    n_features,
    train_correction,
)
from .covariance import Array, settled_ebv
from .data import Stars, read_stars, sha256, split_bucket
from .distance import SCATTER, star_modulus
from .infer import DEFAULT_EBV, Photometer
from .infer_graph import Inputs, Matrix, observation, scan_components
from .network import Network
from .onnx_graph import Graph, read_network
from .prior import Mixture, extreme_deconvolution
from .subsets import hide_bands, hide_map, hide_parallax, incomplete
from .train import MODELS, domain

log = logging.getLogger(__name__)

COMPONENTS = 8
FLOOR = 0.01  # mag, scatter of the model added to every band
BINARY_SCATTER = 0.15  # mag
STEPS = 12
LABELS_AND_EBV = [(i, j) for i in range(4) for j in range(i + 1)]
NAMES = ("teff_k", "logg", "feh", "ebv", "distance_modulus")
UNITS = ("K", "dex(cm/s2)", "dex", "mag", "mag")
CITATION = "Green et al. 2020, equation 19 (posterior); Bovy, Hogg & Roweis 2011 (prior); weights trained anew"


def stellar_prior(stars: Stars, network: Network, components: int, seed: int) -> Mixture:
    """Mixture of (z1, z2, z3, mu) of the training stars, freed from label errors.

    mu = G - M_G(theta) - R_G E, whose error follows from the labels' and the reddening's.
    """
    predicted = network.predict(stars.theta)
    ebv, variance = settled_ebv(stars, predicted)
    m_g, r_g = predicted.magnitude[:, 0], predicted.extinction[:, 0]
    modulus = stars.mag[:, 0] - m_g - r_g * ebv
    noise = np.zeros((len(stars), 4, 4))
    noise[:, :3, :3] = stars.theta_cov / np.outer(network.scale, network.scale)
    slope = predicted.magnitude_jacobian[:, 0, :] * network.scale  # dM_G/dz
    shared = -(noise[:, :3, :3] @ slope[:, :, None])[:, :, 0]
    noise[:, :3, 3] = noise[:, 3, :3] = shared
    noise[:, 3, 3] = -np.sum(slope * shared, axis=1) + BINARY_SCATTER**2 + r_g**2 * variance
    points = np.column_stack([network.normalise(stars.theta), modulus])
    return extreme_deconvolution(points, noise, components, seed)


def make_photometer(learn: Stars, network: Network, seed: int) -> Photometer:
    """The shipped settings, with the prior of these stars."""
    prior = stellar_prior(learn, network, COMPONENTS, seed)
    floor = np.full(network.n_bands, FLOOR)
    return Photometer(network, prior, floor, BINARY_SCATTER, steps=STEPS)


def catalog_rows(stars: Stars) -> np.ndarray:
    """The inputs of photometry_infer.onnx, float32 [2 b + 4, n]; NaN where missing."""
    seen = stars.observed
    mag = np.where(seen, stars.mag, np.nan).T
    sigma = np.where(seen, stars.mag_sigma, np.nan).T
    rest = [stars.parallax, stars.parallax_sigma, stars.ebv, stars.ebv_sigma]
    return np.vstack([mag, sigma, *rest]).astype(np.float32)


def input_fields(bands: list[Band]) -> list[tuple[str, str]]:
    """Name and unit of every input."""
    fields = [(f"{band.name}_mag", "mag") for band in bands]
    fields += [(f"{band.name}_mag_error", "mag") for band in bands]
    return [*fields, ("parallax", "mas"), ("parallax_error", "mas"),
            ("ebv_prior", "mag"), ("ebv_prior_error", "mag")]  # fmt: skip


def output_fields() -> list[tuple[str, str]]:
    """Name and unit of every output."""
    fields = []
    for name, unit in zip(NAMES, UNITS, strict=True):
        fields += [(name, unit), (f"{name}_error", unit)]
    return [*fields, ("chi2", ""), ("n_bands", "")]


def run(path: Path, x: np.ndarray, batch: int = 2048) -> np.ndarray:
    """Score x [inputs, rows] with a model file, one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    parts = [
        session.run(None, {"x": np.ascontiguousarray(x[:, i : i + batch])})[0] for i in range(0, x.shape[1], batch)
    ]
    return np.concatenate(parts, axis=1)


def physical(graph: Graph, photometer: Photometer, mean: list[str], c: Matrix, chi2: str,
             data: Inputs) -> str:  # fmt: skip
    """The outputs in the order of `output_fields`, in physical units."""
    network = photometer.network
    scale, centre = [*network.scale, 1.0, 1.0], [*network.centre, 0.0, 0.0]
    rows = []
    for i in range(5):
        value = graph.op("Mul", mean[i], graph.constant(scale[i]))
        value = graph.op("Add", value, graph.constant(centre[i]))
        if NAMES[i] == "ebv":
            value = graph.op("Max", value, graph.constant(0.0))
        error = graph.op("Mul", graph.op("Sqrt", c[i, i]), graph.constant(scale[i]))
        rows += [value, error]
    seen = graph.op("Cast", graph.op("Greater", data.weight, graph.constant(0.0)), to=1)
    return graph.op("Concat", *rows, chi2, graph.sum(seen), axis=0)


def save_stage(photometer: Photometer, bands: list[Band], path: Path) -> None:
    """Write the uncorrected posterior and the features that the correction sees."""
    graph = Graph()
    data = observation(graph, photometer)
    moments = mixture_moments(graph, *scan_components(graph, photometer, data))
    seen = features(graph, photometer, data, moments)
    four = [moments.covariance[i, j] for i, j in LABELS_AND_EBV]
    result = graph.op("Concat", *moments.mean[:4], *four, seen, axis=0)
    count = 4 + len(LABELS_AND_EBV) + n_features(len(bands))
    graph.save(path, result, input_fields(bands), [(f"y{i}", "") for i in range(count)], {})


def training_set(photometer: Photometer, stars: Stars, bands: list[Band], work: Path, seed: int) -> CorrectionTable:
    """Features and offsets of complete and incomplete stars.

    Every star comes as observed and with random parts of its data hidden, so that the
    correction knows sparse photometry too.
    """
    save_stage(photometer, bands, work)
    network = photometer.network
    many = incomplete(replace(stars, row=np.arange(len(stars))), np.random.default_rng(seed))
    y = run(work, catalog_rows(many)).astype(float)
    cov = np.empty((len(many), 4, 4))
    for k, (i, j) in enumerate(LABELS_AND_EBV, start=4):
        cov[:, i, j] = cov[:, j, i] = y[k]
    sigma = np.sqrt(np.diagonal(cov, axis1=1, axis2=2))  # [n, 4], normalised labels and E
    correlation = cov / (sigma[:, :, None] * sigma[:, None, :])
    labels = correlation[:, :3, :3]
    unit = sigma[:, :3] * network.scale
    ebv, _ = settled_ebv(stars, network.predict(stars.theta))
    return CorrectionTable(
        features=y[4 + len(LABELS_AND_EBV) :].T,
        offset=(network.normalise(many.theta) - y[:3].T) / sigma[:, :3],
        posterior=labels,
        label=many.theta_cov / (unit[:, :, None] * unit[:, None, :]),
        gain=np.linalg.solve(labels, correlation[:, :3, 3:])[:, :, 0],
        ebv_offset=(ebv[many.row] - y[3]) / sigma[:, 3],
    )


def save_inference(photometer: Photometer, members: list, bands: list[Band], path: Path, metadata: dict) -> None:
    """Write photometry_infer.onnx."""
    graph = Graph()
    data = observation(graph, photometer)
    moments = mixture_moments(graph, *scan_components(graph, photometer, data))
    if members:
        seen = features(graph, photometer, data, moments)
        moments = corrected(graph, moments, add_correction(graph, members, seen))
    modulus, variance = star_modulus(graph, data, moments.mean[4], moments.covariance[4, 4])
    moments = replace(moments, mean=[*moments.mean[:4], modulus], covariance={**moments.covariance, (4, 4): variance})
    result = physical(graph, photometer, moments.mean, moments.covariance, moments.chi2, data)
    graph.save(path, result, input_fields(bands), output_fields(), metadata)


def robust(x: Array) -> float:
    """Standard deviation by the median absolute deviation."""
    return float(1.4826 * np.median(np.abs(x - np.median(x))))


def judge(path: Path, stars: Stars, truth: Stars, network: Network) -> dict[str, Any]:
    """Scatter against labels, coverage of label +- combined error, and scatter of E.

    `truth` are the same stars with nothing hidden: their E follows from the labels.
    """
    y = run(path, catalog_rows(stars)).astype(float)
    result: dict[str, Any] = {}
    for i, name in enumerate(NAMES[:3]):
        miss = y[2 * i] - stars.theta[:, i]
        pull = np.abs(miss) / np.hypot(y[2 * i + 1], np.sqrt(stars.theta_cov[:, i, i]))
        result[name] = {
            "mad_scatter": round(robust(miss), 4),
            "standard_deviation": round(float(miss.std()), 4),
            "bias": round(float(np.median(miss)), 4),
            "coverage_68": round(float(np.mean(pull < 1.0)), 3),
            "coverage_95": round(float(np.mean(pull < 1.96)), 3),
        }
    by_labels, _ = settled_ebv(truth, network.predict(truth.theta))
    miss = y[6] - by_labels
    result["ebv"] = {
        "mad_scatter": round(robust(miss), 4),
        "standard_deviation": round(float(miss.std()), 4),
        "against": "equations 8 and 9 with the spectroscopic labels",
    }
    return result


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the inference of labels from photometry.")
    parser.add_argument("--data", type=Path, required=True, help="training table, Parquet")
    parser.add_argument("--network", type=Path, default=MODELS / "photometry.onnx")
    parser.add_argument("--out", type=Path, default=MODELS / "photometry_infer.onnx")
    parser.add_argument("--stars", default="real", choices=TRAINED_ON, help="what the stars are")
    parser.add_argument("--bands", type=Path, help="bands file (default: the 13 published bands)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    bands = read_bands(options.bands)
    stars = read_stars(options.data, bands)
    bucket = split_bucket(stars.row)
    learn, test = stars.take(bucket < 9), stars.take(bucket == 9)
    network = read_network(options.network)
    photometer = make_photometer(learn, network, options.seed)
    log.info("prior: %d components", len(photometer.prior))
    work = options.out.with_suffix(".stage.onnx")
    table = training_set(photometer, learn, bands, work, options.seed)
    work.unlink()
    settings = CorrectionOptions()
    members = [train_correction(table, settings, options.seed + i) for i in range(settings.members)]
    log.info("correction: %d networks on %d rows", len(members), len(table))
    metadata: dict[str, object] = {
        "system": "photometry",
        "trained_on": options.stars,
        "training_stars": options.out.stem.removesuffix("_infer"),
        "missing": "nan",
        "training_sha256": sha256(options.data),
        "n_train": len(learn),
        "domain": domain(learn),
        "priors": priors(photometer),
        "citation": CITATION,
        "version": "1",
    }
    save_inference(photometer, members, bands, options.out, metadata)
    metrics = judge_all(options.out, test, network)
    save_inference(photometer, members, bands, options.out, {**metadata, "metrics": metrics})
    log.info("%s", json.dumps(metrics, indent=1))


def priors(photometer: Photometer) -> dict[str, object]:
    """What the posterior assumes, in words and numbers."""
    return {
        "labels and distance modulus": f"{len(photometer.prior)} Gaussians fitted to the training "
        "stars by extreme deconvolution: true of stars selected like LAMOST, APOGEE and GALAH",
        "reddening": "Gaussian, ebv_prior and ebv_prior_error; where these are NULL "
        f"{DEFAULT_EBV[0]} +- {DEFAULT_EBV[1]} mag",
        "model scatter in every band [mag]": FLOOR,
        "scatter of absolute magnitude in the parallax term [mag]": BINARY_SCATTER,
        "scatter of the modulus about that of the distance [mag]": SCATTER,
    }


def judge_all(path: Path, test: Stars, network: Network) -> dict[str, Any]:
    """`judge` with all data, without parallax, and without a reddening map."""
    n = len(test)
    everyone, nobody = np.ones(n, dtype=bool), np.zeros((n, test.mag.shape[1]), dtype=bool)
    no_wise = nobody.copy()
    no_wise[:, -2:] = True
    return {
        "rows": f"{n} test stars, bucket 9 of md5(row) modulo 10, never trained on",
        "complete": judge(path, test, test, network),
        "without_parallax": judge(path, hide_parallax(test, everyone), test, network),
        "without_map": judge(path, hide_map(test, everyone), test, network),
        "without_last_two_bands": judge(path, hide_bands(test, no_wise), test, network),
    }


if __name__ == "__main__":
    start(main)
