"""A small allStar file as APOGEE ships it, and a workspace made from it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from candlesql.commands.ingest import ingest_survey
from candlesql.commands.run import run_command
from candlesql.sql.open import open_sky

BAD = 1 << 23
# A giant of the red clump, the same with IRAC at low latitude, with SFD at high latitude, STAR_BAD, without [C/Fe], a
# dwarf, without Ks. Galactic latitudes of the positions: about 6, 6, 62, 6, 6, 6, 6 deg.
STARS = {
    "APOGEE_ID": [f"2M19{i}" for i in range(7)],
    "APSTAR_ID": [f"apogee.apo25m.stars.{i}" for i in range(7)],
    "RA": [295.0, 295.0, 210.0, 295.0, 295.0, 295.0, 295.0],
    "DEC": [36.0, 36.0, 0.0, 36.0, 36.0, 36.0, 36.0],
    "TEFF": [4800, 4800, 4800, 4800, 4800, 6200, 4800],
    "TEFF_ERR": [8, 100, 8, 8, 8, 8, 8],
    "LOGG": [2.45, 2.45, 2.45, 2.45, 2.45, 4.4, 2.45],
    "LOGG_ERR": [0.02, 0.2, 0.02, 0.02, 0.02, 0.02, 0.02],
    "M_H": [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    "C_FE": [-0.05, -0.05, -0.05, -0.05, np.nan, 0.0, -0.05],
    "N_FE": [0.2, 0.2, 0.2, 0.2, 0.2, 0.0, 0.2],
    "H": [10.2, 10.2, 10.2, 10.2, 10.2, 10.2, 10.2],
    "K": [10.1, 10.1, 10.1, 10.1, 10.1, 10.1, np.nan],
    "K_ERR": [0.02] * 7,
    "IRAC_4_5": [np.nan, 10.0, np.nan, np.nan, np.nan, np.nan, np.nan],
    "WISE_4_5": [10.05] * 7,
    "SFD_EBV": [0.2] * 7,
    "ALPHA_M": [0.0] * 7,
    "GAIAEDR3_PARALLAX": [0.5, np.nan, 0.5, 0.5, 0.5, 0.5, 0.5],
    "GAIAEDR3_PARALLAX_ERROR": [0.02] * 7,
    "MEMBER": ["N6791", "", "", "", "", "", ""],
    "ASPCAPFLAG": np.array([0, 0, 0, BAD, 0, 0, 0], np.int64),
}


@pytest.fixture(scope="session")
def all_star_sky(empty_sky, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("distmass")
    shutil.copytree(empty_sky, folder / "sky")
    table = Table(STARS)
    for name, values in STARS.items():
        if isinstance(values, list) and isinstance(values[0], float):
            table[name] = np.asarray(values, np.float32 if name not in ("RA", "DEC") else np.float64)
    table.write(folder / "allStar.fits")
    ingest_survey(folder / "sky", "apogee_dr17", [folder / "allStar.fits"], {}, {})
    list(run_command(folder / "sky", "distmass", {}))
    return folder / "sky"


@pytest.fixture(scope="session")
def all_star(all_star_sky):
    with open_sky(all_star_sky) as connection:
        yield connection
