"""The pseudo-continuum of The Cannon (Ness et al. 2015, section 2.3): a smooth function through fixed continuum pixels.

Second-order Chebyshev polynomials, one a detector, fitted with the errors to pixels that change least with the stars.
"""

from __future__ import annotations

import numpy as np

from .pixels import chips, specification


def is_missing(flux: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Pixels [..., pixels] without a measurement, and their neighbours; flux and error in units of the continuum."""
    rules = specification()["continuum"]
    with np.errstate(invalid="ignore"):
        usable = np.isfinite(flux) & (flux > 0) & np.isfinite(error) & (error > 0) & (error < rules["max_error"])
    bad = ~usable
    grown = bad.copy()
    for step in range(1, rules["grow"] + 1):
        grown[..., step:] |= bad[..., :-step]
        grown[..., :-step] |= bad[..., step:]
    return grown


def choose_continuum(flux: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Pixels that change least from star to star and whose median is near the continuum.

    Parameters
    ----------
    flux, error
        [stars, 7405] of a sample of stars, as ASPCAP normalises them.

    Returns
    -------
    numpy.ndarray
        Places among the 7,405, the same number a detector-length.
    """
    rules = specification()["continuum"]
    known = np.where(is_missing(flux, error), np.nan, flux)
    known[:, np.isnan(known).all(axis=0)] = 0
    middle = np.nanmedian(known, axis=0)
    spread = np.nanmedian(np.abs(known - middle), axis=0)
    chosen = []
    for chip in chips():
        n = round(rules["fraction"] * (chip.stop - chip.start))
        level = middle[chip] / np.nanpercentile(middle[chip], 90)
        cost = np.where((level > rules["low"]) & (level < rules["high"]), spread[chip], np.inf)
        order = np.argsort(np.nan_to_num(cost, nan=np.inf), kind="stable")[:n]
        chosen.append(np.sort(order[np.isfinite(cost[order])]) + chip.start)
    return np.concatenate(chosen)


def normalise(flux: np.ndarray, error: np.ndarray, continuum: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features of spectra: ln of flux over pseudo-continuum and its error.

    Parameters
    ----------
    flux, error
        [stars, 7405] in any one unit; missing pixels have no finite positive error, or a huge one.
    continuum
        Places of the continuum pixels.

    Returns
    -------
    tuple of numpy.ndarray
        ln f and its standard error [stars, 7405], float32. A missing pixel has 0, the continuum, and an
        error of 0.1, the size of lines.
    """
    rules = specification()["continuum"]
    level = np.empty(flux.shape)
    for chip in chips():
        places = continuum[(continuum >= chip.start) & (continuum < chip.stop)]
        level[:, chip] = _smooth(flux[:, places], error[:, places], places, chip)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        relative, relative_error = flux / level, error / level
        missing = is_missing(relative, relative_error)
        log = np.where(missing, 0, np.log(relative))
        log_error = np.where(missing, rules["missing_error"], relative_error / relative)
    return log.astype(np.float32), log_error.astype(np.float32)


def _smooth(flux: np.ndarray, error: np.ndarray, places: np.ndarray, chip: slice) -> np.ndarray:
    """The weighted polynomial through [stars, places] on all pixels of a detector [stars, pixels]."""
    degree = specification()["continuum"]["degree"]
    basis = np.polynomial.chebyshev.chebvander(_scaled(np.arange(chip.start, chip.stop), chip), degree)
    some = np.polynomial.chebyshev.chebvander(_scaled(places, chip), degree)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        usable = np.isfinite(flux) & (flux > 0) & np.isfinite(error) & (error > 0)
        weight = np.where(usable, (flux / error) ** 2, 0)
    scale = np.where(usable, flux, 0).sum(axis=1) / np.maximum(usable.sum(axis=1), 1)
    target = np.where(usable, flux, 0) / np.where(scale > 0, scale, 1)[:, None]
    normal = np.einsum("np,pi,pj->nij", weight, some, some, optimize=True)
    right = np.einsum("np,pi->ni", weight * target, some, optimize=True)
    sign, size = np.linalg.slogdet(normal)
    enough = (usable.sum(axis=1) > 2 * degree) & (sign != 0) & np.isfinite(size)
    normal[~enough], right[~enough] = np.eye(degree + 1), np.eye(degree + 1)[0]
    coefficients = np.linalg.solve(normal, right[..., None])[..., 0]
    level = coefficients @ basis.T * np.where(scale > 0, scale, 1)[:, None]
    return np.where(enough[:, None] & (level > 0), level, np.nan)


def _scaled(places: np.ndarray, chip: slice) -> np.ndarray:
    """Pixels of a detector on -1 to 1."""
    return 2 * (places - chip.start) / (chip.stop - 1 - chip.start) - 1
