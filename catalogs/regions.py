"""Regions of the sky of any shape (MOC files) in a workspace, as ranges of the HEALPix index of the catalogs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from ..errors import MissingPackage, RefusedFile

FORMATS = {".fits": "fits", ".fit": "fits", ".json": "json", ".txt": "ascii", ".moc": "ascii"}

#: Of order 29, on the whole sky.
N_CELLS = 12 * 4**29


def _ranges(file: Path) -> tuple[pa.Array, pa.Array, float]:
    try:
        from mocpy import MOC
    except ImportError:
        raise MissingPackage("regions need mocpy: pip install 'candlesql[regions]'") from None
    if not file.is_file():
        raise RefusedFile("no such file", file=file)
    if file.suffix.lower() not in FORMATS:
        raise RefusedFile(f"a MOC is {', '.join(FORMATS)} by its name", file=file)
    try:
        with _silent():
            moc = MOC.load(str(file), format=FORMATS[file.suffix.lower()])
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # of several kinds; a panic of mocpy's Rust library is no Exception
        raise RefusedFile(f"not a readable MOC ({error!s:.200})", file=file) from None
    ranges = moc.to_depth29_ranges.astype("int64")
    if not len(ranges):
        raise RefusedFile("an empty region", file=file)
    ends = ranges.ravel()
    if ends[0] < 0 or ends[-1] > N_CELLS or (ends[1:] < ends[:-1]).any():
        raise RefusedFile("damaged: it names cells that are not on the sky, or some twice", file=file)
    return pa.array(ranges[:, 0]), pa.array(ranges[:, 1] - 1), float(moc.sky_fraction)


@contextmanager
def _silent() -> Iterator[None]:
    """Nothing goes to stderr: Rust writes pages there before a panic reaches Python."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
