"""Real giants with seismic states, from their tables, and the zero points between them and the mock sky.

Gaia's magnitudes are those of DR2: G of EDR3 is taken to it, and BP and RP are made of G and `bp_rp_dr2`, the one
colour that all stars have. Pan-STARRS1 is made of SDSS (Tonry et al. 2012, table 6). Kepler has no public W1.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np

from ...catalogs.mock.sphere import to_galactic
from ...workspace.query import literal_path
from .space import INPUTS, KS, LATITUDE, LONGITUDE, N_BANDS, PARALLAX
from .stars import Labelled, MockStars

FOLDS = 5
#: Campaigns of K2 whose number leaves the same rest are held out together.
PLACES = 4
#: What a parallax of each release reads at infinity [mas]: Zinn et al. 2019, Lindegren et al. 2021.
ZERO_POINTS = {"DR2": -0.05, "EDR3": -0.017}
#: G of EDR3 less that of DR2 [mag], from clusters (documentation of Gaia EDR3).
G_EDR3_DR2 = -0.009
#: G - RP of DR2 giants = polynomial in BP - RP, least squares over the EDR3 stars here with 0.7 < BP - RP < 2.2.
G_RP_FIT = (0.7, 2.2, 2)
#: Tonry et al. 2012, table 6: PS1 - SDSS = a0 + a1 x + a2 x^2, x = g - r; y from z.
TONRY = (
    (-0.011, -0.125, -0.015),
    (0.001, -0.006, -0.002),
    (0.004, -0.014, 0.001),
    (-0.013, 0.040, -0.001),
    (0.031, -0.106, 0.011),
)
#: Median E(B-V) of the Kepler field that fixes the zero points: they cannot be told from a screen of dust.
KEPLER_EBV = 0.09


def kepler(folder: Path) -> Labelled:
    """Kepler giants with a state and a place, all bands but W1."""
    t = _columns(
        f"select * from read_parquet({literal_path(folder / 'kepler/kepler_seismic.parquet')}) "
        "where state is not null and ra is not null order by kic"
    )
    edr3 = t["parallax_src"] == "EDR3"
    g = t["G"] - np.where(edr3, G_EDR3_DR2, 0.0)
    low, high, degree = G_RP_FIT
    colour = t["BP"] - t["RP"]
    fitted = (colour > low) & (colour < high)
    rp = g - np.polyval(np.polyfit(colour[fitted], (t["G"] - t["RP"])[fitted], degree), t["bp_rp_dr2"])
    sdss = [t[f"sdss_{band}"] for band in "griz"]
    longitude, latitude = to_galactic(t["ra"], t["dec"])
    x = np.column_stack(
        [
            g,
            rp + t["bp_rp_dr2"],
            rp,
            *panstarrs1(*sdss),
            t["J"],
            t["H"],
            t["K"],
            np.full(len(g), np.nan),
            t["W2"],
            t["parallax"] - np.where(edr3, ZERO_POINTS["EDR3"], ZERO_POINTS["DR2"]),
            latitude,
            longitude,
        ]
    )
    labels = np.column_stack([t[name] for name in ("teff", "logg", "feh", "delta_nu_uhz", "delta_pi1_s")])
    return Labelled(x, labels, (t["state"] == "RC").astype(float), t["kic"].astype(int))


def apo_k2(folder: Path) -> Labelled:
    """K2 giants: J, Ks, a parallax of DR3 and a place."""
    t = _columns(f"select * from read_csv({literal_path(folder / 'apo_k2/apo_k2.csv')}) order by epic")
    x = np.full((len(t["epic"]), len(INPUTS)), np.nan)
    x[:, KS - 2], x[:, KS] = t["jmag"], t["kmag"]
    x[:, PARALLAX] = t["para"] - ZERO_POINTS["EDR3"]
    x[:, LATITUDE], x[:, LONGITUDE] = t["glat"], t["glon"]
    labels = np.column_stack([t["teff"], t["logg"], t["feh"], t["dnu"], np.full(len(x), np.nan)])
    return Labelled(x, labels, (t["ev"] == "RC").astype(float), t["epic"].astype(int), is_moved=False)


def campaigns(folder: Path) -> np.ndarray:
    """The (first) campaign of K2 of each star of `apo_k2` [rows]."""
    table = literal_path(folder / "apo_k2/apo_k2.csv")
    query = f"select regexp_extract(camp::varchar, '[0-9]+')::integer as camp from read_csv({table}) order by epic"
    return _columns(query)["camp"].astype(int)


def names_and_places(folder: Path) -> str:
    """A query for the real stars by names and places, as `taught.write_list` wants it."""
    return f"""
        select ra, "dec", ['KIC ' || kic, 'gaia_dr2:' || gaia_dr2_source_id] as names
        from read_parquet({literal_path(folder / "kepler/kepler_seismic.parquet")})
        where state is not null and ra is not null
        union all
        select ra, "dec", ['EPIC ' || epic, 'gaia_dr3:' || gaia_source] as names
        from read_csv({literal_path(folder / "apo_k2/apo_k2.csv")})"""


def panstarrs1(g: np.ndarray, r: np.ndarray, i: np.ndarray, z: np.ndarray) -> list[np.ndarray]:
    """Pan-STARRS1 g, r, i, z, y from SDSS."""
    return [band + np.polyval(terms[::-1], g - r) for band, terms in zip((g, r, i, z, z), TONRY, strict=True)]


def folds(stars: Labelled) -> np.ndarray:
    """The fold that holds each star out, by a hash of its identifier [rows]."""
    ids = duckdb.from_arrow(_table(stars.id))
    query = f"select md5_number_lower('real:' || id) % {FOLDS} as fold from ids order by place"
    hashed = ids.query("ids", query)
    assert hashed is not None
    return np.asarray(hashed.fetchnumpy()["fold"]).astype(int)


def _table(identifiers: np.ndarray):  # type: ignore[no-untyped-def]
    import pyarrow as pa

    return pa.table({"id": pa.array(identifiers), "place": pa.array(np.arange(len(identifiers)))})


def zero_points(real: Labelled, mock: MockStars) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What real stars have more than mock ones of the same Teff, log g and [Fe/H], in each band less Ks.

    Returns
    -------
    The medians [bands] (0 where there is no star), their stars, and the robust scatters.
    """
    of_mock = _labelled_alike(mock.labels) & (mock.ebv < 1)
    design = np.column_stack([_polynomial(mock.labels[of_mock]), mock.ebv[of_mock], mock.ebv[of_mock] ** 2])
    colours = mock.magnitudes[of_mock] - mock.magnitudes[of_mock, KS : KS + 1]
    terms = np.linalg.lstsq(design, colours, rcond=None)[0]
    reddening = terms[-2]
    stars = real[_labelled_alike(real.labels)]
    residual = stars.x[:, :N_BANDS] - stars.x[:, KS : KS + 1] - _polynomial(stars.labels) @ terms[:-2]
    known = np.isfinite(residual)
    found = np.zeros(N_BANDS)
    for _ in range(30):
        left = np.where(known, residual - found, 0.0)
        ebv = (left @ reddening) / np.maximum(known @ reddening**2, 1e-9)
        ebv += KEPLER_EBV - np.median(ebv[known[:, 0]])
        found = _medians(residual - ebv[:, None] * reddening)
    scatter = 1.4826 * _medians(np.abs(residual - ebv[:, None] * reddening - found))
    return found, known.sum(axis=0), scatter


def _medians(values: np.ndarray) -> np.ndarray:
    return np.array([np.median(v[np.isfinite(v)]) if np.isfinite(v).any() else 0.0 for v in values.T])


def _labelled_alike(labels: np.ndarray) -> np.ndarray:
    """Giants of the labels that both samples have."""
    teff, logg, feh = labels[:, :3].T
    return (teff > 4300) & (teff < 5200) & (logg > 1.8) & (logg < 3.4) & (feh > -0.8)


def _polynomial(labels: np.ndarray) -> np.ndarray:
    t, g, f = ((labels[:, :3] - (4700, 2.5, -0.1)) / (350, 0.5, 0.3)).T
    return np.column_stack([np.ones(len(t)), t, g, f, t * t, g * g, f * f, t * g, t * f, g * f, t**3])


def _columns(query: str) -> dict[str, np.ndarray]:
    """Columns of a query; numbers in float64 with NaN for NULL."""
    found = duckdb.execute(query).fetchnumpy()
    return {
        name: np.ma.filled(np.ma.asarray(values).astype(float), np.nan) if values.dtype.kind in "iuf" else values
        for name, values in found.items()
    }
