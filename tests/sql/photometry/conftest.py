"""A small workspace: synthetic stars in the form of the published sample, and a few points of tracks."""

from pathlib import Path

import candlesql
import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candlesql.commands.ingest import ingest_survey
from candlesql.commands.score import score_command
from onnx.reference import ReferenceEvaluator

ROOT = Path(__file__).parents[3]
MODELS = ROOT / "udfs/models"
BANDS = ["g", "bp", "rp", "ps1_g", "ps1_r", "ps1_i", "ps1_z", "ps1_y", "j", "h", "ks", "w1", "w2"]
AB_COLUMNS = {"w1": 2.699, "w2": 3.339}  # Green et al. 2020, section 3.2
N = 60


def evaluate(name: str, theta: np.ndarray) -> np.ndarray:
    """A shipped model by ONNX's reference implementation, in float32: theta [n, 3] to [n, outputs]."""
    session = ReferenceEvaluator(onnx.load(MODELS / f"{name}.onnx"))
    (y,) = session.run(None, {"x": np.ascontiguousarray(theta.T, np.float32)})
    return np.asarray(y, float).T


def column_of(band: str) -> str:
    return f"{band}_ab_mag" if band in AB_COLUMNS else f"{band}_mag"


@pytest.fixture(scope="session")
def sample() -> dict[str, np.ndarray]:
    """Columns of the published sample's form: stars near the network's magnitudes; some lack bands or a parallax."""
    random = np.random.default_rng(3)
    giant = random.random(N) < 0.3
    teff = np.where(giant, random.uniform(4400, 5000, N), random.uniform(4800, 6500, N))
    logg = np.where(giant, random.uniform(2.0, 3.0, N), random.uniform(4.1, 4.6, N))
    theta = np.column_stack([teff, logg, random.uniform(-0.6, 0.2, N)]).astype(np.float32)
    answer = evaluate("photometry", theta)
    ebv, modulus = random.uniform(0, 0.5, N), random.uniform(8, 11, N)
    columns: dict[str, np.ndarray] = {
        "row": np.arange(1, N + 1),
        "teff": theta[:, 0],
        "logg": theta[:, 1],
        "feh": theta[:, 2],
    }
    columns |= {
        "cov_teff_teff": np.full(N, 90.0**2), "cov_logg_logg": np.full(N, 0.1**2), "cov_feh_feh": np.full(N, 0.08**2),
        "cov_teff_logg": random.uniform(-2, 2, N), "cov_teff_feh": random.uniform(-2, 2, N),
        "cov_logg_feh": random.uniform(-0.002, 0.002, N),
        "reddening": ebv + random.normal(0, 0.05, N), "reddening_error": np.full(N, 0.05),
        "parallax": 10 ** (2 - modulus / 5), "parallax_error": np.full(N, 0.05),
        "atm_source": np.full(N, "lamost"), "reddening_source": np.full(N, "b19"),
    }  # fmt: skip
    for i, band in enumerate(BANDS):
        error = random.uniform(0.02, 0.05, N)
        mag = answer[:, i] + answer[:, 13 + i] * ebv + modulus + random.normal(0, error) + AB_COLUMNS.get(band, 0)
        missing = (random.random(N) < 0.3) & (band != "g")
        columns[column_of(band)] = np.where(missing, np.nan, mag)
        columns[f"{column_of(band)}_error"] = np.where(missing, np.nan, error)
    columns["parallax_error"][:10] = 1.0
    return {name: v.astype(np.float32) if v.dtype.kind == "f" else v for name, v in columns.items()}


@pytest.fixture(scope="session")
def sky(tmp_path_factory, sample) -> Path:
    folder = tmp_path_factory.mktemp("photometry")
    pq.write_table(pa.table(sample), folder / "stars.parquet")
    tracks = {"Z": [0.015], "logAge": [9.65], "Mini": [1.0], "Mact": [1.0], "logL": [0.0], "logTe": [3.7617],
              "logg": [4.44], "phase": [0.0], "MH": [0.0]}  # fmt: skip
    pq.write_table(pa.table(tracks), folder / "tracks.parquet")
    ingest_survey(folder / "sky", "green2020", [folder / "stars.parquet"], {}, {})
    ingest_survey(folder / "sky", "parsec", [folder / "tracks.parquet"], {}, {})
    score_command(folder / "sky", "photometry")
    return folder / "sky"


@pytest.fixture(scope="session")
def connection(sky):
    with candlesql.open_sky(sky) as opened:
        yield opened
