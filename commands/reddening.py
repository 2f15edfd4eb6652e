"""`candlesql reddening`: reddening priors of the stars of a workspace, from SFD and Bayestar19 by way of `dustmaps`.

    candlesql reddening sky --out reddening.parquet
    candlesql ingest sky reddening reddening.parquet

Needs the extra `dust` and the maps themselves (`dustmaps.sfd.fetch()`, `dustmaps.bayestar.fetch()`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import astropy.units as u
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

from ..errors import MissingPackage, UserError
from ..sql.open import open_sky

Array = NDArray[np.float64]

# Green+2020, section 3.3
MIN_PARALLAX_SNR = 5.0  # parallax / parallax_error of a distance
MIDPLANE_KPC = 0.4  # farther from it all dust is in front of a star
RELATIVE_ERROR = 0.1  # of either map
FLOOR = 0.02  # mag, in quadrature
SAMPLES = 20  # parallaxes of a star, each with its own sample of Bayestar19
CHUNK = 20_000  # stars at a time


class DustMap(Protocol):
    """What `dustmaps` calls a query: coordinates in, E(B-V) [mag] out, NaN where the map has nothing."""

    def __call__(self, coords: SkyCoord) -> Array:
        """E of every coordinate; of a three-dimensional map in front of its distance."""


@dataclass(frozen=True)
class Sight:
    """Lines of sight: direction [n], Gaia parallax and its error [n, mas], NaN where missing."""

    direction: SkyCoord
    parallax: Array
    parallax_error: Array

    def __len__(self) -> int:
        return len(self.parallax)

    def slice(self, rows: slice) -> Sight:
        """Some of them."""
        return Sight(self.direction[rows], self.parallax[rows], self.parallax_error[rows])


def reddening_priors(sight: Sight, sfd: DustMap, bayestar: DustMap | None, seed: int = 0) -> tuple[Array, Array]:
    """Mean and standard deviation [n, mag] of E by the rules of Green et al. 2020, section 3.3.

    Parameters
    ----------
    sfd
        Dust of the whole line of sight, taken for stars whose parallax, one standard deviation above its value, still
        puts them 400 pc from the midplane.
    bayestar
        Dust in front of a distance, `mode='random_sample'`: for nearer stars with a parallax of 5 standard deviations.

    Returns
    -------
    ebv, ebv_error
        All other stars get 0 with the error of SFD's value; NaN where SFD has none.
    """
    whole = np.asarray(sfd(sight.direction), float)
    largest = sight.parallax + sight.parallax_error
    latitude = np.abs(np.sin(sight.direction.galactic.b.rad))
    with np.errstate(invalid="ignore", divide="ignore"):
        height_kpc = np.where(largest > 0, latitude / largest, np.inf)
    far = np.isfinite(sight.parallax) & (height_kpc > MIDPLANE_KPC)
    ebv = np.where(far, whole, 0.0)
    variance = np.square(np.where(far, RELATIVE_ERROR, 1.0) * whole)
    with np.errstate(invalid="ignore"):
        near = ~far & (sight.parallax > MIN_PARALLAX_SNR * sight.parallax_error)
    if bayestar is not None and near.any():
        mean, spread = _along_parallax(sight, near, bayestar, seed)
        mapped = np.flatnonzero(near)[np.isfinite(mean)]
        mean, spread = mean[np.isfinite(mean)], spread[np.isfinite(mean)]
        ebv[mapped] = mean
        variance[mapped] = spread**2 + (RELATIVE_ERROR * mean) ** 2
    return np.where(np.isnan(whole) & (ebv == 0), np.nan, ebv), np.sqrt(variance + FLOOR**2)


def _along_parallax(sight: Sight, near: np.ndarray, bayestar: DustMap, seed: int) -> tuple[Array, Array]:
    """Mean and spread [n near] of a map over distances drawn from the parallax."""
    random = np.random.default_rng(seed)
    parallax, error = sight.parallax[near, None], sight.parallax_error[near, None]
    drawn = np.abs(parallax + error * random.standard_normal((len(parallax), SAMPLES)))
    galactic = sight.direction[near].galactic
    places = SkyCoord(
        np.repeat(galactic.l, SAMPLES),
        np.repeat(galactic.b, SAMPLES),
        distance=(1.0 / drawn.ravel()) * u.kpc,
        frame="galactic",
    )
    sample = np.asarray(bayestar(places), float).reshape(drawn.shape)
    return sample.mean(axis=1), sample.std(axis=1)


def write_priors(sky: Path, out: Path, sfd: DustMap, bayestar: DustMap | None, seed: int = 0) -> int:
    """Write `source_id, ebv_prior, ebv_prior_error` of a workspace's Gaia stars; returns how many have a prior."""
    with open_sky(sky, trust=True) as connection:
        columns = connection.execute(
            'select distinct on (source_id) source_id, ra, "dec", parallax::double as parallax, '
            "parallax_error::double as parallax_error from staging.gaia where ra is not null order by source_id, survey"
        ).fetchnumpy()
    if not len(columns["source_id"]):
        raise UserError(f"Gaia has no stars to look up; candlesql ingest {sky} gaia_dr3 FILE comes first", file=sky)
    filled = {name: np.ma.filled(column, np.nan) for name, column in columns.items() if name != "source_id"}
    sight = Sight(SkyCoord(filled["ra"], filled["dec"], unit="deg"), filled["parallax"], filled["parallax_error"])
    starts = range(0, len(sight), CHUNK)
    parts = [reddening_priors(sight.slice(slice(i, i + CHUNK)), sfd, bayestar, seed + i) for i in starts]
    ebv, error = (np.concatenate(values) for values in zip(*parts, strict=True))
    known = np.isfinite(ebv)
    table = {
        "source_id": np.asarray(columns["source_id"])[known],
        "ebv_prior": ebv[known].astype(np.float32),
        "ebv_prior_error": error[known].astype(np.float32),
    }
    partial = out.with_name(out.name + ".partial")
    pq.write_table(pa.table(table), partial)
    partial.rename(out)
    return int(known.sum())


def open_maps() -> tuple[DustMap, DustMap]:
    """SFD, and Bayestar19 with random samples, by `dustmaps`.

    Raises
    ------
    UserError
        If `dustmaps` is not installed, or a map has not been fetched.
    """
    try:
        from dustmaps.bayestar import BayestarQuery
        from dustmaps.sfd import SFDQuery
    except ModuleNotFoundError as error:
        raise MissingPackage(f"reddening priors need {error.name}: pip install 'candlesql[dust]'") from None
    try:
        sfd, bayestar = SFDQuery(), BayestarQuery(version="bayestar2019", max_samples=SAMPLES)
    except OSError as error:
        raise UserError(
            f"a dust map is not there ({error}): run `python -c 'import dustmaps.sfd, dustmaps.bayestar; "
            "dustmaps.sfd.fetch(); dustmaps.bayestar.fetch()'`"
        ) from None
    return sfd, lambda coords: bayestar(coords, mode="random_sample")


def look_up_reddening(sky: Path, out: Path) -> int:
    """`candlesql reddening`: write the priors of a workspace's Gaia stars; returns the number of stars."""
    sfd, bayestar = open_maps()
    return write_priors(sky, out, sfd, bayestar)
