"""The space of spectra that a model was trained in, in its metadata: their mean, their main directions, their spread.

Spectra of other stars of the same survey have nearly that mean and vary in the same directions; those of another line
list, pixel grid or continuum do not, whatever their stars are.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, replace

import numpy as np

#: Directions that are kept, and spectra that are looked at.
DIRECTIONS, SAMPLE = 8, 1000
#: How far the mean may lie from that of training outside the directions, in rms deviations of a training spectrum from
#: its mean. Simulated spectra: 0.07 for other stars with the same lines, 0.7 to 0.8 for other lines, 0.44 moved by a
#: pixel, 0.46 with a continuum 3 % higher, 0.35 where one pixel in twenty is missing.
MAX_OFFSET = 0.3
#: And in the directions, in the rms deviation there: 0.3 for other stars, 1.1 for lines half as deep, 2.2 for none.
MAX_SHIFT = 0.9
#: Rms deviations outside the directions beyond which a spectrum is far, and the share of such that may be more than in
#: training: none for other stars, a half for other lines.
FAR, MAX_FAR = 3.0, 0.05
#: And how little of the variance in the directions of training may be left, against the share that it has there.
MIN_SHARE = 0.5


@dataclass(frozen=True)
class Distances:
    """Of the mean, outside the directions of training and in them, in its rms deviations there; the share of spectra
    that lie far outside, and that of the variance in the directions, against training's."""

    offset: float
    shift: float
    far: float
    share: float


@dataclass(frozen=True)
class FeatureSpace:
    """Mean [pixels] and unit directions [directions, pixels] of ln flux, the pixels of each detector, the rms deviation
    of a pixel, the share of the variance that lies in the directions, and that of spectra that lie far outside them."""

    mean: np.ndarray
    directions: np.ndarray
    detectors: tuple[int, ...]
    spread: float
    share: float
    far: float = 0.0

    @classmethod
    def of(cls, spectra: np.ndarray, detectors: tuple[int, ...]) -> FeatureSpace:
        """That of spectra [stars, pixels]."""
        mean = spectra.mean(axis=0, dtype=np.float64)
        centred = (spectra - mean).astype(np.float32)
        _, vectors = np.linalg.eigh((centred @ centred.T).astype(np.float64))
        directions = vectors[:, ::-1][:, :DIRECTIONS].T @ centred
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        space = cls(mean, directions, detectors, float(np.sqrt(np.mean(centred**2))), _share(centred, directions))
        return replace(space, far=space.distances(spectra).far)

    def misfit(self, spectra: np.ndarray) -> str:
        """What is wrong with spectra [stars, pixels]; empty if they are like those of training.

        The fewer there are, the farther their mean may lie.
        """
        if spectra.shape[1] != len(self.mean):
            return f"they have {spectra.shape[1]} pixels and the model {len(self.mean)}"
        found, n = self.distances(spectra), len(spectra)
        for kind, value, most in (
            ("", found.offset, MAX_OFFSET + 1.5 * self._outside / np.sqrt(n)),
            (" in its directions", found.shift, MAX_SHIFT + 2 / np.sqrt(n)),
        ):
            if value > most:
                return (
                    f"their mean lies {value:.2f} deviations from that of training{kind}, at most {most:.2f} is allowed"
                )
        if found.far > self.far + MAX_FAR + 1 / n:
            return f"{found.far:.0%} of them lie far from those of training, {self.far:.0%} did of these"
        if found.share < MIN_SHARE:
            return (
                f"{found.share:.0%} of the variance is left in the directions of training, "
                f"at least {MIN_SHARE:.0%} is wanted"
            )
        return ""

    def distances(self, spectra: np.ndarray) -> Distances:
        """How spectra [stars, pixels] lie to those of training, as the limits have it."""
        mean = spectra.mean(axis=0, dtype=np.float64)
        along, outside = self._parted(mean[None] - self.mean)
        rms_along = self.spread * np.sqrt(self.share)
        _, each = self._parted(spectra - self.mean)
        return Distances(
            offset=float(np.sqrt(np.mean(outside**2))) / self.spread,
            shift=float(np.sqrt(np.sum(along**2) / len(mean))) / rms_along,
            far=float(np.mean(np.sqrt(np.mean(each**2, axis=1)) > FAR * self._outside * self.spread)),
            share=_share((spectra - mean).astype(np.float32), self.directions) / self.share,
        )

    @property
    def _outside(self) -> float:
        """The rms deviation of training outside the directions, in units of the whole."""
        return float(np.sqrt(max(0.0, 1 - self.share)))

    def _parted(self, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Offsets [rows, pixels] along the directions [rows, directions], and what is left of them."""
        along = offsets @ self.directions.T
        return along, offsets - along @ self.directions

    def text(self) -> str:
        """As JSON for the metadata of a model, arrays in float16."""
        packed = np.concatenate([self.mean[None], self.directions]).astype(np.float16)
        arrays = base64.b64encode(zlib.compress(packed.tobytes(), 9)).decode()
        said = {"detectors": self.detectors, "spread": self.spread, "share": self.share, "far": self.far}
        return json.dumps(said | {"arrays": arrays})

    @classmethod
    def from_text(cls, text: str) -> FeatureSpace:
        """The inverse of `text`."""
        said = json.loads(text)
        rows = np.frombuffer(zlib.decompress(base64.b64decode(said["arrays"])), np.float16)
        rows = rows.reshape(-1, sum(said["detectors"])).astype(np.float32)
        return cls(
            rows[0], rows[1:], tuple(said["detectors"]), *(said.get(name, 0.0) for name in ("spread", "share", "far"))
        )


def _share(centred: np.ndarray, directions: np.ndarray) -> float:
    """The share of the variance of centred spectra [stars, pixels] that lies in unit directions."""
    whole = np.sum(centred**2, dtype=np.float64)
    return float(np.sum((centred @ directions.T) ** 2, dtype=np.float64) / whole) if whole else 1.0
