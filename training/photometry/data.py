"""The training table of the photometry system: stars with labels, magnitudes and parallaxes.

Everything downstream sees one thing, a `Stars`: arrays in float64, one row a star, with the
magnitudes already in the system that the network predicts and with missing bands as infinite
errors (Green+2020, section 3.2).
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

Array = NDArray[np.float64]

LABELS = ("teff", "logg", "feh")
MISSING_SIGMA = np.inf

# Green+2020, sections 3.1 and 3.2
MAX_LABEL_SIGMA = (200.0, 0.5, 0.5)  # K, dex, dex
MAX_MAGNITUDE_SIGMA = 0.2  # mag
MIN_PARALLAX_SNR = 5.0  # parallax / parallax_error


@dataclass(frozen=True)
class Band:
    """One photometric band and where it stands in the training table."""

    name: str
    column: str
    table: str
    model: str
    ab_minus_vega: float | None = None

    @property
    def offset(self) -> float:
        """Magnitudes to add to the table's column to reach the model's system [mag]."""
        if self.table == self.model:
            return 0.0
        if self.ab_minus_vega is None:
            raise ValueError(
                f"band {self.name}: table is {self.table}, model is {self.model}, "
                "but ab_minus_vega is not given in the bands file"
            )
        return -self.ab_minus_vega if self.table == "AB" else self.ab_minus_vega


@dataclass(frozen=True)
class ExtinctionAnchor:
    """A known ratio of two bands' extinctions, R_band / R_of = ratio +- sigma."""

    band: str
    of: str
    ratio: float
    sigma: float


@dataclass(frozen=True)
class Stars:
    """Stars as the method sees them; n stars, b bands.

    Attributes
    ----------
    row : int64 [n]
        Identifier, used for the split.
    theta : float64 [n, 3]
        Teff [K], log g [dex], [Fe/H] [dex].
    theta_cov : float64 [n, 3, 3]
        Covariance of theta in those units.
    mag, mag_sigma : float64 [n, b]
        Apparent magnitudes and errors [mag]; a missing band has mag 0 and error infinity.
    modulus, modulus_sigma : float64 [n]
        Distance modulus from the parallax [mag]; 0 and infinity where it is not usable.
    ebv, ebv_sigma : float64 [n]
        Prior of the reddening E and its error [mag].
    parallax, parallax_sigma : float64 [n]
        As measured [mas], NaN where missing.
    """

    row: NDArray[np.int64]
    theta: Array
    theta_cov: Array
    mag: Array
    mag_sigma: Array
    modulus: Array
    modulus_sigma: Array
    ebv: Array
    ebv_sigma: Array
    parallax: Array
    parallax_sigma: Array

    def __len__(self) -> int:
        return len(self.row)

    @property
    def observed(self) -> NDArray[np.bool_]:
        """Which bands are observed, [n, b]."""
        return np.isfinite(self.mag_sigma)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Stars:
        """The stars at these positions (or where a mask is true)."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def read_bands(path: Path | None = None) -> list[Band]:
    """Bands of a bands file; without a path, the 13 bands of Green+2020."""
    path = path or Path(__file__).with_name("bands.toml")
    with open(path, "rb") as file:
        return [Band(**entry) for entry in tomllib.load(file)["band"]]


def read_anchor(path: Path | None = None) -> ExtinctionAnchor | None:
    """The extinction anchor of a bands file, if it has one."""
    path = path or Path(__file__).with_name("bands.toml")
    with open(path, "rb") as file:
        entry = tomllib.load(file).get("extinction_anchor")
    return None if entry is None else ExtinctionAnchor(**entry)


def distance_modulus(parallax: Array, parallax_sigma: Array, min_snr: float = MIN_PARALLAX_SNR) -> tuple[Array, Array]:
    """Distance modulus from parallax, without the second-order term of appendix A.

    Parameters
    ----------
    parallax, parallax_sigma : [n], mas
    min_snr
        Below this parallax/error the modulus is unconstrained: value 0, error infinity.

    Returns
    -------
    modulus, modulus_sigma : [n], mag
        10 - 5 log10(parallax / mas) and 5 / ln(10) * sigma / parallax.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        usable = (parallax_sigma > 0) & (parallax / parallax_sigma > min_snr)
    value = np.where(usable, parallax, 1.0)
    modulus = np.where(usable, 10.0 - 5.0 * np.log10(value), 0.0)
    sigma = np.where(usable, 5.0 / np.log(10.0) * parallax_sigma / value, np.inf)
    return modulus, sigma


