"""Ensembles of networks with calibrated errors, and the paper's networks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from .data import Stars, Target, specification
from .regression import Recipe, Trained, predict, train

#: log g [dex] below which a giant is luminous, and how many of them tell their errors.
LUMINOUS_LOGG, FEWEST_LUMINOUS = 2.0, 30
#: Share of a normal distribution within one standard deviation.
ONE_SIGMA = 0.6827


@dataclass(frozen=True)
class Widening:
    """What makes the networks' error the standard error: one factor for luminous giants, one for all others.

    The labels of luminous giants scatter more about any network than their neighbours in log g do.
    """

    luminous: float
    others: float

    def at(self, x: np.ndarray) -> np.ndarray:
        """The factor [rows] of stars with the inputs x [rows, inputs]."""
        return np.where(is_luminous(x), self.luminous, self.others)


def is_luminous(x: np.ndarray) -> np.ndarray:
    """Which stars [rows] are giants above the red clump by far."""
    logg = [entry["name"] for entry in specification()["inputs"]].index("logg")
    return np.asarray(x[:, logg] < LUMINOUS_LOGG)


@dataclass(frozen=True)
class Ensemble:
    """Networks of one target; `widening` times their error is the standard error.

    Attributes
    ----------
    states
        Networks of the probability of core-helium burning, whose mean the others read as a further input; may be empty.
    """

    target: Target
    networks: list[Trained]
    widening: Widening
    states: list[Trained]

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Value and standard error [rows] in the target's unit."""
        mean, scale = predict(self.networks, _read(x, self.states))
        scale = scale * self.widening.at(x)
        if self.target.logarithmic:
            return np.exp(mean), np.exp(mean) * scale
        return mean, scale

    def seen(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean as networks see the target, and ln of its standard error there [rows]."""
        mean, scale = predict(self.networks, _read(x, self.states))
        return mean, np.log(scale * self.widening.at(x))


def train_states(stars: Stars, recipe: Recipe, seed: int) -> list[Trained]:
    """Networks of the probability of core-helium burning, from all stars of known state outside the test part.

    More stars have a state than a distance, and distances jump where the state changes: networks that are told the
    probability need not learn the edge from the distances.
    """
    state = stars.columns["is_rc"]
    usable = np.isfinite(state) & (stars.split != "test")
    held = _held_out(stars, recipe)
    return [
        train(stars.x[usable], state[usable], np.ones(usable.sum()), rows[usable], recipe, seed_of(seed, "state", i))
        for i, rows in enumerate(held)
    ]


def train_ensemble(
    stars: Stars, x: np.ndarray, target: Target, recipe: Recipe, seed: int, states: list[Trained] | None = None
) -> Ensemble:
    """Train on the 80 % outside the test part; members stop on different fifths of it.

    Errors are calibrated by a first ensemble on the training part alone: 68 % of the validation stars must fall within
    one standard error, that of the label included, of the luminous giants among them as of the others.

    Parameters
    ----------
    x
        What the networks read [rows, inputs]; rows with NaN are not used.
    states
        Networks of `train_states`, whose probability is read too.
    """
    states = states or []
    x = _read(x, states)
    usable = np.isfinite(stars.label(target)) & np.isfinite(x).all(axis=1) & (stars.split != "test")
    label, sigma = stars.label(target), stars.sigma(target)
    validation = stars.split == "validation"

    def members(held: list[np.ndarray], name: str) -> list[Trained]:
        return [
            train(x[usable], label[usable], sigma[usable], rows[usable], recipe, seed_of(seed, target.name, name, i))
            for i, rows in enumerate(held)
        ]

    first = members([validation] * recipe.members, "calibration")
    judged = usable & validation
    mean, scale = predict(first, x[judged])
    widening = _widenings(x[judged], mean - label[judged], scale, sigma[judged])
    return Ensemble(target, members(_held_out(stars, recipe), "member"), widening, states)


def train_paper(stars: Stars, target: Target, recipe: Recipe, seed: int) -> Trained:
    """The paper's network: linear target, errors of the labels in the loss, early stopping on the validation part."""
    label = stars.columns[target.label]
    sigma = stars.sigma(target) if target.error else target.error_ratio * label
    usable = np.isfinite(label) & (stars.split != "test")
    held = stars.split[usable] == "validation"
    return train(stars.x[usable], label[usable], sigma[usable], held, recipe, seed_of(seed, target.name, "paper", 0))


def _read(x: np.ndarray, states: list[Trained]) -> np.ndarray:
    """The inputs, and with networks of the state its probability [rows, inputs (+ 1)]."""
    if not states:
        return x
    return np.column_stack([x, np.clip(predict(states, x)[0], 0, 1)])


def _held_out(stars: Stars, recipe: Recipe) -> list[np.ndarray]:
    """The stars [rows] on which each member stops."""
    return [(stars.bucket - 5) % recipe.members == i for i in range(recipe.members)]


def seed_of(seed: int, *words: object) -> int:
    """A seed of its own for each network."""
    return int(hashlib.sha256(f"{seed}:{words}".encode()).hexdigest()[:8], 16)


def _widenings(x: np.ndarray, residual: np.ndarray, scale: np.ndarray, sigma: np.ndarray) -> Widening:
    """A factor of their own for luminous giants, where there are enough to tell."""
    luminous = is_luminous(x)
    everywhere = _widening(residual, scale, sigma)
    if luminous.sum() < FEWEST_LUMINOUS:
        return Widening(everywhere, everywhere)
    parts = (_widening(residual[rows], scale[rows], sigma[rows]) for rows in (luminous, ~luminous))
    return Widening(*parts)


def _widening(residual: np.ndarray, scale: np.ndarray, sigma: np.ndarray) -> float:
    """The factor of `scale` at which 68 % of the residuals are within hypot(factor * scale, sigma)."""

    def excess(factor: float) -> float:
        return float(np.quantile(np.abs(residual) / np.hypot(factor * scale, sigma), ONE_SIGMA)) - 1

    least, most = 0.05, 20.0
    if excess(least) < 0:  # the labels' own errors are as large as the residuals
        return least
    return float(brentq(excess, least, most))
