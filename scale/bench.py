"""A worker's bench: one connection with the workspace's views and networks, pointed at one tile after the other."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from pathlib import Path

from ..catalogs import healpix
from ..sql import files
from ..sql.matching import moves
from ..sql.pairs import MAS
from ..sql.query import first_row, quoted
from ..sql.views import show_match, show_product, stage
from ..sql.workspace import Sky, connect
from ..udfs import functions
from .plan import Plan, read_plan
from .sources import Source
from .tiles import Range, Tile

#: Radius of the matches that a run makes [arcsec], as on one machine.
RADIUS_ARCSEC = 1.0
#: DuckDB's share of a worker's memory; the rest is for the networks and for Arrow.
MEMORY_SHARE = 0.6
#: What a margin is wider than the reach of the fastest star, for the curvature of its path.
SLACK = 1.01
#: What it is wider for the parallax of near stars and for their recession [arcsec].
NEAR_STARS_ARCSEC = 2.0

_lock = threading.Lock()
_benches: dict[Path, Bench] = {}


class Bench:
    """The views of a plan on a copy of its database, in a folder of the worker's own."""

    def __init__(self, plan: Plan, threads: int, memory_bytes: int, scratch: str | None):
        self.plan = plan
        #: What the staging views of the present tile read.
        self.files: list[Path] = []
        self.folder = Path(tempfile.mkdtemp(prefix="candlesql-", dir=scratch))
        own = Sky(self.folder)
        shutil.copy(plan.snapshot, own.database)
        self.connection = connect(own)
        self.connection.execute(f"set threads = {threads}")
        if memory_bytes:
            self.connection.execute(f"set memory_limit = '{int(MEMORY_SHARE * memory_bytes)}B'")
        self._bodies = {item.name: item.body for item in files.items()}
        functions.register_models(self.connection, plan.sky.models)
        healpix.register(self.connection)

    def close(self) -> None:
        self.connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def point(self, tile: Tile) -> None:
        """Let the staging views of stars hold the tile, and those of neighbours the tile with the margin they need."""
        primaries, neighbours = self.plan.primaries, self.plan.neighbours
        self.files = []
        for source in primaries:
            self._stage(source, [tile.range])
        fastest = self._fastest()
        for source in neighbours:
            self._stage(source, self._around(tile, source, fastest))
        for name, source in self.plan.sources.items():
            if name in self.plan.kinds.unplaced and tile != self.plan.tiles[0]:
                stage(self.connection, source.survey, source.empty())
            elif source.is_hats and source not in (*primaries, *neighbours):
                self._stage(source, None)

    def _stage(self, source: Source, ranges: list[Range] | None) -> None:
        self.files += source.files(ranges)
        stage(self.connection, source.survey, source.select(ranges))

    def show_match(self, name: str, parts: list[Path]) -> None:
        left, right = (self.plan.sources[each].survey for each in (self.plan.steps.base, name))
        show_match(self.connection, left, right, parts)

    def show_scores(self, parts: list[Path]) -> None:
        show_product(self.connection, f"{self.plan.steps.name}.scores", parts)

    def keep(self, view: str) -> None:
        """Make a view's rows once for the present tile, and let the view be those."""
        table = f"kept_{view.replace('.', '_')}"
        self.connection.execute(f"create or replace view {view} as {self._bodies[view]}")
        self.connection.execute(f"create or replace temp table {table} as from {view}")
        self.connection.execute(f"create or replace view {view} as from {table}")

    def show(self, view: str, parts: list[Path]) -> None:
        """Let a view be rows that are made already."""
        paths = ", ".join(quoted(part) for part in parts)
        self.connection.execute(f"create or replace view {view} as select * from read_parquet([{paths}])")

    def _fastest(self) -> float:
        """The largest proper motion among the stars of the base survey that are staged [mas/yr]."""
        base = self.plan.sources.get(self.plan.steps.base)
        if base is None or not base.survey.pmra:
            return 0.0
        speed = f'stats.hypot("{base.survey.pmra}", "{base.survey.pmdec}")'
        (fastest,) = first_row(self.connection, f"select max({speed}) from staging.{base.survey.name}")
        return fastest or 0.0

    def _around(self, tile: Tile, neighbour: Source, fastest: float) -> list[Range]:
        """The sky in which neighbours of the tile's stars can be, at the epochs of either."""
        base = self.plan.sources.get(self.plan.steps.base)
        if base is None:
            return [tile.range]
        if not moves(base.survey, neighbour.survey):
            raise NotImplementedError(f"{neighbour.survey.name} moves and {base.survey.name} does not")
        ours, theirs = (self.plan.epochs[source.survey.name] for source in (base, neighbour))
        ends = [(e.first or e.mean, e.last or e.mean) for e in (ours, theirs)]
        years = max(ends[1][1] - ends[0][0], ends[0][1] - ends[1][0], 0.0)
        path = fastest * MAS * years
        return tile.with_margin(SLACK * (RADIUS_ARCSEC + (path + path * path) / MAS / 1000) + NEAR_STARS_ARCSEC)


def bench_of(file: Path) -> Bench:
    """This process's bench for a plan, made when first asked for; the caller holds `at_bench`."""
    if file not in _benches:
        close_all()
        _benches[file] = Bench(read_plan(file), *_share())
    return _benches[file]


def at_bench() -> threading.Lock:
    """Held by whoever uses the process's bench: a worker with several threads lends them all to one tile."""
    return _lock


def close_all() -> None:
    for file in list(_benches):
        _benches.pop(file).close()


def _share() -> tuple[int, int, str | None]:
    """Threads, bytes of memory and the folder for scratch of the Dask worker that this is; of the machine if none."""
    from distributed import get_worker

    try:
        worker = get_worker()
    except ValueError:
        return os.cpu_count() or 1, 0, None
    return worker.state.nthreads, worker.memory_manager.memory_limit or 0, worker.local_directory


atexit.register(close_all)
