"""Bring label surveys onto one scale by the stars that they have in common (section 3.1).

Every survey is compared with a pivot (the one that has most stars in common with the others;
LAMOST in Green+2020), by the inverse-variance-weighted mean difference, and the offsets are then
referred to the survey that defines the scale (GALAH in Green+2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .covariance import Array

CLIP = 5.0  # sigmas of the difference; wrong matches and failed fits fall beyond


@dataclass(frozen=True)
class SurveyLabels:
    """Labels of one survey: star identifiers [n], labels [n, 3] and their errors [n, 3]."""

    star: NDArray[np.int64]
    theta: Array
    sigma: Array


@dataclass(frozen=True)
class Offset:
    """What to add to a survey's labels, its error, and from how many stars (three labels)."""

    add: Array  # [3]
    error: Array  # [3]
    n: int


def mean_difference(survey: SurveyLabels, other: SurveyLabels) -> Offset:
    """Inverse-variance-weighted mean of other - survey over the stars in common.

    Raises
    ------
    ValueError
        If the surveys have no star in common.
    """
    _, i, j = np.intersect1d(survey.star, other.star, return_indices=True)
    if len(i) == 0:
        raise ValueError(
            "the two surveys have no star in common, so that their scales cannot be compared; "
            "give a pivot survey that overlaps with both"
        )
    difference = other.theta[j] - survey.theta[i]
    variance = survey.sigma[i] ** 2 + other.sigma[j] ** 2
    near = np.abs(difference - np.median(difference, axis=0)) < CLIP * np.sqrt(variance)
    weight = np.where(near, 1.0 / variance, 0.0)
    total = weight.sum(axis=0)
    return Offset((weight * difference).sum(axis=0) / total, 1.0 / np.sqrt(total), len(i))


def survey_offsets(surveys: dict[str, SurveyLabels], pivot: str, reference: str) -> dict[str, Offset]:
    """Offsets that put every survey on the scale of `reference`, by way of `pivot`.

    to_pivot(s) = <pivot - s>; a survey then gets to_pivot(s) - to_pivot(reference), the errors
    in quadrature. The reference gets zero.
    """
    zero = Offset(np.zeros(3), np.zeros(3), 0)
    to_pivot = {
        name: zero if name == pivot else mean_difference(labels, surveys[pivot]) for name, labels in surveys.items()
    }
    base = to_pivot[reference]
    return {
        name: zero
        if name == reference
        else Offset(own.add - base.add, np.hypot(own.error, base.error), own.n or base.n)
        for name, own in to_pivot.items()
    }
