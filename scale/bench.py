"""A worker's bench: one connection with the workspace's views and networks, pointed at one tile after the other."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from functools import cached_property
from pathlib import Path

from ..catalogs import healpix
from ..catalogs.remote.address import Place
from ..catalogs.remote.filesystem import failure_of
from ..catalogs.survey import Column, Survey
from ..catalogs.writers.hats import INDEX
from ..commands.match import Epochs, match_query, moves
from ..commands.steps.isochrones import Grid, read_grid
from ..commands.steps.neighbours import sides
from ..errors import UserError
from ..sql import files
from ..sql.describe import view_columns
from ..sql.views import show_match, show_product, stage
from ..udfs import functions
from ..workspace.connection import connect, look_below
from ..workspace.folder import Sky
from ..workspace.query import first_row, parquet_rows
from .plan import Plan, read_plan
from .sources import Source, reach
from .tiles import Range, Tile

#: Radius of the matches that a run makes [arcsec], as on one machine.
RADIUS_ARCSEC = 1.0
#: DuckDB's share of a worker's memory; the rest is for the networks and for Arrow.
MEMORY_SHARE = 0.6
#: What a margin is wider than the farthest reach of a star, for the curvature of its path.
SLACK = 1.01

_lock = threading.Lock()
_benches: dict[Path, Bench] = {}


class Bench:
    """The views of a plan on a copy of its database, in a folder of the worker's own."""

    def __init__(self, plan: Plan, threads: int, memory_bytes: int, scratch: str | None):
        self.plan = plan
        #: The tile that the views are of, and with which rows.
        self.tile: Tile | None = None
        self._shown: dict[str, list[Path]] = {}
        #: What the staging views of the present tile read.
        self.files: list[Place] = []
        self.folder = Path(tempfile.mkdtemp(prefix="candlesql-", dir=scratch))
        own = Sky(self.folder)
        try:
            shutil.copy(plan.snapshot, own.database)
            self.connection = connect(own)
            look_below(self.connection, plan.sky.root)
            reach(self.connection, plan.sources.values())
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
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
        if self.tile == tile:
            return
        self.tile = None
        primaries, neighbours = self.plan.primaries, self.plan.neighbours
        self.files = []
        for source in primaries:
            self._stage(source, [tile.range])
        for source in neighbours:
            self._stage(source, tile.with_margin(self.reach_arcsec(source)))
        for source in self.plan.sources.values():
            if source.is_hats and source not in (*primaries, *neighbours):
                self._stage(source, None)
        self.tile = tile

    def _stage(self, source: Source, ranges: list[Range] | None) -> None:
        self.files += source.files(ranges)
        stage(self.connection, source.survey, source.select(ranges))

    def failure(self) -> UserError | None:
        """What went wrong at an address, once."""
        return failure_of(self.connection)

    def match_query(self, neighbour: Source) -> str:
        """The rows of the match with a neighbour survey that belong to the tile's stars."""
        base, other, epochs = self._pair(neighbour)
        return match_query(self.connection, base, other, RADIUS_ARCSEC, "best", epochs)

    def show_match(self, name: str, parts: list[Path]) -> None:
        left, right, _ = self._pair(self.plan.sources[name])
        show_match(self.connection, left, right, parts)

    def show_product(self, product: str, parts: list[Path]) -> None:
        show_product(self.connection, product, parts)

    def keep(self, view: str) -> None:
        """Make a view's rows once for the present tile, and let the view be those."""
        self.show_as(view, f"kept_{view.replace('.', '_')}", f"from {view}")

    def show_as(self, view: str, table: str, query: str) -> None:
        """Let a view be the rows of a query of it, made once."""
        self.let_be(view)
        self.connection.execute(f"create or replace temp table {table} as {query}")
        self.connection.execute(f"create or replace view {view} as from {table}")

    def let_be(self, view: str) -> None:
        """Let a view be what its file says."""
        self._shown.pop(view, None)
        self.connection.execute(f"create or replace view {view} as {self._bodies[view]}")

    def show(self, view: str, parts: list[Path]) -> None:
        """Let a view be rows that are made already."""
        if self._shown.get(view) != parts:
            self.connection.execute(f"create or replace view {view} as select * from {parquet_rows(parts)}")
            self._shown[view] = parts

    @cached_property
    def catalogue_columns(self) -> list[Column]:
        """Those of the catalogue's partitions beside their index, whatever the tile."""
        columns = view_columns(self.connection, self.plan.steps.catalogue)
        places = self.plan.wanted.places
        here = view_columns(self.connection, places.view) if places else []
        ours = [column for column in columns if column.name != INDEX.name]
        return [*(column for column in here if column.name in ("ra", "dec")), *ours]

    @cached_property
    def isochrones(self) -> Grid:
        return read_grid(self.connection)

    def reach_arcsec(self, neighbour: Source) -> float:
        """How far from where the base survey has a staged star a neighbour of it can be [arcsec].

        That is the radius, proper motion from any epoch of the one survey to any of the other, and what parallax and
        perspective add where the match looks at them.
        """
        base, other, epochs = self._pair(neighbour)
        if not moves(base, other):
            raise NotImplementedError(f"{other.name} moves and {base.name} does not")
        ends = [(e.first or e.mean, e.last or e.mean) for e in epochs]
        years = max(ends[1][1] - ends[0][0], ends[0][1] - ends[1][0])
        stars = sides(self.connection, base, other, "separation", RADIUS_ARCSEC, epochs).moving
        (farthest,) = first_row(
            self.connection,
            f"select max(stats.hypot(pmra, pmdec) * {years!r} "
            f"+ sphere.near_reach(parallax, recession, pmra, pmdec, {years!r})) from ({stars})",
        )
        return SLACK * (RADIUS_ARCSEC + (farthest or 0.0) / 1000)

    def _pair(self, neighbour: Source) -> tuple[Survey, Survey, tuple[Epochs, Epochs]]:
        """The base survey, a neighbour, and the epochs of both on the whole sky."""
        base, other = self.plan.sources[self.plan.steps.base].survey, neighbour.survey
        return base, other, (self.plan.epochs[base.name], self.plan.epochs[other.name])


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
