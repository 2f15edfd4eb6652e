"""Tables of the surveys: which stars each one lists, where it saw them, and its own columns."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .draws import TrueStars
from .names import Designations, panstarrs1_ids, source_ids, text
from .observe import G_ZERO_ERROR, Parallaxes, Photometry, Spectra, crowding, flux_over_error, observe_quality
from .parameters import (
    ALLWISE,
    BP,
    COMPONENTS,
    GAIA_EPOCH,
    KS,
    PHOTOMETRIC_NOISE,
    PS1,
    PS1_G,
    PS1_Y,
    RP,
    TWOMASS,
    W1,
    G,
    Parameters,
)
from .sphere import displace, to_galactic

PS1_MISSING = -999.0
FIRST_OBSID = 100_000_000
J2000_JD, J2000_MJD, DAYS_PER_YEAR = 2451545.0, 51544.5, 365.25
#: Lowest signal-to-noise of the quality letters A, B, C (2MASS); D below.
LETTER_SNR = (10.0, 7.0, 5.0)
A, B, C, D, E, U = b"ABCDEU"
#: How far sources that Gaia lacks stand from the star they resemble [mas]: field, artefact.
FIELD_STEP, GHOST_STEP = 0.3 * 3600e3, (2000.0, 12000.0)


@dataclass
class Sources:
    """Sources of one survey; `star` is the Gaia star of each, -1 where Gaia has none."""

    star: np.ndarray
    ra: np.ndarray
    dec: np.ndarray
    epoch: np.ndarray  # Julian year
    magnitudes: np.ndarray  # float32 [source, band]
    errors: np.ndarray
    is_ghost: np.ndarray

    def __len__(self) -> int:
        return len(self.star)


def gaia_dr2(true: TrueStars, seen: Photometry, parallaxes: Parallaxes, p: Parameters, rng) -> pa.Table:
    """Gaia's table; positions are those observed at 2015.5."""
    n = len(true)
    parallax_error = parallaxes.errors
    errors = {
        "ra_error": 0.85 * parallax_error,
        "dec_error": 0.80 * parallax_error,
        "pmra_error": p.motion_error * parallax_error,
        "pmdec_error": 0.95 * p.motion_error * parallax_error,
    }
    noise = {name: error * rng.standard_normal(n, np.float32) for name, error in errors.items()}
    ra, dec = displace(true.ra, true.dec, noise["ra_error"], noise["dec_error"])
    lon, lat = to_galactic(ra, dec)
    ruwe, excess = observe_quality(true, seen, rng)
    snr = {band: flux_over_error(seen.errors[:, band]) for band in (BP, RP)}
    return pa.table(
        {
            "source_id": source_ids(ra, dec, true.number),
            "ra": ra,
            "dec": dec,
            "ra_error": errors["ra_error"],
            "dec_error": errors["dec_error"],
            "parallax": parallaxes.values,
            "parallax_error": parallax_error,
            "pmra": true.pmra + noise["pmra_error"],
            "pmra_error": errors["pmra_error"],
            "pmdec": true.pmdec + noise["pmdec_error"],
            "pmdec_error": errors["pmdec_error"],
            "phot_g_mean_mag": _column(seen.magnitudes, G),
            "phot_bp_mean_mag": _column(seen.magnitudes, BP),
            "phot_rp_mean_mag": _column(seen.magnitudes, RP),
            "phot_g_mean_flux_over_error": flux_over_error(seen.errors[:, G], G_ZERO_ERROR),
            "phot_bp_mean_flux_over_error": snr[BP],
            "phot_rp_mean_flux_over_error": snr[RP],
            "phot_bp_rp_excess_factor": excess,
            "ruwe": ruwe,
            "l": lon,
            "b": lat,
        }
    )


def detect_twomass(true: TrueStars, seen: Photometry, p: Parameters, rng) -> Sources:
    listed = _completeness(true.magnitudes[:, KS], p.twomass_limit, p, rng)
    return _detect(true, seen, listed, TWOMASS, p.twomass_epochs, p.twomass_noise, p, rng)


def detect_allwise(true: TrueStars, seen: Photometry, p: Parameters, rng) -> Sources:
    listed = _completeness(true.magnitudes[:, W1], p.allwise_limit, p, rng)
    return _detect(true, seen, listed, ALLWISE, p.allwise_epochs, p.allwise_noise, p, rng)


def detect_panstarrs1(true: TrueStars, seen: Photometry, p: Parameters, rng) -> Sources:
    """Stars north of the survey's limit that do not saturate."""
    listed = (
        (true.dec > p.ps1_declination_min)
        & (true.magnitudes[:, PS1_G] > p.ps1_brightest[0])
        & (true.magnitudes[:, PS1_Y] > p.ps1_brightest[-1])
    )
    return _detect(true, seen, listed, PS1, p.panstarrs1_epochs, p.panstarrs1_noise, p, rng)


def _completeness(magnitude: np.ndarray, limit: float, p: Parameters, rng) -> np.ndarray:
    chance = 1 / (1 + np.exp((magnitude - limit) / p.limit_width))
    return rng.random(len(magnitude), np.float32) < chance


