"""Errors of the inputs by magnitude, and the patterns of NULLs that surveys make."""

from __future__ import annotations

import numpy as np

from ...catalogs.mock.parameters import PHOTOMETRIC_NOISE
from .space import INPUTS, LATITUDE, N_BANDS, PARALLAX

#: Floor [mas], and scale of the pre-launch error, of the parallaxes of Gaia DR2 and EDR3.
PARALLAX_LAWS = np.array([(0.025, 1.3), (0.012, 0.75)])
ERROR_SPREAD = 0.15
#: Of a parallax's zero point, over the sky and with magnitude [mas]; Lindegren et al. 2021.
ZERO_POINT_SCATTER = 0.012

GAIA, COLOURS, PS1, TWOMASS, WISE = [0, 1, 2], [1, 2], [3, 4, 5, 6, 7], [8, 9, 10], [11, 12]
#: Share of the stars that lack these inputs: south of Pan-STARRS1, crowded fields, near infrared alone and so on.
PATTERNS: tuple[tuple[float, list[int] | None], ...] = (
    (0.25, []),
    (0.08, PS1),
    (0.07, WISE),
    (0.12, PS1 + WISE),
    (0.08, [11]),
    (0.05, PS1 + WISE + TWOMASS),
    (0.07, PS1 + WISE + GAIA),
    (0.08, [*PS1, *WISE, *GAIA, 9]),
    (0.04, PS1 + WISE + COLOURS),
    (0.16, None),
)
ONE_LOST, PARALLAX_LOST, PLACE_LOST = 0.25, 0.25, 0.4


def magnitude_errors(magnitudes: np.ndarray) -> np.ndarray:
    """Errors [mag] of magnitudes [rows, bands]."""
    floor, reference, at, slope = PHOTOMETRIC_NOISE.T.astype(float)
    return np.hypot(floor, reference * 10 ** (slope * (magnitudes - at)))


def parallax_errors(g: np.ndarray, release: np.ndarray) -> np.ndarray:
    """Errors [mas] of parallaxes at G, release 0 for DR2 and 1 for EDR3; the law of the Gaia Collaboration 2016."""
    z = 10 ** (0.4 * (np.maximum(g, 12.09) - 15))
    floor, scale = PARALLAX_LAWS[release].T
    return np.hypot(floor, scale * 1e-3 * np.sqrt(680.766 * z + 32.732 * z * z))


def observed(rng: np.random.Generator, n: int) -> np.ndarray:
    """Which inputs [n, inputs] some stars have; none has fewer than two bands."""
    kept = np.ones((n, len(INPUTS)), bool)
    pattern = rng.choice(len(PATTERNS), n, p=[share for share, _ in PATTERNS])
    for number, (_, lost) in enumerate(PATTERNS):
        rows = np.flatnonzero(pattern == number)
        if lost is None:
            kept[rows, :N_BANDS] = rng.random((len(rows), N_BANDS)) < rng.uniform(0.3, 0.95, (len(rows), 1))
        else:
            kept[rows[:, None], lost] = False
    one = np.flatnonzero(rng.random(n) < ONE_LOST)
    kept[one, rng.integers(0, N_BANDS, len(one))] = False
    kept[rng.random(n) < PARALLAX_LOST, PARALLAX] = False
    kept[rng.random(n) < PLACE_LOST, LATITUDE:] = False
    kept[kept[:, :N_BANDS].sum(axis=1) < 2, :N_BANDS] = True
    return kept
