"""Draws the giants of the simulated APOGEE: a disk with clusters, and what Gaia, 2MASS and WISE see of them."""

from __future__ import annotations

from dataclasses import dataclass

import astropy.units as u
import numpy as np
from astropy.coordinates import ICRS, CartesianDifferential, CartesianRepresentation, Galactic, Galactocentric

BANDS = ("G", "BP", "RP", "J", "H", "K", "W1", "W2")
#: Extinction over A_K; the first three bands are wide and redden less the more they are reddened.
EXTINCTION = np.array([6.9, 9.2, 5.3, 2.5, 1.54, 1.0, 0.58, 0.47])
CURVATURE = np.array([-0.2, -0.3, -0.1, 0, 0, 0, 0, 0])
#: Photometric errors [mag] of bright stars: Gaia DR2, 2MASS, AllWISE.
ERRORS = np.array([0.002, 0.006, 0.004, 0.023, 0.025, 0.022, 0.023, 0.021])
#: What Gaia DR2's parallaxes read at infinity here, mas; the value that Hogg+2018 adopt, with the other sign.
ZERO_POINT = -0.048
#: Share of stars with photometry that cuts (6) and (7) are made for.
OUTLIERS = 0.02
CLUSTERS = (("SIM 1", 2.4, -0.1), ("SIM 2", 4.0, -0.78), ("SIM 3", 7.7, -1.4))
CLUSTER_STARS = 40
GALAXY = Galactocentric()


@dataclass(frozen=True)
class Giants:
    """Stars: names and clusters; `magnitudes` and `magnitude_errors` [stars, 8]; `observed` and `truth` by column."""

    names: list[str]
    clusters: list[str | None]
    magnitudes: np.ndarray
    magnitude_errors: np.ndarray
    observed: dict[str, np.ndarray]
    truth: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.names)


def draw_giants(n: int, rng: np.random.Generator) -> Giants:
    """Draw stars that APOGEE would observe; a few belong to clusters of one distance and metallicity."""
    position, is_thick = _positions(3 * n, rng)
    stars = _physics(position, is_thick, rng)
    cluster = _make_clusters(stars, n, rng)
    icrs, velocity = _sky(stars["position"], stars["is_thick"], cluster, rng)
    distance = icrs.distance.to_value(u.kpc)
    a_k = _extinction(icrs, distance, rng)
    true_magnitudes = absolute_magnitudes(stars["teff"], stars["logg"], stars["m_h"], stars["mass"])
    true_magnitudes += 5 * np.log10(100 * distance)[:, None]
    true_magnitudes += a_k[:, None] * (EXTINCTION + CURVATURE * np.minimum(a_k, 3)[:, None])
    seen = (true_magnitudes[:, 4] < 13.6) & (true_magnitudes[:, 4] > 6) & (true_magnitudes[:, 1] < 20.5)
    kept = np.concatenate([np.flatnonzero(seen & (cluster >= 0)), np.flatnonzero(seen & (cluster < 0))])[:n]
    if len(kept) < n:
        raise RuntimeError(f"only {len(kept)} of {n} stars are bright enough")
    kept = rng.permutation(kept)
    stars = {name: values[kept] for name, values in stars.items()}
    icrs, velocity, distance, a_k, cluster = icrs[kept], velocity[kept], distance[kept], a_k[kept], cluster[kept]
    magnitudes, errors = _photometry(true_magnitudes[kept], np.abs(icrs.transform_to(Galactic()).b.deg), rng)
    observed = _astrometry(icrs, 1 / distance, magnitudes[:, 0], rng) | {
        "teff": stars["teff"] + rng.normal(0, 60, n),
        "logg": stars["logg"] + rng.normal(0, 0.05, n),
        "m_h": stars["m_h"] + rng.normal(0, 0.02, n),
        "alpha_m": stars["alpha_m"] + rng.normal(0, 0.02, n),
        "vhelio_avg": icrs.radial_velocity.to_value(u.km / u.s) + rng.normal(0, 0.1, n),
        "source_id": rng.permutation(n).astype(np.int64) + 1,
    }
    truth = {name: stars[name] for name in ("teff", "logg", "m_h", "alpha_m", "mass", "c_n")} | {
        "parallax": 1 / distance,
        "a_k": a_k,
        **dict(zip(("vx", "vy", "vz"), velocity.T, strict=True)),
    }
    names = [f"2M{i:08d}+{int(1e4 * ra):07d}" for i, ra in enumerate(icrs.ra.deg)]
    clusters = [CLUSTERS[i][0] if i >= 0 else None for i in cluster]
    return Giants(names, clusters, magnitudes, errors, observed, truth)


