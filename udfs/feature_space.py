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
#: its mean. Simulated spectra: 0.01 to 0.07 for other stars with the same lines, 0.7 to 0.8 for other lines, 0.2 moved
#: by half a pixel, 0.3 with a continuum 2 % higher; either changes parallaxes by 10 %.
MAX_OFFSET = 0.15
#: And in the directions, in the rms deviation there: 0.3 for other stars, 1.1 for lines half as deep, 2.2 for none.
MAX_SHIFT = 0.9
#: Added to the errors of ln flux, for what the directions leave of any spectrum.
ERROR_FLOOR = 0.005
#: Pixels of errors from here on say nothing, those that are missing among them.
NO_VALUE = 0.05
#: Of the polynomials of a continuum, which each workspace fits to pixels of its own choice.
CONTINUUM_ORDER = 2
#: A spectrum is a stranger if what directions and continuum leave of it, in squared errors a pixel, is this much above
#: what all but a few of training have. Simulated spectra: every one of other lines, 4 in a thousand of the same, all of
#: them cool and rich in metals, where directions are bent.
FEW, ABOVE = 0.005, 1.1
#: Far strangers have this many times what a stranger has: 97 in 100 of other lines, 1 in a thousand of the same.
FAR = 2.0
#: The shares of strangers, and of far ones, that spectra of training's kind may have, whichever of its stars they are.
MAX_STRANGERS, MAX_FAR = 0.02, 0.002
#: Spectra are refused if with those shares as many would be found with less than this probability.
CHANCE = 0.0025


class EarlierVersion(Exception):
    """Text of a model that was trained before what is asked of it was kept."""


@dataclass(frozen=True)
class Distances:
    """Of the mean, outside the directions of training and in them, in its rms deviations there; how many strangers, and
    how many of them are far."""

    offset: float
    shift: float
    strangers: int
    far: int


