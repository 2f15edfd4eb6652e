"""The library of stars: tracks with photometry, weighted by the initial mass function."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...udfs.model import load_model
from ...udfs.onnx_udf import session_of
from .parameters import BANDS, W1, W2, G, Parameters
from .tracks import (
    CORE_HELIUM,
    FIRST_NODE,
    LOG_AGES,
    LOG_L,
    LOG_TE,
    LOGG,
    MAIN_SEQUENCE,
    MASS_INITIAL,
    METALLICITIES,
    NODE_PHASE,
    QUANTITIES,
    RED_GIANT,
    SEGMENTS,
    TrackGrid,
)

PHOTOMETRY_NETWORK = Path(__file__).parents[2] / "udfs" / "models" / "photometry.onnx"

#: Where the photometry network is trusted: Teff [K], log g, [Fe/H].
TEFF_RANGE, LOGG_RANGE, FEH_RANGE = (3300.0, 8800.0), (-0.2, 5.3), (-2.4, 0.55)
SUN_BOLOMETRIC = 4.74
LOWEST_MASS, KROUPA_BREAK = 0.08, 0.5
BATCH = 1 << 16


def kroupa_number(mass: np.ndarray) -> np.ndarray:
    """Stars from 0.08 Msun up to `mass` [Msun], for dN/dm = m^-1.3 below and m^-2.3/2 above 0.5.

    Kroupa (2001), unnormalised: dN/dm is continuous and m^-1.3 in the lower range.
    """
    mass = np.asarray(mass, np.float64)
    low = (LOWEST_MASS**-0.3 - np.minimum(mass, KROUPA_BREAK) ** -0.3) / 0.3
    high = (KROUPA_BREAK**-1.3 - np.maximum(mass, KROUPA_BREAK) ** -1.3) / 1.3
    return low + KROUPA_BREAK * high


def bolometric_correction(teff: np.ndarray) -> np.ndarray:
    """Gaia DR2 BC_G(Teff) [mag] of Andrae et al. (2018), 3300 to 8000 K."""
    x = teff - 5772.0
    hot = 6.0e-2 + x * (6.731e-5 + x * (-6.647e-8 + x * (2.859e-11 + x * -7.197e-15)))
    cool = 1.749 + x * (1.977e-3 + x * (3.737e-7 + x * (-8.966e-11 + x * -4.183e-14)))
    return np.where(teff > 4000, hot, cool)


def photometry(network: Path, teff: np.ndarray, logg: np.ndarray, feh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Absolute magnitudes (Vega) and A/E(B-V) of stars, float32 [star, band] each.

    Labels [K, dex, dex] outside the network's range are moved to its edge.
    """
    session = session_of(load_model(network))
    ranges = (TEFF_RANGE, LOGG_RANGE, FEH_RANGE)
    x = np.stack([np.clip(v, *r).astype(np.float32) for v, r in zip((teff, logg, feh), ranges, strict=True)])
    parts = [
        session.run(["y"], {"x": np.ascontiguousarray(x[:, i : i + BATCH])})[0].T for i in range(0, x.shape[1], BATCH)
    ]
    y = np.concatenate(parts)
    return y[:, : len(BANDS)], y[:, len(BANDS) :]


@dataclass(frozen=True)
class StarLibrary:
    """Nodes of all tracks and the segments between neighbours on one track.

    Attributes
    ----------
    labels : float32 array [node, quantity]
        `tracks.QUANTITIES`.
    magnitudes, extinctions : float32 arrays [node, band]
        Absolute magnitudes [mag] and A/E(B-V).
    mixing : float32 array [node]
        Extra mixing of C and N: 0 below the red-giant bump, 1 at the tip and after.
    start : int64 array [segment]
        Node at which the segment starts; it ends at the next.
    first_dwarf : int64 array [segment]
        First main-sequence node of the same isochrone.
    metallicity, log_age, phase, place : arrays [segment]
        [M/H] [dex], log age [yr], index into `tracks.PHASES`, number of the node in its phase.
    born : float64 array [segment]
        Stars on the segment from a constant star-formation rate: mass function x age step.
    usable : bool array [segment]
        Both ends lie in the Teff range of the photometry.
    """

    labels: np.ndarray
    magnitudes: np.ndarray
    extinctions: np.ndarray
    mixing: np.ndarray
    start: np.ndarray
    first_dwarf: np.ndarray
    metallicity: np.ndarray
    log_age: np.ndarray
    phase: np.ndarray
    place: np.ndarray
    born: np.ndarray
    usable: np.ndarray

    def middle(self, band: int) -> np.ndarray:
        """Absolute magnitude [segment] at the middle of every segment."""
        return (self.magnitudes[self.start, band] + self.magnitudes[self.start + 1, band]) / 2


