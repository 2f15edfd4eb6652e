"""How well a model meets the parallaxes of stars that it was not trained on: a row of the cross-validation table."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from .fit import BEST_ERROR_RATIO


@dataclass(frozen=True)
class Score:
    """A row of `parallax.cross_validation`: over both halves, each predicted by the model of the other.

    `chi2_per_star` is over all training stars; bias, standard deviation and robust scatter of prediction over parallax,
    less one, over those with parallaxes better than 5 percent, as in figure 2 of Hogg et al. 2018.
    """

    model: str
    regularisation: float
    parallax_offset: float
    n_training: int
    chi2_per_star: float
    n_best: int
    bias: float
    standard_deviation: float
    robust_scatter: float
    zeros: float
    evaluations: int
    seconds: float

    def row(self) -> dict[str, str | float | int]:
        """By column."""
        return asdict(self)


def judge(
    model: str,
    predicted: np.ndarray,
    parallax: np.ndarray,
    error: np.ndarray,
    offset: float,
    regularisation: float = float("nan"),
    zeros: float = float("nan"),
    evaluations: int = 0,
    seconds: float = 0.0,
) -> Score:
    """Judge predictions [N] mas of held-out stars against Gaia's parallaxes [N] mas, to which `offset` is added."""
    adjusted = parallax + offset
    best = (parallax > 0) & (error < BEST_ERROR_RATIO * parallax)
    ratio = predicted[best] / adjusted[best] - 1
    middle = float(np.median(ratio)) if best.any() else float("nan")
    return Score(
        model,
        regularisation,
        offset,
        len(parallax),
        float(np.mean(((predicted - adjusted) / error) ** 2)),
        int(best.sum()),
        middle,
        float(ratio.std()) if best.any() else float("nan"),
        float(1.4826 * np.median(np.abs(ratio - middle))) if best.any() else float("nan"),
        zeros,
        evaluations,
        seconds,
    )
