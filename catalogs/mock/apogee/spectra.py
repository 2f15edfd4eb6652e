"""Spectra of the simulated APOGEE: dominant lines of giants on the instrument's pixels, continuum, noise and gaps."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...spectra.pixels import N_PIXELS, chips, wavelength
from .giants import Giants

#: Of a line's profile, in km/s: the instrument's resolution of 22,500 and macroturbulence.
WIDTH_KM_S = 8.5
LIGHT_KM_S = 299_792.458
#: ln depth by (Teff - 4500 K) / 1000 K, log g - 1.2, and the abundance that the group follows, plus its depth.
GROUPS = {
    "fe": (-0.35, -0.10, "metals", 0.28),
    "mg": (-0.30, 0.05, "alpha", 0.40),
    "si": (0.05, -0.06, "alpha", 0.26),
    "ca": (-0.50, -0.03, "alpha", 0.24),
    "al": (-0.50, 0.08, "metals", 0.45),
    "k": (-0.60, -0.05, "metals", 0.22),
    "mn": (-0.60, -0.08, "metals", 0.26),
    "ti": (-1.10, -0.20, "alpha", 0.16),
    "co": (-1.00, -0.35, "carbon", 0.22),
    "oh": (-1.90, -0.22, "alpha", 0.18),
    "hydrogen": (1.30, 0.18, "none", 0.06),
    "cn": (-0.45, -0.30, "nitrogen", 0.0),
}


@dataclass(frozen=True)
class Lines:
    """Line profiles [lines, 7405] float32, and of each line its group and depth [lines]."""

    profiles: np.ndarray
    group: np.ndarray
    depth: np.ndarray

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Lines:
        """The lines of `lines.toml` and a forest of weak ones."""
        table = tomllib.loads(Path(__file__).with_name("lines.toml").read_text())
        forest = table.pop("forest")
        names, centres, depths = [], [], []
        for name, places in table.items():
            names += [name] * len(places)
            centres += places
            depths += (GROUPS[name][3] * rng.uniform(0.5, 1.5, len(places))).tolist()
        for name, group in (("metals", "fe"), ("cn", "cn"), ("oh", "oh")):
            n = forest[name]
            names += [group] * n
            centres += rng.uniform(15100, 17000, n).tolist()
            depths += (forest["depth"] * rng.power(0.6, n)).tolist()
        profiles = np.stack(
            [_profile(c, name == "co", name == "hydrogen") for c, name in zip(centres, names, strict=True)]
        )
        order = list(GROUPS)
        return cls(profiles.astype(np.float32), np.array([order.index(n) for n in names]), np.array(depths))

    def depths(self, giants: Giants, rows: np.ndarray) -> np.ndarray:
        """ln depth of each line in each star [stars, lines]: exponential in the labels, and saturating."""
        label = {name: giants.truth[name][rows] for name in ("teff", "logg", "m_h", "alpha_m", "c_n")}
        t, g = (label["teff"] - 4500) / 1000, label["logg"] - 1.2
        abundance = {
            "metals": label["m_h"],
            "alpha": label["m_h"] + label["alpha_m"],
            "carbon": label["m_h"] + 0.5 * (label["c_n"] + 0.4),
            "nitrogen": label["m_h"] - (label["c_n"] + 0.4),
            "none": np.zeros(len(t)),
        }
        by_group = np.stack(
            [np.exp(a * t + b * g + 0.9 * abundance[what]) for a, b, what, _ in GROUPS.values()], axis=1
        )
        strength = by_group[:, self.group] * self.depth
        return strength / (1 + 0.8 * strength)


def observed_spectra(
    lines: Lines, giants: Giants, rows: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Flux and error [stars, 7405] as aspcapStar files have them: a continuum not quite 1, noise, gaps."""
    log_flux = -(lines.depths(giants, rows).astype(np.float32) @ lines.profiles)
    for chip in chips():
        x = np.linspace(-1, 1, chip.stop - chip.start, dtype=np.float32)
        tilt = rng.normal(0, 0.01, (len(rows), 3)).astype(np.float32)
        log_flux[:, chip] += tilt @ np.stack([np.ones_like(x), x, x**2])
    flux = np.exp(log_flux.astype(np.float64))
    snr = np.clip(10 ** (2.55 - 0.13 * (giants.magnitudes[rows, 4] - 8) + rng.normal(0, 0.12, len(rows))), 40, 500)
    error = flux / snr[:, None] * rng.uniform(0.9, 1.1, (1, N_PIXELS))
    flux = flux + rng.normal(0, 1, flux.shape) * error
    missing = rng.random(flux.shape) < 0.002
    flux[missing], error[missing] = 0, 1e10
    return flux, error


def _profile(centre: float, is_band: bool, is_broad: bool) -> np.ndarray:
    """A Gaussian in velocity; bands of molecules fade to the red over 40 Angstrom, Brackett lines are broad."""
    wave = wavelength()
    width = centre * WIDTH_KM_S / LIGHT_KM_S * (6 if is_broad else 1)
    profile = np.exp(-0.5 * ((wave - centre) / width) ** 2)
    return np.where(wave > centre, np.exp(-(wave - centre) / 40), profile) if is_band else profile