def build_library(tracks: TrackGrid, network: Path, parameters: Parameters) -> StarLibrary:
    """Attach photometry and star counts to tracks."""
    labels = tracks.nodes.copy()
    helium = NODE_PHASE == CORE_HELIUM
    labels[:, :, helium, LOG_TE] = np.log10(10 ** labels[:, :, helium, LOG_TE] + parameters.clump_shift)
    mixing = _mixing(labels)
    labels = labels.reshape(-1, len(QUANTITIES))
    found = np.isfinite(labels[:, 0])
    teff = 10 ** labels[:, LOG_TE]
    magnitudes, extinctions = _node_photometry(labels, found, network, parameters)

    masses = tracks.nodes[..., MASS_INITIAL]
    middle = (masses[:, :, SEGMENTS] + masses[:, :, SEGMENTS + 1]) / 2
    low, high = (middle + sign * tracks.mass_steps / 2 for sign in (-1, 1))
    number = kroupa_number(high) - kroupa_number(low)
    i, j, k = np.nonzero(np.isfinite(number) & (number > 0))
    track = (i * len(LOG_AGES) + j) * len(NODE_PHASE)
    start = track + SEGMENTS[k]
    phase = NODE_PHASE[SEGMENTS[k]]
    in_range = found & (teff > TEFF_RANGE[0]) & (teff < TEFF_RANGE[1])
    log_age = LOG_AGES[j].astype(np.float32)
    return StarLibrary(
        labels=np.where(found[:, None], labels, 0).astype(np.float32),
        magnitudes=magnitudes,
        extinctions=extinctions,
        mixing=mixing.ravel().astype(np.float32),
        start=start,
        first_dwarf=track + FIRST_NODE[MAIN_SEQUENCE],
        metallicity=METALLICITIES[i].astype(np.float32),
        log_age=log_age,
        phase=phase,
        place=(SEGMENTS[k] - np.array(FIRST_NODE)[phase]).astype(np.int16),
        born=number[i, j, k] * 10 ** (log_age.astype(np.float64) - 9),
        usable=in_range[start] & in_range[start + 1],
    )


def _node_photometry(
    labels: np.ndarray, found: np.ndarray, network: Path, parameters: Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """Magnitudes and extinctions [node, band]: M_G from log L, colours from the network."""
    metallicity = np.repeat(METALLICITIES, len(LOG_AGES) * len(NODE_PHASE))
    magnitudes = np.zeros((len(labels), len(BANDS)), np.float32)
    extinctions = np.zeros_like(magnitudes)
    teff = 10 ** labels[found, LOG_TE]
    absolute, extinctions[found] = photometry(network, teff, labels[found, LOGG], metallicity[found])
    extinctions[:, W1], extinctions[:, W2] = parameters.extinction_w1, parameters.extinction_w2
    correction = bolometric_correction(np.clip(teff, *TEFF_RANGE))
    g = SUN_BOLOMETRIC - 2.5 * labels[found, LOG_L] - correction
    magnitudes[found] = absolute - absolute[:, [G]] + g[:, None]
    return magnitudes, extinctions


def _mixing(nodes: np.ndarray) -> np.ndarray:
    """Share of the extra mixing [metallicity, age, node] done at each node: linear in log L."""
    log_l = nodes[..., LOG_L]
    giant = NODE_PHASE == RED_GIANT
    tip = np.fmax.reduce(log_l[:, :, giant], axis=2, keepdims=True)
    bump = (1.75 - 0.3 * METALLICITIES)[:, None, None]
    climb = np.clip((log_l - bump) / np.maximum(tip - bump, 0.3), 0, 1)
    return np.where(giant, climb, NODE_PHASE >= CORE_HELIUM)
