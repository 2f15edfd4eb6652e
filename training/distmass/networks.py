"""Networks that learn from one table of stars: the paper's, ensembles, and what small networks learned from these."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...errors import UserError
from ..space import Space, fit_space
from .data import Stars, Target, specification
from .distil import Student, distil
from .ensembles import Ensemble, seed_of, train_ensemble, train_paper, train_states
from .regression import Recipe, Trained

#: Fewer labelled stars teach nothing.
MIN_ROWS = 200


@dataclass(frozen=True)
class Networks:
    """What was trained, and on which stars.

    Attributes
    ----------
    stars
        The stars, without the magnitudes of binaries.
    targets
        Those that enough stars have labels of.
    spaces
        The training space of each.
    state
        The student that reads the evolutionary state too, where enough stars have one.
    """

    stars: Stars
    targets: list[Target]
    papers: list[Trained]
    teachers: list[Ensemble]
    student: Student
    state: Student | None
    spaces: list[Space]


def recipes() -> dict[str, Recipe]:
    """How networks are trained, by kind."""
    given = specification()["recipes"]
    return {name: Recipe(**(entry | {"hidden": tuple(entry["hidden"])})) for name, entry in given.items()}


def train_networks(stars: Stars, seed: int) -> Networks:
    """Train every network that learns from stars, on those outside the test part.

    Raises
    ------
    UserError
        If no label is known of enough stars.
    """
    text = specification()
    targets = [target for target in text["targets"] if is_known(stars, target).sum() >= MIN_ROWS]
    if not targets:
        wanted = " or ".join(target.label for target in text["targets"])
        raise UserError(f"distmass.training: fewer than {MIN_ROWS} stars to train on have {wanted}")
    stars, papers = _without_binaries(stars, targets, seed)
    used = is_used(stars, targets)
    ensemble, hidden = recipes()["ensemble"], tuple(text["students"]["hidden"])
    states = train_states(stars, recipes()["state"], seed) if _has_states(stars, stars.split != "test") else []
    teachers = [
        train_ensemble(stars, stars.x, target, ensemble, seed, states if target.name == "absolute_k" else [])
        for target in targets
    ]
    student = distil(teachers, stars.x[used], hidden, seed_of(seed, "student"))
    spaces = [fit_space(stars.x[is_known(stars, target)], seed) for target in targets]
    return Networks(stars, targets, papers, teachers, student, _with_state(stars, targets, hidden, seed), spaces)


def is_known(stars: Stars, target: Target) -> np.ndarray:
    """Stars outside the test part that have the label [rows]."""
    return np.isfinite(stars.columns[target.label]) & (stars.split != "test")


def is_used(stars: Stars, targets: list[Target]) -> np.ndarray:
    """Stars outside the test part that have any of the labels [rows]."""
    return np.any([is_known(stars, target) for target in targets], axis=0)


def with_state(stars: Stars) -> np.ndarray:
    """The inputs and the evolutionary state [rows, inputs + 1], NaN where that is not known."""
    return np.column_stack([stars.x, stars.columns["is_rc"]])


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


def _without_binaries(stars: Stars, targets: list[Target], seed: int) -> tuple[Stars, list[Trained]]:
    """The stars without binaries, and the paper's networks trained on them."""
    recipe = recipes()["paper"]
    papers = [train_paper(stars, target, recipe, seed) for target in targets]
    if targets[0].name == "absolute_k":
        stars = without_binaries(stars, papers[0], targets[0])
        papers[0] = train_paper(stars, targets[0], recipe, seed)
    return stars, papers


def _has_states(stars: Stars, rows: np.ndarray) -> bool:
    """Whether enough of these stars [rows] have either evolutionary state."""
    state = stars.columns["is_rc"][rows]
    return min((state == 0).sum(), (state == 1).sum()) >= MIN_ROWS / 2


def _with_state(stars: Stars, targets: list[Target], hidden: tuple[int, ...], seed: int) -> Student | None:
    x = with_state(stars)
    if targets[0].name != "absolute_k" or not _has_states(stars, is_known(stars, targets[0])):
        return None
    ensemble = train_ensemble(stars, x, targets[0], recipes()["ensemble"], seed)
    return distil([ensemble], x[is_used(stars, targets)], hidden, seed_of(seed, "student with state"))
