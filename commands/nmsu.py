"""`candlesql nmsu`: NMSU distances, from labels and isochrones.

The posterior of absolute Ks; Stone-Martinez et al. 2024, section 4.2:

    candlesql nmsu SKY

reads the isochrones and the stars of a workspace and writes the product `distmass.nmsu`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from ..sql.open import writing
from ..sql.place import write_product
from ..workspace.folder import Sky, existing_sky
from ..workspace.ledger import is_fresh
from .steps.isochrones import Grid, read_grid

PRODUCT = "distmass.nmsu"
#: Any of these gives absolute magnitudes.
ISOCHRONES = ("mist", "dartmouth")
#: Bins of absolute Ks [mag].
EDGES = np.arange(-9.0, 9.01, 0.02)
QUANTILES = (0.16, 0.5, 0.84)
#: Stars are worked through in cells of log g and [M/H] [dex]; points beyond this many errors do not count.
CELL, REACH = 0.2, 4.5
CHUNK = 256


def absolute_k(grid: Grid, labels: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """16th, 50th and 84th percentile of absolute Ks [rows, 3]; NaN where no isochrone comes near.

    Parameters
    ----------
    labels, sigma
        Teff [K], log g, [M/H] and their standard errors [rows, 3].
    """
    found = np.full((len(labels), len(QUANTILES)), np.nan)
    for rows, pdf in posteriors(grid, labels, sigma):
        found[rows] = percentiles(pdf)
    return found


def posteriors(grid: Grid, labels: np.ndarray, sigma: np.ndarray):
    """Yield rows [k] and the density of their absolute Ks in the bins of `EDGES` [k, bins], not normalised."""
    order = np.argsort(grid.absolute_k)
    points, weight = grid.labels[order], np.log(grid.weight[order]).astype(np.float32)
    bins = np.digitize(grid.absolute_k[order], EDGES) - 1
    cells = np.floor(labels[:, 1:] / CELL).astype(int)
    unique, place = np.unique(cells, axis=0, return_inverse=True)
    for cell in range(len(unique)):
        rows = np.flatnonzero(place.ravel() == cell)
        near = _near(points, labels[rows], sigma[rows])
        for chunk in np.array_split(rows, -(-len(rows) // CHUNK)):
            yield chunk, _density(points[near], weight[near], bins[near], labels[chunk], sigma[chunk])


def percentiles(pdf: np.ndarray) -> np.ndarray:
    """Percentiles [rows, 3] of densities in the bins of `EDGES` [rows, bins], straight within a bin."""
    total = np.cumsum(pdf, axis=1, dtype=np.float64)
    found = np.full((len(pdf), len(QUANTILES)), np.nan)
    for k, share in enumerate(QUANTILES):
        wanted = share * total[:, -1]
        bin_ = np.minimum((total < wanted[:, None]).sum(axis=1), pdf.shape[1] - 1)
        inside = np.take_along_axis(pdf, bin_[:, None], axis=1)[:, 0]
        before = np.take_along_axis(total, bin_[:, None], axis=1)[:, 0] - inside
        with np.errstate(invalid="ignore", divide="ignore"):
            found[:, k] = EDGES[bin_] + (EDGES[1] - EDGES[0]) * (wanted - before) / inside
    found[total[:, -1] <= 0] = np.nan
    return found


def _near(points: np.ndarray, labels: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Points within reach of any of the stars."""
    reach = REACH * sigma.max(axis=0)
    return ((points > labels.min(axis=0) - reach) & (points < labels.max(axis=0) + reach)).all(axis=1)


def _density(
    points: np.ndarray, weight: np.ndarray, bins: np.ndarray, labels: np.ndarray, sigma: np.ndarray
) -> np.ndarray:
    """Weight times likelihood of each point for each star, summed in bins of absolute Ks [stars, bins].

    -(p - x)^2 / 2 s^2 is one matrix product of (1 / s^2, x / s^2) and (-p^2 / 2, p), centred so that float32 will do.
    """
    pdf = np.zeros((len(labels), len(EDGES) - 1), np.float32)
    if not len(points):
        return pdf
    centre = labels.mean(axis=0)
    p, x, precision = points - centre, labels - centre, 1 / np.square(sigma)
    of_points = np.hstack([-0.5 * p * p, p]).astype(np.float32)
    of_stars = np.hstack([precision, x * precision]).astype(np.float32)
    likelihood = of_stars @ of_points.T
    likelihood += weight - (0.5 * x * x * precision).sum(axis=1, keepdims=True).astype(np.float32)
    np.exp(likelihood, out=likelihood)
    inside = (bins >= 0) & (bins < pdf.shape[1])
    starts = np.flatnonzero(np.r_[True, np.diff(bins) != 0])
    sums = np.add.reduceat(likelihood, starts, axis=1)
    pdf[:, bins[starts][inside[starts]]] = sums[:, inside[starts]]
    return pdf


def write_nmsu(path: Path) -> int:
    """`candlesql nmsu`: write `distmass.nmsu` of a workspace; returns the number of stars."""
    sky = existing_sky(path)
    with writing(path) as connection:
        return infer_distances(connection, sky)


def infer_distances(connection: duckdb.DuckDBPyConnection, sky: Sky) -> int:
    """Write `distmass.nmsu`; returns the number of stars.

    Raises
    ------
    UserError
        If no isochrones are ingested.
    """
    with found_by_isochrones(connection, read_grid(connection)) as query:
        return place_distances(connection, sky, query)


@contextmanager
def found_by_isochrones(connection: duckdb.DuckDBPyConnection, grid: Grid) -> Iterator[str]:
    """The query of the distances of all stars of the connection."""
    connection.register("nmsu_found", _table(connection, grid))
    yield "from distmass.nmsu_distances('nmsu_found')"
    connection.unregister("nmsu_found")


def place_distances(connection: duckdb.DuckDBPyConnection, sky: Sky, query: str) -> int:
    """Write the rows of a query as `distmass.nmsu`; returns their number."""
    target = sky.results / "distmass_nmsu.parquet"
    return write_product(connection, sky, PRODUCT, query, target, "nmsu", _catalogs(sky))


def infer_stale(connection: duckdb.DuckDBPyConnection, sky: Sky) -> dict[str, int]:
    """The same where isochrones are ingested and the product is missing or stale; its rows by name."""
    if not has_isochrones(sky) or is_fresh(connection, PRODUCT, _catalogs(sky)):
        return {}
    return {PRODUCT: infer_distances(connection, sky)}


def has_isochrones(sky: Sky) -> bool:
    return any(sky.catalog(name).exists() for name in ISOCHRONES)


def _catalogs(sky: Sky) -> list[Path]:
    return sorted(sky.catalogs.glob("*.parquet"))


def _table(connection: duckdb.DuckDBPyConnection, grid: Grid) -> pa.Table:
    stars = connection.execute("from distmass.nmsu_inputs").fetchnumpy()
    names = ("teff_k", "logg", "m_h")
    labels = np.stack([np.asarray(stars[n]).astype(float) for n in names], axis=1)
    sigma = np.stack([np.asarray(stars[f"{n}_error"]).astype(float) for n in names], axis=1)
    low, median, high = absolute_k(grid, labels, sigma).astype(np.float32).T
    ids = pa.array(stars["spectrum_id"].tolist(), pa.string())
    return pa.table({"spectrum_id": ids, "absolute_k_low": low, "absolute_k_median": median, "absolute_k_high": high})
