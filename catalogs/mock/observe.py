"""What instruments add: noise, quality columns, spectroscopic and asteroseismic labels."""

from dataclasses import dataclass

import numpy as np

from .draws import TrueStars
from .parameters import BP, PHOTOMETRIC_NOISE, PS1, PS1_R, RP, G, Parameters
from .tracks import CORE_HELIUM

#: Zero-point error of Gaia DR2's G that Lucey+2020 adds to the flux error [mag].
G_ZERO_ERROR = 0.0018
#: Pogson's ratio 2.5 / ln 10: magnitude error of a relative flux error.
POGSON = 1.0857
#: A wrong label is one of the other state's typical values [s].
SWAPPED_HELIUM, SWAPPED_BRANCH = 75.0, 290.0
REFERENCE_SNR = 30.0
#: G errors of variable and saturated stars, in units of the usual.
VARIABLE_NOISE = 5.0


@dataclass
class Photometry:
    """Observed magnitudes and their errors, float32 [star, band]."""

    magnitudes: np.ndarray
    errors: np.ndarray


def observe_magnitudes(true: np.ndarray, p: Parameters, rng: np.random.Generator) -> Photometry:
    """Add Gaussian noise to magnitudes [star, band], and scatter where Pan-STARRS1 saturates."""
    floor, reference, at, slope = PHOTOMETRIC_NOISE.T
    errors = p.noise_scale * reference * np.exp(np.float32(np.log(10)) * slope * (true - at))
    np.sqrt(errors * errors + floor * floor, out=errors)
    errors *= np.exp(p.error_spread * rng.standard_normal((len(true), 1), np.float32))
    variable = rng.random(len(true), np.float32) < p.variable_share
    errors[variable, G] *= VARIABLE_NOISE
    magnitudes = true + errors * rng.standard_normal(true.shape, np.float32)
    onset, span, scatter = p.ps1_saturation
    hidden = scatter * np.clip((onset - true[:, PS1]) / span, 0, 1)
    magnitudes[:, PS1] += hidden * rng.standard_normal(hidden.shape, np.float32)
    return Photometry(magnitudes, errors)


@dataclass
class Parallaxes:
    """Observed parallaxes and their errors [mas], float [star]."""

    values: np.ndarray
    errors: np.ndarray


def observe_parallax(true: TrueStars, p: Parameters, rng: np.random.Generator) -> Parallaxes:
    """Parallaxes with Gaia's error model (Gaia Collaboration 2016) and a zero point."""
    g = true.magnitudes[:, G]
    z = 10 ** (0.4 * (np.maximum(g, 12.09) - 15))
    error = p.parallax_scale * 1e-3 * np.sqrt(680.766 * z + 32.732 * z * z)
    error = np.hypot(error, p.parallax_floor)
    error *= np.exp(0.15 * rng.standard_normal(len(true), np.float32))
    wave = np.sin(np.radians(3 * true.lon)) * np.cos(np.radians(2 * true.lat))
    zero = p.parallax_zero + p.parallax_zero_wave * wave + p.parallax_zero_slope * (g - 15)
    noise = error * rng.standard_normal(len(true), np.float32)
    return Parallaxes(1 / true.distance_kpc + zero + noise, error)


def crowding(lat: np.ndarray) -> np.ndarray:
    """1 in the plane, falling with |b|."""
    return np.exp(-np.abs(lat) / 6).astype(np.float32)