def _detect(true, seen, listed, bands, epochs, noise, p: Parameters, rng) -> Sources:
    """The listed stars but for losses, at their places then, and sources that Gaia lacks."""
    lost = p.lost_share + p.lost_share_plane * crowding(true.lat)
    star = np.flatnonzero(listed & (rng.random(len(true), np.float32) > lost))
    n_field, n_ghost = (round(share * len(star)) for share in (p.extra_share, p.ghost_share))
    n_extra = n_field + n_ghost if len(star) else 0
    like = np.concatenate([star, rng.choice(star, n_extra)]) if n_extra else star
    extra = slice(len(star), None)

    epoch = rng.uniform(*epochs, len(like))
    east, north = (1000 * noise * rng.standard_normal((2, len(like)), np.float32)).astype(float)
    years = epoch - GAIA_EPOCH
    east[: len(star)] += true.pmra[star] * years[: len(star)]
    north[: len(star)] += true.pmdec[star] * years[: len(star)]
    distance = np.concatenate([np.abs(FIELD_STEP * rng.standard_normal(n_field)), rng.uniform(*GHOST_STEP, n_ghost)])[
        :n_extra
    ]
    direction = rng.uniform(0, 2 * np.pi, n_extra)
    east[extra] += distance * np.sin(direction)
    north[extra] += distance * np.cos(direction)
    ra, dec = displace(true.ra[like], true.dec[like], east, north)

    magnitudes, errors = seen.magnitudes[like, bands], seen.errors[like, bands]
    magnitudes[extra] += rng.uniform(0.5, 2.5, (n_extra, 1)).astype(np.float32)
    errors[extra] = _errors_at(magnitudes[extra], bands, p)
    is_ghost = np.zeros(len(like), bool)
    is_ghost[len(star) + n_field :] = True
    star = np.concatenate([star, np.full(n_extra, -1)])
    return Sources(star, ra, dec, epoch, magnitudes, errors, is_ghost)


def _errors_at(magnitudes: np.ndarray, bands: slice, p: Parameters) -> np.ndarray:
    floor, reference, at, slope = PHOTOMETRIC_NOISE[bands].T
    return np.hypot(floor, p.noise_scale * reference * 10 ** (slope * (magnitudes - at)))


def twomass(sources: Sources, lat: np.ndarray, p: Parameters, rng) -> pa.Table:
    missing = _missing(sources, p, rng)
    letters = _letters(sources.errors, missing)
    blended = _is_blended(sources, lat, rng)
    letters[blended] = np.where(missing[blended], U, E)
    return pa.table(
        {
            "designation": Designations(sources.ra, sources.dec).twomass(),
            "ra": sources.ra,
            "dec": sources.dec,
            **_masked(sources, missing, ("j_m", "h_m", "ks_m"), "sigcom"),
            "ph_qual": text(letters),
            "j_date": J2000_JD + DAYS_PER_YEAR * (sources.epoch - 2000),
        }
    )


def allwise(sources: Sources, lat: np.ndarray, p: Parameters, rng) -> pa.Table:
    missing, n = _missing(sources, p, rng), len(sources)
    letters = np.full((n, 4), U, np.uint8)
    letters[:, :2] = _letters(sources.errors, missing)
    blended = _is_blended(sources, lat, rng)
    letters[blended, :2] = np.where(missing[blended], U, C)
    letters[:, 2] = np.where(sources.magnitudes[:, 0] < 11, B, U)
    flags = np.full((n, 4), ord("0"), np.uint8)
    flagged = sources.is_ghost | (rng.random(n, np.float32) < 0.02)
    flags[flagged, :2] = rng.choice(np.frombuffer(b"DHPdhp", np.uint8), (flagged.sum(), 1))
    extended = rng.random(n, np.float32) < 0.01
    return pa.table(
        {
            "designation": Designations(sources.ra, sources.dec).allwise(),
            "ra": sources.ra,
            "dec": sources.dec,
            **_masked(sources, missing, ("w1mpro", "w2mpro"), "_error"),
            "cc_flags": text(flags),
            "ext_flag": (extended * rng.integers(1, 6, n)).astype(np.int32),
            "ph_qual": text(letters),
            "w1mjd_mean": J2000_MJD + DAYS_PER_YEAR * (sources.epoch - 2000),
        }
    )


def panstarrs1(sources: Sources, first_number: int, p: Parameters, rng) -> pa.Table:
    """Pan-STARRS1's table; a band without a measurement has -999 in both columns."""
    missing = _missing(sources, p, rng)
    bands = {}
    for i, band in enumerate("grizy"):
        for name, values in (("", sources.magnitudes), ("_error", sources.errors)):
            bands[f"{band}_mean_psf_mag{name}"] = np.where(missing[:, i], np.float32(PS1_MISSING), values[:, i])
    return pa.table(
        {
            "obj_id": panstarrs1_ids(sources.dec, first_number + np.arange(len(sources))),
            "ra": sources.ra,
            "dec": sources.dec,
            "epoch_mean": J2000_MJD + DAYS_PER_YEAR * (sources.epoch - 2000),
            **bands,
        }
    )


