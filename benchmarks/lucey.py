"""Networks of the shape of Lucey et al. 2020 with random weights: 14 inputs, layers of 32-24-16-8, six parameters."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from candlesql.udfs.graph import GraphBuilder, Layer
from candlesql.udfs.model import Model, write_model

INPUTS = (
    "phot_g_mean_mag",
    "phot_bp_mean_mag",
    "phot_rp_mean_mag",
    "g_mean_psf_mag",
    "r_mean_psf_mag",
    "i_mean_psf_mag",
    "z_mean_psf_mag",
    "y_mean_psf_mag",
    "j_m",
    "h_m",
    "ks_m",
    "w1mpro",
    "w2mpro",
    "parallax",
)
OUTPUTS = ("teff_all_k", "logg_all", "teff_k", "logg", "delta_nu_uhz", "delta_p_s")
BATCH = 2048


def write_lucey_model(path: Path) -> Model:
    """Six mixture density networks, the last of two Gaussians: means and widths, 12 outputs."""
    rng, builder = np.random.default_rng(0), GraphBuilder()
    parts: list[str] = []
    for name in OUTPUTS:
        k = 2 if name == "delta_p_s" else 1
        h = "x"
        for n_in, n_out in pairwise((len(INPUTS), 32, 24, 16, 8)):
            h = builder.layer(h, _layer(rng, n_in, n_out, "Sigmoid"))
        h = builder.layer(h, _layer(rng, 8, 3 * k, ""))
        means, widths = builder.rows(h, k, 2 * k), builder.add("Exp", builder.rows(h, 2 * k, 3 * k))
        if k > 1:
            weights = builder.add("Softmax", builder.rows(h, 0, k), axis=0)
            means, widths = (builder.sum_rows(builder.add("Mul", weights, part)) for part in (means, widths))
        parts += [means, widths]
    outputs = [{"name": f"{name}{end}", "unit": ""} for name in OUTPUTS for end in ("", "_error")]
    metadata: dict[str, object] = {
        "system": path.stem,
        "inputs": [{"name": name, "unit": "mas" if name == "parallax" else "mag"} for name in INPUTS],
        "outputs": outputs,
    }
    return write_model(path, builder.finish(builder.concat(parts), len(INPUTS), len(outputs), path.stem), metadata)


def random_rows(n: int, seed: int = 1) -> np.ndarray:
    """Inputs [14, n], float32, of the size of magnitudes less 15."""
    return np.random.default_rng(seed).normal(size=(len(INPUTS), n)).astype(np.float32)


def alternate(runs: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of what each run returns, run after run and round after round, once before to warm up."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            value = run()
            if number:
                found[name].append(value)
    return {name: float(np.median(values)) for name, values in found.items()}


def _layer(rng: np.random.Generator, n_in: int, n_out: int, activation: str) -> Layer:
    return Layer(rng.normal(size=(n_out, n_in)) / np.sqrt(n_in), rng.normal(size=n_out), activation)
