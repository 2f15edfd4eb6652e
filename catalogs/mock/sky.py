"""The mock sky: chunks made in parallel, written in order, at constant memory."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import UserError
from ...workspace import limits
from .chunks import STAGES, TABLES, Chunk, observe_chunk
from .draws import Drawer, TrueStars
from .galaxy import Galaxy
from .names import NameRegister
from .parameters import Parameters
from .stars import PHOTOMETRY_NETWORK, build_library
from .tracks import emulated_tracks, tabulated_tracks

CANDIDATES = 1 << 16
ROW_GROUP = 100_000
DUST_STREAM, STAR_STREAM = 0, 1


class Sky:
    """A seeded sky of which any chunk can be made, in any order.

    Parameters
    ----------
    seed : int
    isochrones : Path, optional
        Table of isochrones (see `tracks.tabulated_tracks`) in place of the emulator.
    parameters : Parameters, optional
    photometry : Path, optional
        ONNX network from (Teff, log g, [Fe/H]) to 13 magnitudes and 13 extinctions.
    """

    def __init__(
        self,
        seed: int,
        isochrones: Path | None = None,
        parameters: Parameters | None = None,
        photometry: Path | None = None,
    ):
        self.seed = seed
        self.parameters = parameters or Parameters()
        tracks = tabulated_tracks(isochrones) if isochrones else emulated_tracks()
        library = build_library(tracks, photometry or PHOTOMETRY_NETWORK, self.parameters)
        galaxy = Galaxy(self.parameters, self._stream(DUST_STREAM))
        self.drawer = Drawer(library, galaxy, self.parameters)

    def _stream(self, *key: int) -> np.random.Generator:
        sequence = np.random.SeedSequence(self.seed, spawn_key=key)
        return np.random.Generator(np.random.SFC64(sequence))

    def stars(self, chunk: int) -> TrueStars:
        """The stars of one chunk, before any observation."""
        rng = self._stream(STAR_STREAM, chunk, 0)
        return self.drawer.draw(rng, chunk * CANDIDATES, CANDIDATES)

    def chunk(self, number: int, limit: int | None = None) -> Chunk:
        """The tables of one chunk, or of its first `limit` stars."""
        streams = {stage: self._stream(STAR_STREAM, number, i) for i, stage in enumerate(STAGES, start=1)}
        stars = self.stars(number)[:limit]
        return observe_chunk(stars, number * CANDIDATES, self.parameters, streams)


def make_sky(
    folder: Path | str,
    stars: int,
    seed: int,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    isochrones: Path | None = None,
    parameters: Parameters | None = None,
    photometry: Path | None = None,
) -> dict[str, Path]:
    """Write a mock sky as Parquet files, one a survey.

    The same arguments give the same tables whatever the number of threads.

    Parameters
    ----------
    folder : path
        Where `TABLES` are written as `<name>.parquet`; made if it is missing.
    stars : int
        Rows of `gaia_dr2`.
    seed : int
    threads : int, optional
        Default: one a core.
    progress : callable, optional
        Called with (stars written, stars wanted) after each chunk.
    isochrones, parameters, photometry
        See `Sky`.

    Returns
    -------
    dict
        Path of each table.

    Raises
    ------
    UserError
        If `stars` is not positive or the isochrones cannot be used.
    """
    if stars < 1:
        raise UserError(f"stars is {stars}; at least 1 is needed")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    sky = Sky(seed, isochrones, parameters, photometry)
    registers = {survey: NameRegister(stars) for survey in ("twomass", "allwise")}
    with _Files(folder) as files:
        written = 0
        for chunk in _chunks(sky, stars, threads or limits.threads()):
            for survey, register in registers.items():
                chunk.drop_taken_names(survey, register)
            files.write(chunk.tables)
            written += len(chunk)
            if progress:
                progress(written, stars)
    return files.paths


def _chunks(sky: Sky, stars: int, threads: int) -> Iterator[Chunk]:
    """Chunks in order, just enough of them for `stars` stars; the last is cut to size."""
    first = sky.chunk(0)
    expected = len(first)
    pending: deque[tuple[int, Future[Chunk]]] = deque()
    left, number, chunk = stars, 0, first
    with ThreadPoolExecutor(threads) as pool:
        submitted = 1
        while True:
            while len(pending) <= threads and expected * len(pending) < left - len(chunk):
                pending.append((submitted, pool.submit(sky.chunk, submitted)))
                submitted += 1
            if len(chunk) > left:
                chunk = sky.chunk(number, left)
            left -= len(chunk)
            yield chunk
            if left == 0:
                return
            number, future = pending.popleft()
            chunk = future.result()


class _Files:
    """Parquet writers under temporary names, renamed when all tables are complete."""

    def __init__(self, folder: Path):
        self.paths = {name: folder / f"{name}.parquet" for name in TABLES}
        self._partial = {name: folder / f"{name}.parquet.partial" for name in TABLES}
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._waiting: dict[str, list[pa.Table]] = {name: [] for name in TABLES}

    def __enter__(self) -> "_Files":
        return self

    def write(self, tables: dict[str, pa.Table]) -> None:
        for name, table in tables.items():
            waiting = self._waiting[name]
            waiting.append(table)
            if name not in self._writers:
                self._writers[name] = _writer(self._partial[name], table.schema)
            if sum(map(len, waiting)) >= ROW_GROUP:
                self._flush(name)

    def _flush(self, name: str) -> None:
        waiting, self._waiting[name] = self._waiting[name], []
        if waiting:
            self._writers[name].write_table(pa.concat_tables(waiting))

    def __exit__(self, error, *_) -> None:
        try:
            for name, writer in self._writers.items():
                if error is None:
                    self._flush(name)
                writer.close()
            if error is None:
                for name, partial in self._partial.items():
                    partial.replace(self.paths[name])
        finally:
            for partial in self._partial.values():
                partial.unlink(missing_ok=True)


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Dictionaries only for the columns of few values; they cost time elsewhere."""
    few = [
        field.name
        for field in schema
        if field.name in ("ph_qual", "cc_flags", "ext_flag", "component", "log_age", "phase")
    ]
    return pq.ParquetWriter(path, schema, compression="snappy", use_dictionary=few)
