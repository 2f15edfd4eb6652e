"""The training table of the photometry system: stars with labels, magnitudes and parallaxes.

Everything downstream sees one thing, a `Stars`: arrays in float64, one row a star, with the
magnitudes already in the system that the network predicts and with missing bands as infinite
errors (Green+2020, section 3.2).
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, fields, replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...errors import UserError
from .bands import Band

Array = NDArray[np.float64]

log = logging.getLogger(__name__)

LABELS = ("teff", "logg", "feh")
MISSING_SIGMA = np.inf

# Green+2020, sections 3.1 and 3.2
MAX_LABEL_SIGMA = (200.0, 0.5, 0.5)  # K, dex, dex
MAX_MAGNITUDE_SIGMA = 0.2  # mag
BRIGHTEST, FAINTEST = -5.0, 30.0  # mag, of the middle of a table
MIN_PARALLAX_SNR = 5.0  # parallax / parallax_error

PLAUSIBLE = (("teff", 1000.0, 50_000.0, "K"), ("logg", -2.0, 9.0, "dex of cm/s2"), ("feh", -6.0, 2.0, "dex"))


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


def _column(table: pa.Table, name: str, kind: pa.DataType | None = None) -> Array:
    if name not in table.column_names:
        raise UserError(f"column {name} is missing; the table has {', '.join(table.column_names)}")
    return table[name].cast(kind or pa.float64()).to_numpy(zero_copy_only=False)


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
        row=_column(table, "row", pa.int64()).astype(np.int64),
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
    """Read a training table from Parquet, say how many stars are left out and why, and keep the others.

    Raises
    ------
    UserError
        If the file or a column is missing, a column is in another unit, or no star can be used.
    """
    if not Path(path).is_file():
        raise UserError(f"no such file; export one: candlesql export SKY photometry.training {path}", file=path)
    try:
        stars = stars_from_table(pq.read_table(path), bands)
        check_units(stars, bands)
    except UserError as error:
        raise UserError(f"{error}", file=path) from None
    except pa.ArrowInvalid as error:
        raise UserError(f"{str(error).splitlines()[0]}; a Parquet file is wanted", file=path) from None
    reasons = unusable(stars)
    for reason, bad in reasons.items():
        if bad.any():
            log.info("%d of %d stars left out: %s", bad.sum(), len(stars), reason)
    kept = stars.take(~np.any(list(reasons.values()), axis=0))
    if not len(kept):
        most = max(reasons, key=lambda reason: int(reasons[reason].sum()))
        raise UserError(f"none of {len(stars)} stars can be used, most of them for this: {most}", file=path)
    return kept


def check_units(stars: Stars, bands: list[Band]) -> None:
    """Refuse labels and magnitudes that cannot be in the units that are expected.

    Raises
    ------
    UserError
        Names the column, the value and the unit.
    """
    for i, (name, low, high, unit) in enumerate(PLAUSIBLE):
        middle = float(np.nanmedian(stars.theta[:, i])) if np.isfinite(stars.theta[:, i]).any() else low
        if not low <= middle <= high:
            raise UserError(f"column {name}: its median is {middle:.4g}, which cannot be in {unit}")
    for i, band in enumerate(bands):
        seen = stars.mag[stars.observed[:, i], i]
        if len(seen) and not BRIGHTEST <= np.median(seen) <= FAINTEST:
            raise UserError(f"column {band.column}: its median is {np.median(seen):.4g}, which cannot be in mag")
    negative = stars.ebv + 3 * stars.ebv_sigma < 0
    if negative.any():
        first = stars.ebv[np.argmax(negative)]
        raise UserError(
            f"column reddening: {negative.sum()} values are negative by more than three of their errors, "
            f"the first is {first:.4g} mag; set those that are not known to NULL"
        )


def check_observed(stars: Stars, bands: list[Band]) -> None:
    """Refuse a band that no star has, of which a network would learn nothing.

    Raises
    ------
    UserError
        Names the column, and the way out.
    """
    for i in np.flatnonzero(~stars.observed.any(axis=0)):
        raise UserError(
            f"column {bands[i].column}: no star has a magnitude with an error above 0 and at most "
            f"{MAX_MAGNITUDE_SIGMA} mag in {bands[i].column}_error",
            column=bands[i].column,
            hint="mend it, or leave the band out by a bands file (--bands)",
        )


def unusable(stars: Stars) -> dict[str, NDArray[np.bool_]]:
    """What keeps a star out: reason to mask [n]."""
    variances = np.diagonal(stars.theta_cov, axis1=1, axis2=2)  # [n, 3]
    with np.errstate(invalid="ignore"):
        good = {
            "the first band is not observed": stars.observed[:, 0],
            "a label is missing": np.isfinite(stars.theta).all(axis=1),
            "no reddening prior": np.isfinite(stars.ebv) & (stars.ebv_sigma > 0),
            "a label's error is missing or above 200 K, 0.5 dex, 0.5 dex": np.all(
                (variances > 0) & (variances <= np.square(MAX_LABEL_SIGMA)), axis=1
            ),
        }
    return {reason: np.asarray(~mask) for reason, mask in good.items()}


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


def training_stars(connection: duckdb.DuckDBPyConnection, view: str) -> str:
    """A query for the list of the stars of a view that networks learn from: place, and what Gaia measured."""
    columns = {row[0] for row in connection.execute(f"describe from {view}").fetchall()}
    same = 'places.survey = stars.survey and places.source_id = stars."row"' if "survey" in columns else "false"
    return f"""
        select
            places.ra,
            places."dec",
            [places.measured_name, photometry.measured_name(stars.parallax, stars.parallax_error)] as names
        from {view} as stars
        left join photometry.places as places on {same}
        where photometry.split_bucket(stars."row") < 9"""
