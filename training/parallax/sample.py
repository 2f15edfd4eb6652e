"""Reads the training set into memory: two halves, one after the other, so that each is a slice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from ...catalogs.spectra.pixels import N_PIXELS
from ...errors import UserError
from ...workspace.query import first_row
from ..taught import write_list
from .fit import Scaling, centre
from .objective import Design, Objective

MAGNITUDES = (
    "phot_g_mean_mag",
    "phot_bp_mean_mag",
    "phot_rp_mean_mag",
    "j_m",
    "h_m",
    "ks_m",
    "w1mpro",
    "w2mpro",
)
ERRORS = (
    "phot_g_mean_mag_error",
    "phot_bp_mean_mag_error",
    "phot_rp_mean_mag_error",
    "j_msigcom",
    "h_msigcom",
    "ks_msigcom",
    "w1mpro_error",
    "w2mpro_error",
)
HALVES = ("A", "B")
FEWEST = 100


@dataclass(frozen=True)
class Sample:
    """The training set: names [N], Gaia's parallaxes as they are and their errors [N] mas, centred features and the
    scaling that takes coefficients back, and the slice of each half."""

    names: np.ndarray
    parallax: np.ndarray
    error: np.ndarray
    design: Design
    scaling: Scaling
    halves: dict[str, slice]

    def part(self, rows: slice) -> Design:
        """Features of a slice of the stars, without copying."""
        return Design(self.design.photometry[rows], self.design.spectra[rows])

    def objective(self, half: str, offset: float, extra_variance: np.ndarray | None = None) -> Objective:
        """Equation 2 for one half; `extra_variance` [N] mas2 is added to that of the parallaxes."""
        rows = self.halves[half]
        error = self.error if extra_variance is None else np.sqrt(self.error**2 + extra_variance)
        return Objective(self.part(rows), self.parallax[rows] + offset, error[rows])

    def sha256(self) -> str:
        """Of names and parallaxes."""
        digest = hashlib.sha256("\n".join(self.names).encode())
        digest.update(np.ascontiguousarray(self.parallax).tobytes())
        return digest.hexdigest()


def read_sample(connection: duckdb.DuckDBPyConnection) -> Sample:
    """Read `parallax.training` with its features; spectra go into one float32 array [N, 7405], a block at a time.

    Raises
    ------
    UserError
        If a half has too few stars.
    """
    counts = dict(connection.execute("select sample, count(*) from parallax.training group by sample").fetchall())
    for half in HALVES:
        if counts.get(half, 0) < FEWEST:
            raise UserError(_too_few(connection, half, counts.get(half, 0)))
    (n,) = first_row(connection, "select count(*) from parallax.training")
    table = connection.execute(
        f"""select apogee_id, training.sample, training.parallax, training.parallax_error, {", ".join(MAGNITUDES)}
            from parallax.training as training inner join parallax.parent as parent using (apogee_id)
            order by training.sample, apogee_id"""
    ).fetchnumpy()
    names = np.asarray(table["apogee_id"]).astype(str)
    photometry = np.stack([np.ones(n), *(np.asarray(table[name], float) for name in MAGNITUDES)], axis=1)
    design, scaling = centre(Design(photometry, spectra_of(connection, names, "ln_flux")))
    n_first = counts[HALVES[0]]
    halves = {HALVES[0]: slice(0, n_first), HALVES[1]: slice(n_first, n)}
    parallax, error = (np.asarray(table[name], float) for name in ("parallax", "parallax_error"))
    return Sample(names, parallax, error, design, scaling, halves)


def _too_few(connection: duckdb.DuckDBPyConnection, half: str, n: int) -> str:
    """Why a half has too few stars, and the way out."""
    for view, way_out in (
        ("staging.apogee_gaia", "`candlesql ingest SKY apogee_gaia FILE`"),
        ("parallax.spectra", "`candlesql spectra SKY FILE…`"),
    ):
        if not first_row(connection, f"select count(*) from {view}")[0]:
            return f"{view} is empty: {way_out} fills it"
    cuts = connection.execute("select cut, n_in_order from parallax.funnel where n_in_order > 0").fetchall()
    taken = ", ".join(f"{cut} {n_cut:,}" for cut, n_cut in cuts)
    return f"parallax.training: {n} stars in half {half}, at least {FEWEST} are needed; left out were: {taken}"


def spectra_of(connection: duckdb.DuckDBPyConnection, names: np.ndarray, column: str) -> np.ndarray:
    """An array of the named stars' spectra, `ln_flux` or its error [N, 7405], in the order of the names."""
    places = {name: i for i, name in enumerate(names.tolist())}
    found = np.empty((len(names), N_PIXELS), np.float32)
    wanted = f"select apogee_id, {column} from parallax.spectra where apogee_id in (select unnest($names::varchar[]))"
    reader = connection.sql(wanted, params={"names": names.tolist()}).to_arrow_reader(4096)
    n_read = 0
    for batch in reader:
        rows = [(i, places[name]) for i, name in enumerate(batch.column(0).to_pylist()) if name in places]
        if rows:
            some, where = np.array(rows).T
            found[where] = _matrix(batch.column(1))[some]
            n_read += len(rows)
    if n_read != len(names):
        raise UserError(f"parallax.spectra: {n_read} spectra for {len(names)} training stars; one star, one spectrum")
    return found


def spectral_errors(connection: duckdb.DuckDBPyConnection, names: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Squared errors of the features of the named stars times weights [7405, models]: [N, models]."""
    places = {name: i for i, name in enumerate(names.tolist())}
    found = np.empty((len(names), weights.shape[1]))
    reader = connection.sql("select apogee_id, ln_flux_error from parallax.spectra").to_arrow_reader(4096)
    for batch in reader:
        rows = [(i, places[name]) for i, name in enumerate(batch.column(0).to_pylist()) if name in places]
        if rows:
            some, where = np.array(rows).T
            found[where] = np.square(_matrix(batch.column(1))[some]) @ weights
    return found


def write_training_stars(connection: duckdb.DuckDBPyConnection, folder: Path) -> str:
    """Write the list of the training stars of each half beside the model; returns the name of both for its metadata."""
    for half in HALVES:
        query = f"""select parent.ra, parent."dec", ['apogee:' || apogee_id] as names from parallax.training as training
                    inner join parallax.parent as parent using (apogee_id) where training.sample = '{half}'"""
        write_list(connection, folder, f"parallax/{half.lower()}", query)
    return "parallax"


def _matrix(column: pa.FixedSizeListArray) -> np.ndarray:
    values = column.values.slice(column.offset * N_PIXELS, len(column) * N_PIXELS)
    return values.to_numpy().reshape(-1, N_PIXELS)