@dataclass(frozen=True)
class FeatureSpace:
    """Mean [pixels] and unit directions [directions, pixels] of ln flux, the pixels of each detector, the rms deviation
    of a pixel, the share of the variance that lies in the directions, and from where on a spectrum is a stranger."""

    mean: np.ndarray
    directions: np.ndarray
    detectors: tuple[int, ...]
    spread: float
    share: float
    strange: float = np.inf

    @classmethod
    def of(cls, spectra: np.ndarray, errors: np.ndarray, detectors: tuple[int, ...]) -> FeatureSpace:
        """That of spectra and their errors [stars, pixels].

        What directions leave of a spectrum is measured on those of the half that did not give the directions.
        """
        space, odd = cls._spanned(spectra, detectors), np.arange(len(spectra)) % 2 == 1
        left = [cls._spanned(spectra[~half], detectors).left(spectra[half], errors[half]) for half in (odd, ~odd)]
        return replace(space, strange=ABOVE * float(np.quantile(np.concatenate(left), 1 - FEW)))

    @classmethod
    def _spanned(cls, spectra: np.ndarray, detectors: tuple[int, ...]) -> FeatureSpace:
        mean = spectra.mean(axis=0, dtype=np.float64)
        centred = (spectra - mean).astype(np.float32)
        _, vectors = np.linalg.eigh((centred @ centred.T).astype(np.float64))
        directions = vectors[:, ::-1][:, :DIRECTIONS].T @ centred
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        return cls(mean, directions, detectors, float(np.sqrt(np.mean(centred**2))), _share(centred, directions))

    def misfit(self, spectra: np.ndarray, errors: np.ndarray) -> str:
        """What is wrong with spectra [stars, pixels] of such errors; empty if they are like those of training.

        The fewer there are, the farther their mean may lie. Those that hold NaN have no estimate and are not judged.
        """
        if spectra.shape[1] != len(self.mean):
            return f"they have {spectra.shape[1]} pixels and the model {len(self.mean)}"
        whole = np.isfinite(spectra).all(axis=1) & np.isfinite(errors).all(axis=1)
        found, n = self.distances(spectra[whole], errors[whole]), int(whole.sum())
        if not n:
            return "each has pixels without a value"
        for kind, value, most in (
            ("", found.offset, np.hypot(MAX_OFFSET, 3.5 * self._outside / np.sqrt(n))),
            (" in its directions", found.shift, MAX_SHIFT + 3 / np.sqrt(n)),
        ):
            if value > most:
                return (
                    f"their mean lies {value:.2f} deviations from that of training{kind}, at most {most:.2f} is allowed"
                )
        for number, share, kind in ((found.far, MAX_FAR, "far "), (found.strangers, MAX_STRANGERS, "")):
            if number > most_of(n, share):
                return (
                    f"{number} of {n} are {kind}beyond their errors unlike any of training, "
                    f"at most {most_of(n, share)} may be"
                )
        return ""

    def distances(self, spectra: np.ndarray, errors: np.ndarray) -> Distances:
        """How spectra of such errors [stars, pixels] lie to those of training, as the limits have it."""
        if not len(spectra):
            return Distances(np.inf, np.inf, 0, 0)
        along, outside = self._parted(spectra.mean(axis=0, dtype=np.float64)[None] - self.mean)
        rms_along, left = self.spread * np.sqrt(self.share), self.left(spectra, errors)
        return Distances(
            offset=float(np.sqrt(np.mean(outside**2))) / self.spread,
            shift=float(np.sqrt(np.sum(along**2) / len(self.mean))) / rms_along,
            strangers=int(np.sum(left > self.strange)),
            far=int(np.sum(left > FAR * self.strange)),
        )

    def left(self, spectra: np.ndarray, errors: np.ndarray) -> np.ndarray:
        """What directions and continuum leave of spectra [stars, pixels], in squared errors a pixel."""
        basis = np.linalg.qr(np.concatenate([self.directions, _continua(self.detectors)]).T)[0]
        offsets = spectra - self.mean
        outside = offsets - (offsets @ basis) @ basis.T
        known = errors < NO_VALUE
        squared = np.sum(outside**2 / (np.square(errors) + ERROR_FLOOR**2), axis=1, where=known)
        return np.where(known.mean(axis=1) < 0.5, np.inf, squared / np.maximum(known.sum(axis=1), 1))

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
        said = {"detectors": self.detectors, "spread": self.spread, "share": self.share, "strange": self.strange}
        return json.dumps(said | {"arrays": arrays})

    @classmethod
    def from_text(cls, text: str) -> FeatureSpace:
        """The inverse of `text`.

        Raises
        ------
        EarlierVersion
            If an entry is missing, as in models of earlier versions.
        """
        said = dict(json.loads(text))
        missing = [name for name in ("detectors", "spread", "share", "strange", "arrays") if name not in said]
        if missing:
            raise EarlierVersion(f"its metadata candlesql.feature_space has no {', '.join(missing)}")
        rows = np.frombuffer(zlib.decompress(base64.b64decode(said["arrays"])), np.float16)
        rows = rows.reshape(-1, sum(said["detectors"])).astype(np.float32)
        return cls(
            rows[0], rows[1:], tuple(said["detectors"]), *(float(said[name]) for name in ("spread", "share", "strange"))
        )


def most_of(n: int, share: float) -> int:
    """The number of n, each with a probability of `share`, that is exceeded with a probability of less than CHANCE."""
    number, exactly = 0, (1 - share) ** n
    more = 1 - exactly
    while more >= CHANCE:
        number += 1
        exactly *= (n - number + 1) / number * share / (1 - share)
        more -= exactly
    return number


def _continua(detectors: tuple[int, ...]) -> np.ndarray:
    """Polynomials of second order over the pixels of each detector [3 a detector, pixels]."""
    rows = [np.vander(np.linspace(-1, 1, n), CONTINUUM_ORDER + 1).T for n in detectors]
    starts = np.cumsum([0, *detectors])
    whole = np.zeros((len(rows), CONTINUUM_ORDER + 1, starts[-1]))
    for i, polynomials in enumerate(rows):
        whole[i, :, starts[i] : starts[i + 1]] = polynomials
    return whole.reshape(-1, starts[-1])


def _share(centred: np.ndarray, directions: np.ndarray) -> float:
    """The share of the variance of centred spectra [stars, pixels] that lies in unit directions."""
    whole = np.sum(centred**2, dtype=np.float64)
    return float(np.sum((centred @ directions.T) ** 2, dtype=np.float64) / whole) if whole else 1.0
