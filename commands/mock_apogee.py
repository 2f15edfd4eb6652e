"""`candlesql mock-apogee`: a simulated APOGEE with known truth.

Giants of a Galactic disk, their photometry, Gaia astrometry and spectra:

    candlesql mock-apogee SKY --stars 30000

Simulated, not observed: relations are round numbers near those of giants, and non-linear, so that a linear model has
something to fail at. `truth.parquet` holds what no survey knows.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..catalogs.mock.apogee.giants import BANDS, Giants, draw_giants
from ..catalogs.mock.apogee.spectra import Lines, observed_spectra
from ..catalogs.spectra.aspcap import BLOCK_STARS, feature_batch, spectra_writer
from ..catalogs.spectra.continuum import choose_continuum
from ..catalogs.survey import load_survey
from ..sql.open import new_or_existing, refresh, writing
from ..workspace.change import place
from ..workspace.folder import TRUTH
from ..workspace.ledger import record
from .ingest import put_in, record_catalog
from .spectra import spectra_path

ARCHIVE_NAMES = {
    "G": "phot_g_mean_mag",
    "BP": "phot_bp_mean_mag",
    "RP": "phot_rp_mean_mag",
    "J": "j_m",
    "H": "h_m",
    "K": "ks_m",
    "W1": "w1mpro",
    "W2": "w2mpro",
}
ERROR_NAMES = {
    "G": "phot_g_mean_flux_over_error",
    "BP": "phot_bp_mean_flux_over_error",
    "RP": "phot_rp_mean_flux_over_error",
    "J": "j_msigcom",
    "H": "h_msigcom",
    "K": "ks_msigcom",
    "W1": "w1mpro_error",
    "W2": "w2mpro_error",
}


def simulate(sky_path: Path, n_stars: int, seed: int) -> None:
    """Make a workspace with the survey `apogee_gaia` and the features of every spectrum, in blocks of 512 stars."""
    started, survey, said = time.time(), load_survey("apogee_gaia"), f"mock-apogee --stars {n_stars} --seed {seed}"
    giants = draw_giants(n_stars, np.random.default_rng([seed, 1]))
    with (
        new_or_existing(sky_path) as sky,
        tempfile.TemporaryDirectory(dir=sky.root, prefix=".making-") as folder,
        writing(sky.root, whole=True) as connection,
    ):
        table, made, known = (Path(folder) / name for name in ("apogee_gaia.parquet", "spectra.parquet", "truth"))
        pq.write_table(catalogue(giants), table)
        pq.write_table(truth(giants), known)
        write_simulated_spectra(made, giants, seed)
        done = put_in(sky, survey, table)
        place(sky, known, sky.root / TRUTH)
        place(sky, made, spectra_path(sky.results))
        refresh(connection, sky)
        record_catalog(connection, sky, survey, said, [], done, time.time() - started)
        made_files = [spectra_path(sky.results)]
        record(connection, "parallax.spectra", said, [], {}, n_stars, time.time() - started, made_files)


def write_simulated_spectra(path: Path, giants: Giants, seed: int) -> None:
    """Normalise and write spectra as `spectra.write_spectra` does those of aspcapStar files."""
    lines = Lines.drawn(np.random.default_rng([seed, 2]))
    first = np.arange(min(BLOCK_STARS, len(giants)))
    continuum = choose_continuum(*observed_spectra(lines, giants, first, np.random.default_rng([seed, 3])))
    with spectra_writer(path, continuum, simulated=True) as writer:
        for start in range(0, len(giants), BLOCK_STARS):
            rows = np.arange(start, min(start + BLOCK_STARS, len(giants)))
            flux, error = observed_spectra(lines, giants, rows, np.random.default_rng([seed, 4, start]))
            writer.write_batch(feature_batch([giants.names[i] for i in rows], flux, error, continuum))


def catalogue(giants: Giants) -> pa.Table:
    """What APOGEE, Gaia, 2MASS and WISE say of the stars, by the names of the survey `apogee_gaia`."""
    columns = dict(giants.observed)
    for i, band in enumerate(BANDS):
        columns[ARCHIVE_NAMES[band]] = giants.magnitudes[:, i]
        error = giants.magnitude_errors[:, i]
        is_gaia = ERROR_NAMES[band].endswith("over_error")
        columns[ERROR_NAMES[band]] = 2.5 / np.log(10) / error if is_gaia else error
    return pa.table({"apogee_id": giants.names, "member": giants.clusters, **columns})


def truth(giants: Giants) -> pa.Table:
    """What no survey knows: parallax [mas], mass [Msun], extinction A_K [mag], velocities [km/s] towards x, y, z."""
    return pa.table({"apogee_id": giants.names, **giants.truth})
