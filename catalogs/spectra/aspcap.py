"""Reads aspcapStar files and writes the features of their spectra: one FLOAT[7405] array a star, in Parquet."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io import fits

from ...errors import RefusedFile
from .continuum import choose_continuum, normalise
from .pixels import N_GRID, N_PIXELS, kept, specification

NAME = re.compile(r"(?:2M|AP)\d{8}[+-]\d{7}")


BLOCK_STARS = 512


#: Stars that the continuum pixels are chosen from.
SAMPLE_STARS = 2000


ARRAY = pa.list_(pa.float32(), N_PIXELS)


SCHEMA = pa.schema(
    [("apogee_id", pa.string()), ("ln_flux", ARRAY), ("ln_flux_error", ARRAY), ("n_missing", pa.int32())]
)


CONTINUUM_KEY = b"candlesql.continuum_pixels"


SIMULATED_KEY = b"candlesql.simulated"


def are_simulated(path: Path) -> bool:
    """Whether the spectra that a file of features holds were simulated, as it says itself."""
    return SIMULATED_KEY in (pq.read_schema(path).metadata or {})


def read_aspcap_star(path: Path) -> tuple[str, np.ndarray, np.ndarray]:
    """Name, flux and error [7405] of an aspcapStar file: spectrum in its first extension, errors in its second.

    Raises
    ------
    UserError
        If it is no such file, or on another wavelength grid.
    """
    try:
        with warnings.catch_warnings(action="ignore"), fits.open(path) as hdus:
            header = {key: hdus[1].header.get(key) for key in ("CRVAL1", "CDELT1")}
            flux, error = (np.atleast_2d(hdus[i].data)[0].astype(np.float64) for i in (1, 2))
            found = NAME.search(str(hdus[0].header.get("OBJID", ""))) or NAME.search(path.name)
    except Exception as error_:  # astropy raises what Python does
        raise RefusedFile(
            f"not an aspcapStar file ({error_}); it wants spectrum and errors in HDU 1 and 2", file=path
        ) from None
    _check_grid(path, header, flux, error)
    if not found:
        raise RefusedFile("neither OBJID nor its name holds a star such as 2M00000002+7417074", file=path)
    return found[0], flux[kept()], error[kept()]


def _check_grid(path: Path, header: dict[str, object], flux: np.ndarray, error: np.ndarray) -> None:
    grid = specification()["grid"]
    for key, wanted in (("CRVAL1", grid["log10_start"]), ("CDELT1", grid["log10_step"])):
        said = header[key]
        if not isinstance(said, float) or not abs(said - wanted) <= 1e-9:
            raise RefusedFile(f"{key} is {said}; APOGEE's common grid has {wanted}", file=path)
    if flux.shape != (N_GRID,) or error.shape != (N_GRID,):
        raise RefusedFile(
            f"has {flux.size} fluxes and {error.size} errors; APOGEE's common grid has {N_GRID}", file=path
        )


@contextmanager
def spectra_writer(path: Path, continuum: np.ndarray, simulated: bool = False) -> Iterator[pq.ParquetWriter]:
    """Opens the Parquet file of the features, under a temporary name until the block ends."""
    temporary = path.with_name(f".{path.name}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {CONTINUUM_KEY: ",".join(map(str, continuum.tolist())).encode()}
    schema = SCHEMA.with_metadata(said | ({SIMULATED_KEY: b"true"} if simulated else {}))
    try:
        with pq.ParquetWriter(temporary, schema, compression="lz4", use_dictionary=False) as writer:
            yield writer
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def feature_batch(names: list[str], flux: np.ndarray, error: np.ndarray, continuum: np.ndarray) -> pa.RecordBatch:
    """Rows of the spectra table from fluxes and errors [stars, 7405]."""
    log, log_error = normalise(flux, error, continuum)
    missing = (log_error == np.float32(specification()["continuum"]["missing_error"])).sum(axis=1)
    arrays = [pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), N_PIXELS) for values in (log, log_error)]
    return pa.record_batch([pa.array(names), *arrays, pa.array(missing.astype(np.int32))], schema=SCHEMA)


def write_spectra(path: Path, files: list[Path]) -> int:
    """Normalise aspcapStar files and write their features; returns the number of spectra.

    Raises
    ------
    UserError
        For a damaged file, or two files of one star.
    """
    step = max(1, len(files) // SAMPLE_STARS)
    sample = [read_aspcap_star(file)[1:] for file in files[::step]]
    continuum = choose_continuum(*(np.stack(values) for values in zip(*sample, strict=True)))
    seen: dict[str, Path] = {}
    with spectra_writer(path, continuum) as writer:
        for start in range(0, len(files), BLOCK_STARS):
            block = files[start : start + BLOCK_STARS]
            names, flux, error = zip(*(read_aspcap_star(file) for file in block), strict=True)
            _refuse_twice(seen, names, block)
            writer.write_batch(feature_batch(list(names), np.stack(flux), np.stack(error), continuum))
    return len(files)


def _refuse_twice(seen: dict[str, Path], names: Iterable[str], files: list[Path]) -> None:
    for name, file in zip(names, files, strict=True):
        if name in seen:
            raise RefusedFile(f"{name} is also in {seen[name]}; give one spectrum a star", file=file)
        seen[name] = file