def absolute_magnitudes(teff: np.ndarray, logg: np.ndarray, m_h: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Of giants in eight bands [stars, 8]: luminosity from surface gravity and mass, colours from Teff and [M/H]."""
    t = (teff - 4500) / 1000
    luminosity = np.log10(mass) + 4 * np.log10(teff / 5772) - (logg - 4.438)
    k = 4.74 - 2.5 * luminosity - (2.30 - 1.05 * t + 0.2 * t**2 + 0.06 * m_h)
    j_k = 0.74 - 0.45 * t + 0.22 * t**2 + 0.03 * m_h
    h_k = 0.14 - 0.11 * t + 0.05 * t**2
    bp_rp = 1.32 - 0.95 * t + 0.55 * t**2 - 0.2 * t**3 - 0.06 * m_h
    g_k = 2.55 - 1.75 * t + 0.7 * t**2 - 0.25 * t**3
    rp_k = g_k - 0.35 - 0.23 * bp_rp
    w1 = -0.06 - 0.03 * t
    w2 = 0.02 + 0.09 * t - 0.06 * m_h
    return k[:, None] + np.stack([g_k, rp_k + bp_rp, rp_k, j_k, h_k, np.zeros_like(k), w1, w2], axis=1)


def _positions(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Galactocentric positions [n, 3] kpc (the Sun at x = -8.1) of a thin and a thick exponential disk."""
    is_thick = rng.random(n) < 0.15
    radius = rng.gamma(2, np.where(is_thick, 2.2, 3.0))
    angle = np.where(rng.random(n) < 0.75, rng.normal(np.pi, 0.55, n), rng.uniform(0, 2 * np.pi, n))
    height = rng.laplace(0, np.where(is_thick, 0.8, 0.3))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1), is_thick


