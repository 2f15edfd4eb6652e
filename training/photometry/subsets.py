"""Incomplete copies of complete stars, to train and test inference from sparse data."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from .data import Stars

Mask = NDArray[np.bool_]


def stack(parts: list[Stars]) -> Stars:
    """All stars of several samples."""
    return Stars(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Stars)))


def hide_bands(stars: Stars, hidden: Mask) -> Stars:
    """The stars without the bands where `hidden` [n, b] is true."""
    return replace(
        stars,
        mag=np.where(hidden, 0.0, stars.mag),
        mag_sigma=np.where(hidden, np.inf, stars.mag_sigma),
    )


def hide_parallax(stars: Stars, hidden: Mask) -> Stars:
    """The stars without parallax where `hidden` [n] is true."""
    return replace(
        stars,
        parallax=np.where(hidden, np.nan, stars.parallax),
        parallax_sigma=np.where(hidden, np.nan, stars.parallax_sigma),
    )


def hide_map(stars: Stars, hidden: Mask) -> Stars:
    """The stars without a reddening prior where `hidden` [n] is true."""
    return replace(
        stars,
        ebv=np.where(hidden, np.nan, stars.ebv),
        ebv_sigma=np.where(hidden, np.nan, stars.ebv_sigma),
    )


def incomplete(stars: Stars, random: np.random.Generator, copies: int = 2) -> Stars:
    """The stars as they are, and copies with bands, parallax or reddening map hidden.

    In a copy every band is hidden with a probability that is itself uniform in 0..0.7 from star
    to star, the parallax with 0.5, the map with 0.3; three bands or more always remain where
    the star has them.
    """
    parts = [stars, stars]  # what is complete counts twice
    n, b = stars.mag.shape
    for _ in range(copies):
        hidden = random.random((n, b)) < random.uniform(0.0, 0.7, (n, 1))
        left = (stars.observed & ~hidden).sum(axis=1)
        hidden[left < 3] = False
        copy = hide_bands(stars, hidden)
        copy = hide_parallax(copy, np.less(random.random(n), 0.5))
        parts.append(hide_map(copy, np.less(random.random(n), 0.3)))
    return stack(parts)
