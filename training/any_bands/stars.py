"""Stars that the network learns from: of the mock sky as they are, and labelled ones as they were observed.

Every batch is made anew: stars are moved in distance and observed with the errors and the gaps of surveys.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...catalogs.mock.sky import Sky
from .noise import ERROR_SPREAD, PARALLAX_LAWS, ZERO_POINT_SCATTER, magnitude_errors, observed, parallax_errors
from .space import KS, LATITUDE, N_BANDS, PARALLAX

LABELS = (("teff_k", "K"), ("logg", "dex"), ("feh", "dex"), ("delta_nu_uhz", "uHz"), ("delta_p_s", "s"))
CORE_HELIUM = 3
#: A P(RC) holds where this share of the giants of log g between these limits is red clump.
PRIOR_SHARE = 0.45
CLUMP_LOGG, GIANT_LOGG, GIANT_TEFF = 2.0, 3.5, 5700.0
DWARF_SHARE = 0.15
#: Range of the change in distance modulus of mock stars [mag], and of the G that real ones are moved to.
MOVED, TARGETS = (-4.5, 1.0), ((9.5, 14.0), (9.5, 17.5))
#: G - Ks of a giant, where G is not known.
G_KS = 2.2
#: Scatter of real stars that no error states: of BP and RP together, of G (two releases), of every band [mag].
COLOUR_JITTER, G_JITTER, JITTER = 0.01, 0.012, 0.004


@dataclass(frozen=True)
class Batch:
    """x [rows, inputs], NaN where not observed; labels [rows, 5], state [rows] (1 red clump), NaN where not known."""

    x: np.ndarray
    labels: np.ndarray
    state: np.ndarray


@dataclass(frozen=True)
class MockStars:
    """True magnitudes [rows, bands], parallaxes, Galactic places, labels, states and reddenings of mock stars, and the
    cumulative chance to draw them."""

    magnitudes: np.ndarray
    parallax: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    labels: np.ndarray
    state: np.ndarray
    ebv: np.ndarray
    cumulative: np.ndarray

    def batch(self, rng: np.random.Generator, n: int, zero_points: np.ndarray) -> Batch:
        """Draw n stars; half of them have `zero_points` [bands] added, as real stars have them."""
        i = np.searchsorted(self.cumulative, rng.random(n) * self.cumulative[-1])
        moved = np.where(rng.random(n) < 0.5, rng.uniform(*MOVED, n), 0.0)
        true = self.magnitudes[i] + moved[:, None]
        errors = magnitude_errors(true) * np.exp(ERROR_SPREAD * rng.standard_normal((n, 1)))
        shifts = (rng.random(n) < 0.5)[:, None] * zero_points
        magnitudes = true + errors * rng.standard_normal(true.shape) + shifts
        sigma = parallax_errors(true[:, 0], rng.integers(0, len(PARALLAX_LAWS), n))
        sigma *= np.exp(ERROR_SPREAD * rng.standard_normal(n))
        noise = np.hypot(sigma, ZERO_POINT_SCATTER) * rng.standard_normal(n)
        parallax = self.parallax[i] * 10 ** (-0.2 * moved) + noise
        x = np.column_stack([magnitudes, parallax, self.latitude[i], self.longitude[i]])
        x[~observed(rng, n)] = np.nan
        return Batch(x, self.labels[i], self.state[i])


def mock_stars(seed: int, chunks: int) -> MockStars:
    """Giants of a mock sky, and some of its dwarfs, as many red clump among the giants as `PRIOR_SHARE` says."""
    sky, rng = Sky(seed), np.random.default_rng(seed)
    parts = []
    for number in range(chunks):
        stars = sky.stars(number)
        giants = (stars.logg < GIANT_LOGG) & (stars.teff_k < GIANT_TEFF)
        parts.append(stars[giants | (rng.random(len(stars)) < DWARF_SHARE)])

    def column(name: str) -> np.ndarray:
        return np.concatenate([np.asarray(getattr(part, name), float) for part in parts])

    labels = np.column_stack([column(name) for name, _ in LABELS])
    giants = (labels[:, 1] < GIANT_LOGG) & (labels[:, 0] < GIANT_TEFF)
    labels[~giants, 3:] = np.nan
    state = (column("phase") == CORE_HELIUM).astype(float)
    judged = giants & (labels[:, 1] > CLUMP_LOGG)
    share = state[judged].mean()
    weight = np.where(state > 0, PRIOR_SHARE / share, (1 - PRIOR_SHARE) / (1 - share))
    magnitudes = np.concatenate([part.magnitudes for part in parts]).astype(float)
    parallax = 1 / column("distance_kpc")
    return MockStars(
        magnitudes, parallax, column("lat"), column("lon"), labels, state, column("ebv"), np.cumsum(weight)
    )


@dataclass(frozen=True)
class Labelled:
    """Observed stars: x [rows, inputs] with NaN where not observed, labels [rows, 5], states, identifiers.

    `is_moved` are stars whose apparent magnitudes say how they were chosen, and so their state: they are always moved
    to other distances.
    """

    x: np.ndarray
    labels: np.ndarray
    state: np.ndarray
    id: np.ndarray
    is_moved: bool = True

    def __getitem__(self, rows: np.ndarray) -> Labelled:
        return Labelled(self.x[rows], self.labels[rows], self.state[rows], self.id[rows], self.is_moved)

    def __len__(self) -> int:
        return len(self.state)

    def weights(self) -> np.ndarray:
        """Chance to draw each star: of every pattern of gaps the same share is red clump, so that no gap tells it; a
        pattern of one state alone, or too few bands, is not drawn. A star without a state keeps its pattern's mean."""
        patterns = np.isfinite(self.x[:, :LATITUDE]) @ (1 << np.arange(LATITUDE))
        weight = np.ones(len(self))
        for pattern in np.unique(patterns):
            of = patterns == pattern
            clump, branch = of & (self.state == 1), of & (self.state == 0)
            if not clump.any() and not branch.any():
                continue
            if clump.sum() < 5 or branch.sum() < 5:
                weight[clump | branch] = 0
                continue
            n = clump.sum() + branch.sum()
            weight[clump] = PRIOR_SHARE * n / clump.sum()
            weight[branch] = (1 - PRIOR_SHARE) * n / branch.sum()
        n_bands = np.isfinite(self.x[:, :N_BANDS]).sum(axis=1)
        weight[(n_bands < 2) | ((n_bands < 3) & ~np.isfinite(self.x[:, PARALLAX]))] = 0
        return weight

    def batch(self, rng: np.random.Generator, n: int, weights: np.ndarray) -> Batch:
        """Draw n stars, move them in distance, and observe them with the errors that they have there."""
        i = rng.choice(len(self), n, p=weights / weights.sum())
        x = self.x[i].copy()
        g = np.where(np.isfinite(x[:, 0]), x[:, 0], x[:, KS] + G_KS)
        far = rng.random(n) < 0.5
        moved = np.where(far, rng.uniform(*TARGETS[1], n), rng.uniform(*TARGETS[0], n)) - np.nan_to_num(g, nan=13.0)
        if not self.is_moved:
            moved = np.where(rng.random(n) < 0.75, 0.0, moved)
        x[:, :N_BANDS] = _moved_magnitudes(x[:, :N_BANDS], moved, rng)
        # a nearer star keeps the signal-to-noise of its parallax, a farther one gets the error that Gaia has there
        sigma = parallax_errors(g + moved, rng.integers(0, len(PARALLAX_LAWS), n)) * (moved > 0)
        jitter = np.hypot(sigma, ZERO_POINT_SCATTER * (moved != 0)) * rng.standard_normal(n)
        x[:, PARALLAX] = x[:, PARALLAX] * 10 ** (-0.2 * moved) + jitter
        kept = observed(rng, n)
        kept[rng.random(n) < 0.5] = True
        x[~kept] = np.nan
        return Batch(x, self.labels[i], self.state[i])


def _moved_magnitudes(magnitudes: np.ndarray, moved: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n = len(magnitudes)
    before = np.nan_to_num(magnitudes, nan=14.0)
    after = before + moved[:, None]
    extra = np.sqrt(np.maximum(magnitude_errors(after) ** 2 - magnitude_errors(before) ** 2, 0) + JITTER**2)
    changed = magnitudes + moved[:, None] + extra * rng.standard_normal((n, N_BANDS))
    changed[:, 0] += G_JITTER * rng.standard_normal(n)
    changed[:, 1:3] += COLOUR_JITTER * rng.standard_normal((n, 1))
    return changed


def gap_patterns(stars: Labelled) -> np.ndarray:
    """Which inputs each star has, as text [rows]: what a classifier of the gaps alone sees."""
    seen = np.isfinite(stars.x[:, : PARALLAX + 1])
    return np.array(["".join("01"[flag] for flag in row) for row in seen.astype(int)])