def _physics(position: np.ndarray, is_thick: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    n = len(position)
    radius = np.hypot(position[:, 0], position[:, 1])
    m_h = np.where(is_thick, rng.normal(-0.5, 0.25, n), 0.05 - 0.06 * (radius - 8) + rng.normal(0, 0.17, n))
    m_h = np.clip(m_h, -2, 0.5)
    mass = np.where(is_thick, rng.normal(1.0, 0.08, n), np.exp(rng.normal(np.log(1.25), 0.25, n)))
    mass = np.clip(mass, 0.8, 3)
    logg = 2.35 - rng.exponential(0.75, n)
    logg = np.where(logg < -0.1, rng.uniform(-0.1, 2.35, n), logg)
    teff = 3680 + 450 * logg - 310 * m_h - 60 * m_h**2 + 420 * np.log10(mass) + rng.normal(0, 25, n)
    alpha_m = np.where(is_thick, 0.22, 0.03 - 0.08 * m_h) + rng.normal(0, 0.03, n)
    c_n = -0.25 - 1.5 * np.log10(mass) + 0.1 * m_h + rng.normal(0, 0.04, n)
    teff = np.clip(teff, 3500, 5300)
    named = {"teff": teff, "logg": logg, "m_h": m_h, "alpha_m": alpha_m, "mass": mass, "c_n": c_n}
    return named | {"position": position, "is_thick": is_thick}


def _make_clusters(stars: dict[str, np.ndarray], n: int, rng: np.random.Generator) -> np.ndarray:
    """Turn some of the stars into members of clusters; returns each star's cluster, -1 for none."""
    cluster = np.full(len(stars["teff"]), -1)
    for number, (_, distance, m_h) in enumerate(CLUSTERS if n > 1000 else ()):
        rows = slice(number * CLUSTER_STARS, (number + 1) * CLUSTER_STARS)
        direction = np.array([[0.4, 0.9, 0.1], [-0.3, 0.9, -0.08], [-0.2, -0.7, 0.7]])[number]
        sun = np.array([-8.122, 0, 0.0208])
        stars["position"][rows] = sun + distance * direction / np.linalg.norm(direction) + rng.normal(0, 0.002, (40, 3))
        logg = rng.uniform(0.9 + 0.1 * number - 0.35 * number, 2.15, CLUSTER_STARS)
        stars["logg"][rows], stars["m_h"][rows], stars["mass"][rows] = logg, m_h, 0.95
        stars["teff"][rows] = 3680 + 450 * logg - 310 * m_h - 60 * m_h**2 + 420 * np.log10(0.95)
        stars["c_n"][rows] = -0.25 - 1.5 * np.log10(0.95) + 0.1 * m_h
        cluster[rows] = number
    return cluster


def _sky(
    position: np.ndarray, is_thick: np.ndarray, cluster: np.ndarray, rng: np.random.Generator
) -> tuple[ICRS, np.ndarray]:
    """ICRS coordinates with proper motions and radial velocities, and Galactocentric velocities [stars, 3] km/s."""
    radius, angle = np.hypot(position[:, 0], position[:, 1]), np.arctan2(position[:, 1], position[:, 0])
    width = np.where(is_thick, 1.6, 1.0) * np.where(cluster >= 0, 0.02, 1)
    circular = 229 * (1 - np.exp(-radius / 0.8)) - np.where(is_thick, 35, 12)
    v_r, v_phi = rng.normal(0, 35 * width), circular + rng.normal(0, 25 * width)
    # Rotation is clockwise as seen from the Galactic north: towards +y at the Sun (x = -8.1).
    velocity = np.stack(
        [
            v_r * np.cos(angle) + v_phi * np.sin(angle),
            v_r * np.sin(angle) - v_phi * np.cos(angle),
            rng.normal(0, 18 * width),
        ],
        axis=1,
    )
    motion = CartesianDifferential(*velocity.T * u.km / u.s)
    place = CartesianRepresentation(*position.T * u.kpc, differentials=motion)
    return GALAXY.realize_frame(place).transform_to(ICRS()), velocity


def _extinction(icrs: ICRS, distance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A_K [mag]: a thin dust layer that grows towards the centre, clumpy."""
    galactic = icrs.transform_to(Galactic())
    sine = np.abs(np.sin(galactic.b.rad)) + 1e-3
    path = 0.1 / sine * (1 - np.exp(-distance * sine / 0.1))
    inner = np.exp(0.25 * np.clip(distance, 0, 8) * np.cos(galactic.l.rad))
    return np.minimum(0.07 * path * inner * np.exp(rng.normal(-0.1, 0.45, len(distance))), 3.5)


def _photometry(true: np.ndarray, abs_b: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Magnitudes and their errors [stars, 8]; blends in crowded fields, and outliers."""
    faint = 10 ** (0.4 * (true[:, :3] - 17.5))
    errors = np.tile(ERRORS, (len(true), 1))
    errors[:, :3] *= np.sqrt(1 + faint**2)
    magnitudes = true + rng.normal(0, 1, true.shape) * errors
    blend = rng.exponential(0.015, len(true)) * np.exp(-abs_b / 4)
    magnitudes[:, 6:] -= blend[:, None]
    is_outlier = rng.random(len(true)) < OUTLIERS
    magnitudes[:, 7] += np.where(is_outlier, rng.uniform(0.3, 1.0, len(true)), 0)
    return magnitudes, errors


def _astrometry(icrs: ICRS, parallax: np.ndarray, g: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Gaia DR2-like astrometry: errors by magnitude, and worse ones where a solution is poor."""
    n = len(parallax)
    is_poor = rng.random(n) < 0.06
    error = 0.028 * np.sqrt(1 + 10 ** (0.5 * (g - 14.6))) * np.exp(rng.normal(0, 0.2, n)) * np.where(is_poor, 2.0, 1)
    good = rng.integers(100, 350, n)
    chi2 = np.where(is_poor, rng.uniform(30, 60, n), rng.uniform(5, 33, n)) * np.sqrt(good - 5)
    return {
        "ra": icrs.ra.deg,
        "dec": icrs.dec.deg,
        "parallax": parallax + ZERO_POINT + rng.normal(0, 1, n) * error,
        "parallax_error": error,
        "pmra": icrs.pm_ra_cosdec.to_value(u.mas / u.yr) + rng.normal(0, 0.06, n),
        "pmdec": icrs.pm_dec.to_value(u.mas / u.yr) + rng.normal(0, 0.06, n),
        "visibility_periods_used": rng.integers(6, 20, n),
        "astrometric_chi2_al": chi2,
        "astrometric_n_good_obs_al": good,
    }
