"""APOGEE's common wavelength grid and the 7,405 pixels of it that are features."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

N_GRID = 8575
N_PIXELS = 7405


@cache
def specification() -> dict[str, Any]:
    """`apogee.toml`."""
    return tomllib.loads(Path(__file__).with_name("apogee.toml").read_text())


@cache
def chips() -> tuple[slice, ...]:
    """Where the pixels of each detector stand among the 7,405."""
    sizes = [chip["end"] - chip["first"] for chip in specification()["chips"]]
    ends = np.cumsum(sizes)
    return tuple(slice(int(end - size), int(end)) for end, size in zip(ends, sizes, strict=True))


@cache
def kept() -> np.ndarray:
    """Places on the grid of the pixels that are features [7405]."""
    return np.concatenate([np.arange(chip["first"], chip["end"]) for chip in specification()["chips"]])


def wavelength() -> np.ndarray:
    """Vacuum wavelengths of the pixels that are features [7405], Angstrom."""
    grid = specification()["grid"]
    return 10 ** (grid["log10_start"] + grid["log10_step"] * kept())