def lamost(true: TrueStars, spectra: Spectra, first_number: int, p: Parameters, rng) -> tuple[pa.Table, np.ndarray]:
    """LAMOST's table (catalogue positions at 2000.0) and the star of each row, -1 for none."""
    rows = spectra.rows
    years = 2000.0 - GAIA_EPOCH
    east, north = 1000 * p.lamost_noise * rng.standard_normal((2, len(rows)))
    east, north = east + true.pmra[rows] * years, north + true.pmdec[rows] * years
    ra, dec = displace(true.ra[rows], true.dec[rows], east, north)
    stray = rng.random(len(rows)) < p.extra_share
    ra[stray], dec[stray] = displace(ra[stray], dec[stray], *(FIELD_STEP * rng.standard_normal((2, stray.sum()))))
    table = pa.table(
        {
            "obsid": FIRST_OBSID + first_number + np.arange(len(rows)),
            "ra": ra,
            "dec": dec,
            "snrg": _real(spectra.snr),
            "teff": _real(spectra.teff),
            "teff_err": _real(spectra.teff_error),
            "logg": _real(spectra.logg),
            "logg_err": _real(spectra.logg_error),
            "feh": _real(spectra.feh),
            "feh_err": _real(spectra.feh_error),
        }
    )
    return table, np.where(stray, -1, rows)


def seismology(spectra: Spectra, lamost_table: pa.Table) -> pa.Table:
    """Seismic labels of the giants in the hull, as derived from their spectra."""
    rows = np.flatnonzero(spectra.in_hull)
    at = lamost_table.take(pa.array(rows))
    return pa.table(
        {
            "star_id": at["obsid"],
            "ra": at["ra"],
            "dec": at["dec"],
            "snr": at["snrg"],
            "delta_nu_uhz": _real(spectra.delta_nu[rows]),
            "delta_nu_uhz_error": _real(spectra.delta_nu_error[rows]),
            "delta_p_s": _real(spectra.delta_p[rows]),
            "delta_p_s_error": _real(spectra.delta_p_error[rows]),
            "evolutionary_state": pa.nulls(len(rows), pa.string()),
        }
    )


def mock_truth(true: TrueStars, source_id, identifiers: dict[str, pa.Array]) -> pa.Table:
    """What the stars are, and their true counterparts (`identifiers`, NULL where there is none)."""
    component = pa.DictionaryArray.from_arrays(pa.array(true.component.astype(np.int8)), pa.array(COMPONENTS))
    return pa.table(
        {
            "source_id": source_id,
            **identifiers,
            "phase": true.phase,
            "teff_k": _real(true.teff_k),
            "logg": _real(true.logg),
            "feh": _real(true.feh),
            "mass_msun": _real(true.mass_msun),
            "log_age": _real(true.log_age),
            "distance_kpc": true.distance_kpc,
            "ebv": _real(true.ebv),
            "delta_nu_uhz": _real(true.delta_nu_uhz),
            "delta_p_s": _real(true.delta_p_s),
            "component": component,
            "is_binary": true.is_binary,
        }
    )


def counterparts(identifiers: pa.ChunkedArray, star: np.ndarray, n_stars: int) -> pa.Array:
    """Identifier [star] of each star's source, NULL where it has none."""
    row = np.full(n_stars, -1, np.int64)
    row[star[star >= 0]] = np.flatnonzero(star >= 0)
    return identifiers.combine_chunks().take(pa.array(row, mask=row < 0))


def _missing(sources: Sources, p: Parameters, rng) -> np.ndarray:
    return rng.random(sources.magnitudes.shape, np.float32) < p.missing_band


def _letters(errors: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Quality letters [source, band] from signal-to-noise, U where there is no measurement."""
    snr = 1.0857 / errors
    letters = np.full(errors.shape, A, np.uint8)
    for limit, letter in zip(LETTER_SNR, (B, C, D), strict=True):
        letters[snr < limit] = letter
    letters[missing] = U
    return letters


def _is_blended(sources: Sources, lat: np.ndarray, rng) -> np.ndarray:
    chance = 0.01 + 0.04 * np.where(sources.star >= 0, crowding(lat)[sources.star], 0.5)
    return rng.random(len(sources), np.float32) < chance


def _masked(sources: Sources, missing: np.ndarray, names, suffix: str) -> dict[str, pa.Array]:
    """Magnitudes (3 decimals, as these surveys publish) and errors, NULL where missing."""
    columns = {}
    for i, name in enumerate(names):
        for column, values in ((name, sources.magnitudes), (name + suffix, sources.errors)):
            columns[column] = pa.array(np.round(values[:, i], 3), mask=missing[:, i])
    return columns


def _column(values: np.ndarray, band: int) -> np.ndarray:
    return np.ascontiguousarray(values[:, band])


def _real(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32)
