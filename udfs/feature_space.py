"""The space of spectra that a model was trained in, in its metadata: their mean, their main directions, their spread.

Spectra of other stars of the same survey have nearly that mean and vary in the same directions; those of another line
list, pixel grid or continuum do not, whatever their stars are.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass

import numpy as np

#: Directions that are kept, and spectra that are looked at.
DIRECTIONS, SAMPLE = 8, 1000
#: How far a mean may lie from that of training, in rms deviations of a training spectrum from its mean, apart from what
#: other stars (the directions) and another continuum (a parabola a detector) may do. Simulated spectra: 0.01 to 0.05
#: for other stars with the same lines, 0.73 for other lines.
MAX_OFFSET = 0.3
#: And how little of the variance in the directions of training may be left, against the share that it has there.
MIN_SHARE = 0.5
#: Orders of the polynomials that a continuum may differ by.
ORDERS = 3


@dataclass(frozen=True)
class FeatureSpace:
    """Mean [pixels] and unit directions [directions, pixels] of ln flux, the pixels of each detector, the rms deviation
    of a pixel, and the share of the variance that lies in the directions."""

    mean: np.ndarray
    directions: np.ndarray
    detectors: tuple[int, ...]
    spread: float
    share: float

    @classmethod
    def of(cls, spectra: np.ndarray, detectors: tuple[int, ...]) -> FeatureSpace:
        """That of spectra [stars, pixels]."""
        mean = spectra.mean(axis=0, dtype=np.float64)
        centred = (spectra - mean).astype(np.float32)
        _, vectors = np.linalg.eigh((centred @ centred.T).astype(np.float64))
        directions = vectors[:, ::-1][:, :DIRECTIONS].T @ centred
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        return cls(mean, directions, detectors, float(np.sqrt(np.mean(centred**2))), _share(centred, directions))

    def misfit(self, spectra: np.ndarray) -> str:
        """What is wrong with spectra [stars, pixels]; empty if they are like those of training."""
        if spectra.shape[1] != len(self.mean):
            return f"they have {spectra.shape[1]} pixels and the model {len(self.mean)}"
        offset, share = self.distances(spectra)
        if offset > MAX_OFFSET:
            return f"their mean lies {offset:.2f} deviations from that of training, at most {MAX_OFFSET} is allowed"
        if share < MIN_SHARE:
            return (
                f"{share:.0%} of the variance is left in the directions of training, at least {MIN_SHARE:.0%} is wanted"
            )
        return ""

    def distances(self, spectra: np.ndarray) -> tuple[float, float]:
        """How far the mean is, and the share of the variance in the directions of training, as the limits have them."""
        mean = spectra.mean(axis=0, dtype=np.float64)
        free = np.concatenate([self.directions, _smooth(self.detectors)])
        offset = mean - self.mean
        offset = offset - np.linalg.lstsq(free.T, offset, rcond=None)[0] @ free
        share = _share((spectra - mean).astype(np.float32), self.directions)
        return float(np.sqrt(np.mean(offset**2))) / self.spread, share / self.share

    def text(self) -> str:
        """As JSON for the metadata of a model, arrays in float16."""
        packed = np.concatenate([self.mean[None], self.directions]).astype(np.float16)
        arrays = base64.b64encode(zlib.compress(packed.tobytes(), 9)).decode()
        said = {"detectors": self.detectors, "spread": self.spread, "share": self.share, "arrays": arrays}
        return json.dumps(said)

    @classmethod
    def from_text(cls, text: str) -> FeatureSpace:
        """The inverse of `text`."""
        said = json.loads(text)
        rows = np.frombuffer(zlib.decompress(base64.b64decode(said["arrays"])), np.float16)
        rows = rows.reshape(-1, sum(said["detectors"])).astype(np.float32)
        return cls(rows[0], rows[1:], tuple(said["detectors"]), said["spread"], said["share"])


def _smooth(detectors: tuple[int, ...]) -> np.ndarray:
    """Polynomials over each detector [orders * detectors, pixels]."""
    rows = np.zeros((len(detectors), ORDERS, sum(detectors)))
    starts = np.cumsum([0, *detectors])
    for row, start, n in zip(rows, starts, detectors, strict=False):
        row[:, start : start + n] = np.polynomial.chebyshev.chebvander(np.linspace(-1, 1, n), ORDERS - 1).T
    return rows.reshape(-1, sum(detectors))


def _share(centred: np.ndarray, directions: np.ndarray) -> float:
    """The share of the variance of centred spectra [stars, pixels] that lies in unit directions."""
    whole = np.sum(centred**2, dtype=np.float64)
    return float(np.sum((centred @ directions.T) ** 2, dtype=np.float64) / whole) if whole else 1.0
