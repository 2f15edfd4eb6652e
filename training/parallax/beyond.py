"""Beyond the paper: the same objective with errors of the features in the likelihood, and with a small network."""

from __future__ import annotations

import time

import duckdb
import numpy as np

from .fit import Fit
from .sample import HALVES, Sample
from .validate import Score, judge

#: The network corrects the linear model by what photometry and some directions of the spectra say.
DIRECTIONS = 12
HIDDEN = 32
EPOCHS = 60
BATCH = 512
PATIENCE_SHARE = 0.2


def feature_variance(connection: duckdb.DuckDBPyConnection, sample: Sample) -> np.ndarray:
    """The variance of equation 5 [N, mas2], to be added to that of the parallaxes: poor features then count less.

    A star's is by its own half's first model, so that the other half's parallaxes still do not touch it.
    """
    rows = connection.execute(
        "select apogee_id, parallax_by_a_error, parallax_by_b_error from parallax.scores"
    ).fetchall()
    by_name = {name: by_half for name, *by_half in rows}
    own = np.concatenate(
        [np.full(sample.halves[half].stop - sample.halves[half].start, i) for i, half in enumerate(HALVES)]
    )
    return np.array([by_name[name][i] for name, i in zip(sample.names.tolist(), own, strict=True)], float) ** 2


def network(sample: Sample, fits: dict[str, Fit], offset: float, seed: int = 0) -> Score:
    """A small network added to theta . x, trained on the same chi-square; stopped by a fifth of its own half."""
    started = time.perf_counter()
    predicted = np.empty(len(sample.names))
    for half, other in (HALVES, HALVES[::-1]):
        rows, others = sample.halves[half], sample.halves[other]
        directions = _directions(sample.part(rows).spectra, fits[half].theta[sample.design.photometry.shape[1] :], seed)
        x, x_other = (_inputs(sample, part, directions, fits[half].theta) for part in (rows, others))
        correction = train_correction(x, sample.parallax[rows] + offset, sample.error[rows], x_other, seed)
        predicted[others] = np.exp(np.minimum(x_other[:, -1] + correction, 10))
    seconds = time.perf_counter() - started
    return judge("linear and small network", predicted, sample.parallax, sample.error, offset, seconds=seconds)


def _directions(spectra: np.ndarray, theta: np.ndarray, seed: int) -> np.ndarray:
    """Principal directions [pixels, directions] of a sample of the spectra in the pixels that the linear model uses."""
    used = theta != 0
    some = np.random.default_rng(seed).choice(len(spectra), min(2000, len(spectra)), replace=False)
    few = spectra[np.sort(some)][:, used].astype(np.float64)
    *_, axes = np.linalg.svd(few - few.mean(axis=0), full_matrices=False)
    found = np.zeros((len(theta), min(DIRECTIONS, len(axes))))
    found[used] = axes[:DIRECTIONS].T
    return found


def _inputs(sample: Sample, rows: slice, directions: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Whitened photometry, components of the spectra, and theta . x [stars, inputs]."""
    part = sample.part(rows)
    parts = np.concatenate([part.spectra[block] @ directions.astype(np.float32) for block in part.blocks()])
    return np.concatenate([part.photometry[:, 1:], parts, part.times(theta)[:, None]], axis=1)


def train_correction(
    x: np.ndarray, parallax: np.ndarray, error: np.ndarray, x_other: np.ndarray, seed: int
) -> np.ndarray:
    """The network's correction to theta . x of other stars, from chi-square on these."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    mean, scale = x.mean(axis=0), x.std(axis=0)

    def tensor(values: np.ndarray) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float32)

    inputs, others = tensor((x - mean) / scale), tensor((x_other - mean) / scale)
    log, wanted, sigma = tensor(x[:, -1]), tensor(parallax), tensor(error)
    held = torch.tensor(np.random.default_rng(seed).random(len(x)) < PATIENCE_SHARE)
    net = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], HIDDEN),
        torch.nn.SiLU(),
        torch.nn.Linear(HIDDEN, HIDDEN),
        torch.nn.SiLU(),
        torch.nn.Linear(HIDDEN, 1),
    )
    for values in net[-1].parameters():
        torch.nn.init.zeros_(values)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-3)

    def loss(rows: torch.Tensor) -> torch.Tensor:
        model = torch.exp(torch.clamp(log[rows] + net(inputs[rows])[:, 0], max=10))
        return (((wanted[rows] - model) / sigma[rows]) ** 2).mean()

    train_rows, held_rows = torch.nonzero(~held)[:, 0], torch.nonzero(held)[:, 0]
    best, kept = float("inf"), torch.zeros(len(others))
    for _ in range(EPOCHS):
        for rows in train_rows[torch.randperm(len(train_rows))].split(BATCH):
            optimiser.zero_grad()
            loss(rows).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
        with torch.no_grad():
            now = float(loss(held_rows))
            if now < best:
                best, kept = now, net(others)[:, 0].clone()
    return kept.numpy().astype(float)
