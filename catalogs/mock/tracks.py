"""Stellar tracks on a regular grid of metallicity, age and place along each evolutionary phase.

The grid comes from the emulator that the package ships (`tracks.onnx`, made by `training/tracks.py`
from PARSEC isochrones) or from a table of isochrones that the user hands in.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from ...errors import RefusedFile
from ...udfs.model import load_model
from ...udfs.onnx_udf import session_of

EMULATOR = Path(__file__).with_name("tracks.onnx")

MAIN_SEQUENCE, SUBGIANT, RED_GIANT, CORE_HELIUM, EARLY_AGB = range(5)
PHASES = ("main_sequence", "subgiant", "red_giant", "core_helium", "early_agb")
#: Nodes of each phase; one less divides PLACES, so that one set of places serves all phases.
PLACES = 60
NODES = (61, 13, 61, 61, 31)
FIRST_NODE = tuple(int(n) for n in np.cumsum((0, *NODES[:-1])))
NODE_PHASE = np.repeat(np.arange(len(PHASES), dtype=np.int8), NODES)
SEGMENTS = np.flatnonzero(NODE_PHASE[:-1] == NODE_PHASE[1:])

QUANTITIES = ("mass_initial", "mass_current", "log_l", "log_te", "logg")
MASS_INITIAL, MASS_CURRENT, LOG_L, LOG_TE, LOGG = range(5)

METALLICITIES = np.round(np.arange(-2.1, 0.56, 0.05), 3)
LOG_AGES = np.round(np.arange(8.0, 10.101, 0.05), 2)

DWARF_LOGG = 3.3
FLASH_TIP_GAP = 0.2


@dataclass(frozen=True)
class TrackGrid:
    """Tracks at every metallicity, age and node.

    Attributes
    ----------
    nodes : float64 array [metallicity, age, node, quantity]
        `QUANTITIES` at the nodes of `NODE_PHASE`: masses [Msun], log L [Lsun], log Teff [K],
        log g [cgs]; NaN where a phase is missing.
    mass_steps : float64 array [metallicity, age, segment]
        Range of initial mass [Msun] that `SEGMENTS[i]` and the node after it enclose.
    """

    nodes: np.ndarray
    mass_steps: np.ndarray


def fractions(phase: int) -> np.ndarray:
    """Places of the nodes along a phase, 0 (start) to 1 (end)."""
    return np.linspace(0, 1, NODES[phase])


def emulated_tracks(network: Path = EMULATOR) -> TrackGrid:
    """Tracks from the shipped emulator, evaluated at all nodes and in the middles between them."""
    place = np.linspace(0, 1, 2 * PLACES + 1)
    grid = np.meshgrid(METALLICITIES, LOG_AGES, place, indexing="ij")
    x = np.stack([axis.ravel() for axis in grid]).astype(np.float32)
    (y,) = session_of(load_model(network)).run(["y"], {"x": x})
    y = y.reshape(len(PHASES), len(QUANTITIES) + 1, *grid[0].shape).astype(np.float64)
    nodes, steps = [], []
    for values, count in zip(y, NODES, strict=True):
        stride = 2 * PLACES // (count - 1)
        nodes.append(np.moveaxis(values[:-1, :, :, ::stride], 0, -1))
        steps.append(values[-1, :, :, stride // 2 :: stride] / (count - 1))
    return TrackGrid(np.concatenate(nodes, axis=2), np.concatenate(steps, axis=2))


def tabulated_tracks(path: Path) -> TrackGrid:
    """Tracks from a table of isochrones, interpolated in [M/H] at equal age, phase and place.

    Parameters
    ----------
    path : Path
        Parquet file with columns `MH, logAge, Mini, Mact, logL, logTe, logg, phase`
        (PARSEC phase numbers); ages on a grid of 0.05 dex that covers `LOG_AGES`. There are no
        stars beyond its range of [M/H].

    Raises
    ------
    UserError
        If a column or an age is missing, or there are fewer than two metallicities.
    """
    metallicities, found = read_isochrones(path)
    if len(metallicities) < 2:
        raise RefusedFile(f"one metallicity ([M/H] = {metallicities[0]}); two are needed", file=path)
    nodes = np.full((len(metallicities), len(LOG_AGES), len(NODE_PHASE), len(QUANTITIES)), np.nan)
    for (i, j, phase), rows in found.items():
        nodes[i, j, phase == NODE_PHASE] = resample(phase, rows, fractions(phase))
    nodes = _interpolate_metallicity(metallicities, nodes)
    masses = nodes[..., MASS_INITIAL]
    return TrackGrid(nodes, masses[:, :, SEGMENTS + 1] - masses[:, :, SEGMENTS])


def read_isochrones(path: Path) -> tuple[np.ndarray, dict[tuple[int, int, int], np.ndarray]]:
    """Cleaned isochrones, one array [row, quantity] for each (metallicity, age, phase).

    Returns
    -------
    metallicities : float64 array
        The [M/H] of the table, ascending.
    rows : dict
        Keys index `metallicities`, `LOG_AGES` and `PHASES`; phases of a single row are left out.
    """
    names = ("MH", "logAge", "phase", "Mini", "Mact", "logL", "logTe", "logg")
    absent = sorted(set(names) - set(pq.read_schema(path).names))
    if absent:
        raise RefusedFile(f"column {absent[0]} is missing; needed are {', '.join(names)}", file=path)
    table = pq.read_table(path, columns=list(names))
    columns = [table[name].to_numpy().astype(np.float64) for name in names]
    metallicities, i = np.unique(columns[0], return_inverse=True)
    age, age_grid = (np.rint(a * 100).astype(np.int64) for a in (columns[1], LOG_AGES))
    missing = np.setdiff1d(age_grid, age)
    if len(missing):
        raise RefusedFile(f"no isochrone of logAge {missing[0] / 100}; 8.0 to 10.1 by 0.05 are needed", file=path)
    key = (i * 10_000 + age) * 10 + columns[2].astype(np.int64)
    order = np.argsort(key, kind="stable")
    values = np.stack(columns[3:], axis=1)[order]
    keys, starts = np.unique(key[order], return_index=True)
    found = {}
    for code, rows in zip(keys, np.split(values, starts[1:]), strict=True):
        age_of_rows, phase = divmod(int(code) % 100_000, 10)
        if age_of_rows in age_grid and phase < len(PHASES):
            rows = _clean(phase, rows)
            if len(rows) > 1:
                found[code // 100_000, int(np.searchsorted(age_grid, age_of_rows)), phase] = rows
    return metallicities, found


def _clean(phase: int, rows: np.ndarray) -> np.ndarray:
    """Drop giants labelled as dwarfs, the helium-flash tip and steps back in initial mass."""
    if phase == MAIN_SEQUENCE:
        rows = rows[rows[:, LOGG] > DWARF_LOGG]
    if phase == CORE_HELIUM and len(rows) > 3:
        is_tip = rows[0, LOGG] < rows[1:, LOGG].min() - FLASH_TIP_GAP
        rows = rows[int(is_tip) :]
    return rows[np.r_[True, np.diff(rows[:, MASS_INITIAL]) >= 0]] if len(rows) else rows


def resample(phase: int, rows: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Quantities [place, quantity] at places 0 to 1 along the cleaned rows of one phase.

    A place is a share of the initial-mass range for core-helium burning (so of the time spent
    there), else a share of the path length in (log L, 4 log Teff).
    """
    path = path_length(phase, rows)
    target = place * path[-1]
    return np.stack([np.interp(target, path, column) for column in rows.T], axis=1)


def path_length(phase: int, rows: np.ndarray) -> np.ndarray:
    """Distance of every row from the start of its phase, in the measure of `resample`."""
    if phase == CORE_HELIUM:
        return rows[:, MASS_INITIAL] - rows[0, MASS_INITIAL]
    steps = np.hypot(np.diff(rows[:, LOG_L]), 4 * np.diff(rows[:, LOG_TE]))
    return np.concatenate([[0.0], np.cumsum(steps + 1e-9)])


def _interpolate_metallicity(metallicities: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Tracks on `METALLICITIES`; NaN outside the range of the table."""
    low = np.clip(np.searchsorted(metallicities, METALLICITIES) - 1, 0, len(metallicities) - 2)
    weight = (METALLICITIES - metallicities[low]) / np.diff(metallicities)[low]
    weight = np.where((weight >= 0) & (weight <= 1), weight, np.nan)[:, None, None, None]
    return (1 - weight) * nodes[low] + weight * nodes[low + 1]