def _column(table: pa.Table, name: str) -> Array:
    if name not in table.column_names:
        raise KeyError(f"training table: column {name} is missing; it has {table.column_names}")
    return table[name].cast(pa.float64()).to_numpy(zero_copy_only=False)


def _label_covariance(table: pa.Table) -> Array:
    covariance = np.empty((table.num_rows, 3, 3))
    for i, a in enumerate(LABELS):
        for j, b in enumerate(LABELS[i:], start=i):
            covariance[:, i, j] = covariance[:, j, i] = _column(table, f"cov_{a}_{b}")
    return covariance


def stars_from_table(table: pa.Table, bands: list[Band]) -> Stars:
    """Make `Stars` of an Arrow table; missing, too uncertain or NaN magnitudes get sigma = inf."""
    mag = np.stack([_column(table, band.column) + band.offset for band in bands], axis=1)
    sigma = np.stack([_column(table, band.column + "_error") for band in bands], axis=1)
    with np.errstate(invalid="ignore"):
        observed = np.isfinite(mag) & (sigma > 0) & (sigma <= MAX_MAGNITUDE_SIGMA)
    parallax, parallax_sigma = _column(table, "parallax"), _column(table, "parallax_error")
    modulus, modulus_sigma = distance_modulus(parallax, parallax_sigma)
    return Stars(
        row=table["row"].cast(pa.int64()).to_numpy(),
        theta=np.stack([_column(table, name) for name in LABELS], axis=1),
        theta_cov=_label_covariance(table),
        mag=np.where(observed, mag, 0.0),
        mag_sigma=np.where(observed, sigma, MISSING_SIGMA),
        modulus=modulus,
        modulus_sigma=modulus_sigma,
        ebv=_column(table, "reddening"),
        ebv_sigma=_column(table, "reddening_error"),
        parallax=parallax,
        parallax_sigma=parallax_sigma,
    )


def read_stars(path: Path | str, bands: list[Band]) -> Stars:
    """Read a training table from Parquet and keep the stars that the method can use."""
    stars = stars_from_table(pq.read_table(path), bands)
    return stars.take(usable(stars))


def usable(stars: Stars) -> NDArray[np.bool_]:
    """Stars with the reference band, finite labels and label errors within the published cuts."""
    variances = np.diagonal(stars.theta_cov, axis1=1, axis2=2)  # [n, 3]
    return (
        stars.observed[:, 0]
        & np.isfinite(stars.theta).all(axis=1)
        & np.isfinite(stars.ebv)
        & (variances <= np.square(MAX_LABEL_SIGMA)).all(axis=1)
    )


def split_bucket(row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bucket 0..9 of each row: the MD5 of its decimal identifier, first 8 hex digits, modulo 10.

    Buckets 0-6 train (70 %), 7-8 validate (20 %), 9 tests (10 %), as in Green+2020, section 4.
    """
    digests = [hashlib.md5(str(int(r)).encode()).hexdigest() for r in row]
    return np.array([int(d[:8], 16) % 10 for d in digests], dtype=np.int64)


def split(stars: Stars) -> tuple[Stars, Stars, Stars]:
    """Training, validation and test stars."""
    bucket = split_bucket(stars.row)
    return (
        stars.take(bucket < 7),
        stars.take((bucket == 7) | (bucket == 8)),
        stars.take(bucket == 9),
    )


def sha256(path: Path | str) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
