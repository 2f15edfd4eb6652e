"""A grid of stars from the isochrones that a workspace holds: labels, absolute Ks, and the number of stars of each.

Numbers follow the initial mass function of Kroupa 2001 at a constant star formation rate and equal numbers a dex of
metallicity; Stone-Martinez et al. 2024, section 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
from scipy.spatial import cKDTree

from ...errors import NotIngested

SOLAR_BOLOMETRIC = 4.74
METALLICITY_STEP = 0.05
PHASE_NODES = {0: 24, 1: 12, 2: 60, 3: 24, 4: 12}
#: What is kept: old enough for giants, and cool enough for APOGEE.
MIN_LOG_AGE, MIN_METALLICITY, TEFF_K, MAX_LOGG = 8.0, -2.2, (3000.0, 7500.0), 5.2
FIELDS = ("mass", "log_te", "logg", "m_k")
BC_SCALES = np.array([0.01, 0.3, 0.3])


@dataclass(frozen=True)
class Grid:
    """Points of isochrones: labels [points, 3] (Teff [K], log g, [M/H]), absolute Ks [points], weight [points]."""

    labels: np.ndarray
    absolute_k: np.ndarray
    weight: np.ndarray


def kroupa(mass: np.ndarray) -> np.ndarray:
    """Stars per unit of initial mass [Msun], not normalised; Kroupa 2001, equation 2."""
    return np.where(mass < 0.5, 2 * mass**-1.3, mass**-2.3)


def read_grid(connection: duckdb.DuckDBPyConnection) -> Grid:
    """The grid of the ingested isochrones: MIST, else PARSEC with the Ks of Dartmouth, else Dartmouth alone.

    Raises
    ------
    NotIngested
        If there are none.
    """
    present = {
        name: connection.execute(f"select count(*) from staging.{name}").fetchall()[0][0]
        for name in ("mist", "parsec", "dartmouth")
    }
    if present["mist"]:
        return grid_of(_mist(connection))
    if present["parsec"] and present["dartmouth"]:
        return grid_of(_parsec(connection))
    if present["dartmouth"]:
        return grid_of(_dartmouth(connection))
    raise NotIngested(
        "no isochrones with Ks are ingested: `candlesql ingest SKY dartmouth FILE` (and parsec, for the red clump), "
        "or mist"
    )


def grid_of(isochrones: dict[str, np.ndarray]) -> Grid:
    """Points between the isochrones' metallicities too, so that no star falls between two of them.

    Parameters
    ----------
    isochrones
        Columns m_h, log_age, phase, and those of `FIELDS`, in the order of initial mass within an isochrone.
    """
    ages, metallicities = np.unique(isochrones["log_age"]), np.unique(isochrones["m_h"])
    years = np.gradient(10**ages) if len(ages) > 1 else np.ones(1)
    phases = _split(isochrones)
    parts = []
    for j, age in enumerate(ages):
        for phase in PHASE_NODES:
            tracks = {m: phases[m, age, phase] for m in metallicities if (m, age, phase) in phases}
            for low, high in zip(list(tracks)[:-1], list(tracks)[1:], strict=True):
                n = max(round((high - low) / METALLICITY_STEP), 1)
                for i in range(n + (high == list(tracks)[-1])):
                    part = (i / n) * tracks[high] + (1 - i / n) * tracks[low]
                    m_h = np.full((len(part), 1), low + (high - low) * i / n)
                    width = np.full((len(part), 1), years[j] * (high - low) / n)
                    parts.append(np.hstack([part, m_h, width]))
    return _grid(np.concatenate(parts))


def _split(isochrones: dict[str, np.ndarray]) -> dict[tuple[float, float, int], np.ndarray]:
    """Each phase of each isochrone at a fixed number of places [nodes, fields and number of stars a year and dex]."""
    found = {}
    keys = np.stack([isochrones["m_h"], isochrones["log_age"], isochrones["phase"]], axis=1)
    starts = np.flatnonzero(np.r_[True, (np.diff(keys, axis=0) != 0).any(axis=1)])
    for start, stop in zip(starts, np.r_[starts[1:], len(keys)], strict=True):
        m_h, age, phase = keys[start]
        if phase not in PHASE_NODES or stop - start < 3:
            continue
        own = np.stack([isochrones[name][start:stop] for name in FIELDS], axis=1)
        own = own[1:] if phase == 3 else own
        place = np.linspace(0, len(own) - 1, PHASE_NODES[int(phase)])
        nodes = np.stack([np.interp(place, np.arange(len(own)), column) for column in own.T], axis=1)
        mass = nodes[:, 0]
        stars = kroupa(mass) * np.maximum(np.gradient(mass), 0)
        found[m_h, age, int(phase)] = np.column_stack([nodes, stars])
    return found


def _grid(rows: np.ndarray) -> Grid:
    """Rows [points, (mass, log Teff, log g, M_K, stars, [M/H], years times dex)] within the limits."""
    teff = 10 ** rows[:, 1]
    weight = rows[:, 4] * rows[:, 6]
    kept = (teff > TEFF_K[0]) & (teff < TEFF_K[1]) & (rows[:, 2] < MAX_LOGG) & (weight > 0)
    labels = np.column_stack([teff, rows[:, 2], rows[:, 5]])[kept]
    return Grid(labels, rows[kept, 3], weight[kept])


def _mist(connection: duckdb.DuckDBPyConnection) -> dict[str, np.ndarray]:
    return _fetch(
        connection,
        """select m_h, log_age, coalesce(phase, 2) as phase, initial_mass as mass, "log_Teff" as log_te, log_g as logg,
                  "TwoMASS_Ks" as m_k
           from staging.mist where log_age >= ? and m_h >= ?
           order by m_h, log_age, phase, "EEP" """,
    )


def _dartmouth(connection: duckdb.DuckDBPyConnection) -> dict[str, np.ndarray]:
    return _fetch(
        connection,
        """select m_h, log10(age_gyr) + 9 as log_age, if(logg > 3.8, 0, 2) as phase, mass, log10(teff) as log_te, logg,
                  ks as m_k
           from staging.dartmouth where log_age >= ? and m_h >= ?
           order by m_h, log_age, phase, mass""",
    )


def _parsec(connection: duckdb.DuckDBPyConnection) -> dict[str, np.ndarray]:
    """PARSEC has no magnitudes: its Ks come from the bolometric corrections of Dartmouth's nearest stars."""
    rows = _fetch(
        connection,
        """select "MH"::double as m_h, "logAge"::double as log_age, phase::double as phase, "Mini" as mass,
                  "logTe"::double as log_te, logg::double as logg, "logL"::double as m_k
           from staging.parsec where log_age >= ? and m_h >= ?
           order by m_h, log_age, phase, "Mini" """,
    )
    known = connection.execute(
        "select log10(teff) as log_te, logg, m_h, ? - 2.5 * log_l - ks as bc from staging.dartmouth", [SOLAR_BOLOMETRIC]
    ).fetchnumpy()
    tree = cKDTree(np.stack([known["log_te"], known["logg"], known["m_h"]], axis=1) / BC_SCALES)
    wanted = np.stack([rows["log_te"], rows["logg"], np.clip(rows["m_h"], -1, 0.2)], axis=1) / BC_SCALES
    apart, nearest = tree.query(wanted, k=8)
    closeness = 1 / (apart + 0.05)
    correction = (np.asarray(known["bc"])[nearest] * closeness).sum(axis=1) / closeness.sum(axis=1)
    return rows | {"m_k": SOLAR_BOLOMETRIC - 2.5 * rows["m_k"] - correction}


def _fetch(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, np.ndarray]:
    table = connection.execute(query, [MIN_LOG_AGE, MIN_METALLICITY]).fetchnumpy()
    return {name: np.asarray(values).astype(float) for name, values in table.items()}
