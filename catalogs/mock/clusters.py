"""Simulated star clusters of known distance and age, for figures 5 and 17 of Stone-Martinez et al. 2024.

    candlesql mock-clusters FOLDER
    candlesql ingest SKY clusters FOLDER/mock_clusters.csv
    candlesql ingest SKY cn_labels FOLDER/mock_cluster_stars.csv

Simulated, not observed: giants of one mass a cluster, that of its age, on lines in Teff, [C/Fe] and [N/Fe] that were
fitted to Kepler giants with seismic masses; absolute Ks follows from mass, log g and Teff. The only network that takes
part is that of the ages.
"""

from __future__ import annotations

import csv
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np

from ...udfs.model import load_model
from ...udfs.model_files import SHIPPED
from ...udfs.onnx_udf import session_of


@dataclass(frozen=True)
class Cluster:
    """Name, distance [kpc], log10 of age [yr], [M/H], A_K [mag], number of stars."""

    cluster: str
    distance_kpc: float
    log_age: float
    m_h: float
    a_k: float
    n: int


CLUSTERS = (
    Cluster("mock_open_1", 0.9, 9.05, 0.05, 0.02, 60),
    Cluster("mock_open_2", 2.2, 9.25, 0.00, 0.08, 60),
    Cluster("mock_open_3", 4.0, 9.40, -0.25, 0.12, 60),
    Cluster("mock_open_4", 1.7, 9.65, 0.10, 0.03, 60),
    Cluster("mock_open_5", 3.0, 9.80, 0.30, 0.05, 60),
    Cluster("mock_open_6", 6.0, 9.95, -0.40, 0.15, 60),
    Cluster("mock_globular_1", 8.0, 10.10, -1.20, 0.01, 60),
    Cluster("mock_globular_2", 12.0, 10.10, -1.90, 0.03, 60),
)
#: Fits to 2,567 RGB and 1,860 RC stars of Kepler (masses of APOKASC-2), in g = log g - 2.5, [M/H] and m = log10 mass:
#: Teff of (1, g, g^2, [M/H], m), [C/Fe] and [N/Fe] of (1, g, [M/H], m, m^2).
TEFF = {"RGB": (4513.4, 456.3, -50.3, -398.6, 742.3), "RC": (4703.5, 510.5, -125.5, -518.5, 367.1)}
C_FE = {"RGB": (0.0607, -0.0112, 0.0535, -0.8353, 0.8699), "RC": (0.0526, -0.0166, 0.0521, -0.8352, 0.8208)}
N_FE = {"RGB": (0.1889, -0.0230, 0.1602, 0.5384, -0.1105), "RC": (0.1740, -0.0780, 0.0786, 0.5295, 0.1529)}
#: log g of clump stars of (1, [M/H], m) with its scatter, and of the others the range.
CLUMP_LOGG, CLUMP_SCATTER, BRANCH_LOGG = (2.3974, -0.0447, 0.9184), 0.08, (1.6, 3.1)
CLUMP_SHARE = 0.4
#: Bolometric correction in Ks of (1, (Teff - 4800) / 1000, [M/H]), by the parallaxes of the same stars.
BOLOMETRIC_K = (1.9614, -0.6958, -0.0598)
SUN_TEFF, SUN_LOGG, SUN_BOLOMETRIC = 5772.0, 4.438, 4.74
#: Scatter about the lines (Teff [K], [C/Fe], [N/Fe]) and errors of log g, [M/H], Ks, parallax [mas].
TEFF_SCATTER, ABUNDANCE_SCATTER = 35.0, 0.05
LOGG_ERROR, M_H_ERROR, K_ERROR, PARALLAX_ERROR = 0.03, 0.01, 0.02, 0.04
A_K_OVER_EBV = 0.302
#: Where they stand [deg]; at this Galactic latitude extinction comes from the map.
RA, DEC = 200.0, 30.0
ALPHA = 0.0
LEAST_MASS = 0.8


def mass_of_age(log_age: float, m_h: float) -> float:
    """Initial mass [Msun] of giants of that age, by the shipped network; the least of it for older ones."""
    mass = np.linspace(LEAST_MASS, 4, 2000)
    x = np.stack([mass, np.full_like(mass, np.clip(m_h, -0.5, 0.5)), np.full_like(mass, ALPHA)]).astype(np.float32)
    ages = session_of(load_model(SHIPPED / "distmass_log_age.onnx")).run(None, {"x": x})[0][0]
    return float(np.interp(-log_age, -ages, mass))


def stars_of(cluster: Cluster, rng: np.random.Generator) -> list[dict[str, object]]:
    """Rows of `cn_labels`, as a survey would see them."""
    mass = mass_of_age(cluster.log_age, cluster.m_h)
    m = np.log10(mass)
    rows: list[dict[str, object]] = []
    for i in range(cluster.n):
        state = "RC" if rng.random() < CLUMP_SHARE else "RGB"
        clump = float(np.dot(CLUMP_LOGG, (1, cluster.m_h, m))) + CLUMP_SCATTER * rng.standard_normal()
        logg = clump if state == "RC" else rng.uniform(*BRANCH_LOGG)
        g = logg - 2.5
        teff = np.dot(TEFF[state], (1, g, g * g, cluster.m_h, m)) + TEFF_SCATTER * rng.standard_normal()
        c_fe, n_fe = (np.dot(fit[state], (1, g, cluster.m_h, m, m * m)) for fit in (C_FE, N_FE))
        k = absolute_k(mass, teff, logg, cluster.m_h) + 5 * np.log10(cluster.distance_kpc) + 10 + cluster.a_k
        noise = rng.standard_normal(6)
        rows.append(
            {
                "star_id": f"{cluster.cluster}_{i}",
                "ra": RA,
                "dec": DEC,
                "member": cluster.cluster,
                "teff": round(teff, 1),
                "logg": round(logg + LOGG_ERROR * noise[0], 4),
                "m_h": round(cluster.m_h + M_H_ERROR * noise[1], 4),
                "alpha_m": ALPHA,
                "c_fe": round(c_fe + ABUNDANCE_SCATTER * noise[2], 4),
                "n_fe": round(n_fe + ABUNDANCE_SCATTER * noise[3], 4),
                "k": round(k + K_ERROR * noise[4], 4),
                "k_err": K_ERROR,
                "sfd_ebv": cluster.a_k / A_K_OVER_EBV,
                "parallax": round(1 / cluster.distance_kpc + PARALLAX_ERROR * noise[5], 5),
                "parallax_error": PARALLAX_ERROR,
                "parallax_zero_point": 0.0,
            }
        )
    return rows


def absolute_k(mass: float, teff: float, logg: float, m_h: float) -> float:
    """Absolute Ks [mag] of a star of that mass [Msun], Teff [K] and surface gravity."""
    log_l = np.log10(mass) + 4 * np.log10(teff / SUN_TEFF) - (logg - SUN_LOGG)
    correction = np.dot(BOLOMETRIC_K, (1, (teff - 4800) / 1000, m_h))
    return float(SUN_BOLOMETRIC - 2.5 * log_l - correction)


def write_mock_clusters(folder: Path, seed: int = 1) -> tuple[Path, Path]:
    """Write the clusters and their stars as CSV; returns both paths."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    clusters, stars = folder / "mock_clusters.csv", folder / "mock_cluster_stars.csv"
    names = [field.name for field in fields(Cluster)]
    _write(clusters, [dict(zip(names, astuple(cluster), strict=True)) for cluster in CLUSTERS])
    _write(stars, [row for cluster in CLUSTERS for row in stars_of(cluster, rng)])
    return clusters, stars


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