def observe_quality(true: TrueStars, seen: Photometry, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """RUWE and BP/RP excess factor: a core, and outliers where it is crowded or a binary."""
    crowded = crowding(true.lat)
    n = len(true)
    ruwe = np.exp(0.05 * rng.standard_normal(n, np.float32))
    bad = rng.random(n, np.float32) < 0.02 + 0.04 * crowded + 0.12 * true.is_binary
    ruwe = np.where(bad, ruwe * (1 + 1.2 * rng.random(n, np.float32)), ruwe)

    color = seen.magnitudes[:, BP] - seen.magnitudes[:, RP]
    excess = 1.12 + 0.035 * color**2 + 0.02 * np.abs(rng.standard_normal(n, np.float32))
    bad = rng.random(n, np.float32) < 0.01 + 0.05 * crowded
    return ruwe, np.where(bad, excess + 0.6 * rng.random(n, np.float32), excess)


def flux_over_error(errors: np.ndarray, zero_error: float = 0.0) -> np.ndarray:
    """Signal-to-noise of a mean flux; `zero_error` [mag] is taken out of the error first."""
    own = np.sqrt(np.maximum(errors**2 - zero_error**2, 2e-4**2))
    return POGSON / own


@dataclass
class Spectra:
    """Labels of the stars with spectra, one row a spectrum."""

    rows: np.ndarray  # into the stars
    snr: np.ndarray
    teff: np.ndarray
    teff_error: np.ndarray
    logg: np.ndarray
    logg_error: np.ndarray
    feh: np.ndarray
    feh_error: np.ndarray
    in_hull: np.ndarray  # bool: seismic labels exist
    delta_nu: np.ndarray
    delta_nu_error: np.ndarray
    delta_p: np.ndarray
    delta_p_error: np.ndarray


def observe_spectra(true: TrueStars, seen: Photometry, p: Parameters, rng: np.random.Generator) -> Spectra:
    """LAMOST-like spectra of some stars, with labels as noisy as their S/N says."""
    r = seen.magnitudes[:, PS1_R]
    rows = np.flatnonzero(rng.random(len(true)) < _targeting(true, r, p))
    true, r, n = true[rows], r[rows], len(rows)

    def normal() -> np.ndarray:
        return rng.standard_normal(n, np.float32)

    snr = p.lamost_snr * np.exp(p.lamost_snr_slope * (r - 14) + p.lamost_snr_spread * normal())
    snr = np.clip(snr, 5, 700)

    def error(noise: tuple[float, float]) -> np.ndarray:
        return np.hypot(noise[0], noise[1] * REFERENCE_SNR / snr)

    teff_error, logg_error, feh_error = map(error, (p.teff_noise, p.logg_noise, p.feh_noise))
    teff = true.teff_k + teff_error * normal()
    logg = true.logg + logg_error * normal()
    feh = true.feh + feh_error * normal()
    relative, delta_p_error = error(p.delta_nu_noise), error(p.delta_p_noise)
    delta_nu = true.delta_nu_uhz * np.exp(relative * normal()) + p.delta_nu_floor * normal()
    delta_p = _mislabelled(true, snr, p, rng) + delta_p_error * normal()
    return Spectra(
        rows=rows,
        snr=snr,
        teff=teff,
        teff_error=teff_error,
        logg=logg,
        logg_error=logg_error,
        feh=feh,
        feh_error=feh_error,
        in_hull=_between(logg, p.hull_logg) & _between(teff, p.hull_teff) & (feh > p.hull_feh),
        delta_nu=delta_nu,
        delta_nu_error=np.hypot(relative * delta_nu, p.delta_nu_floor),
        delta_p=delta_p,
        delta_p_error=delta_p_error,
    )


def _targeting(true: TrueStars, r: np.ndarray, p: Parameters) -> np.ndarray:
    """Chance of a spectrum: bright stars, the anticentre first, crowded fields thinner."""
    from_anticentre = true.lon - 180
    towards = 0.45 + 0.55 * np.exp(-((from_anticentre / 70) ** 2))
    height = np.abs(true.lat)
    sparse = np.where(height < 5, 0.25, np.where(height < 15, 0.5, 1))
    chance = p.lamost_share * towards * sparse * 10 ** (-p.lamost_faint * np.maximum(r - 13, 0))
    return chance * _between(r, p.lamost_range) * (true.dec > p.lamost_declination_min)


def _mislabelled(true: TrueStars, snr, p: Parameters, rng: np.random.Generator) -> np.ndarray:
    """True Delta P [s], for a few giants that of the other state; more of them at low S/N."""
    chance = p.swapped_labels * np.clip((75 / snr) ** 2, 0.5, 10)
    swapped = (rng.random(len(true)) < chance) & (true.logg < p.hull_logg[1])
    other = np.where(true.phase == CORE_HELIUM, SWAPPED_HELIUM, SWAPPED_BRANCH)
    return np.where(swapped, other, true.delta_p_s)


def _between(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    return (values > limits[0]) & (values < limits[1])
