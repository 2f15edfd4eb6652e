"""Runs a task for each tile on a Dask cluster, and outlives workers, full disks and schedulers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserError
from .handshake import check_scheduler, check_workers
from .partition import Outcome
from .tiles import Tile
from .waiting import GONE, Wait, workers_of

if TYPE_CHECKING:
    from distributed import Client, Future, as_completed

Task = Callable[[Path, Tile], Outcome]
#: How long the scheduler may be away [s].
PATIENCE = 300
#: How long there may be no workers, whose jobs may stand in a queue [s].
WORKER_PATIENCE = 1800
#: How long a finished tile's few words may take to come [s]; a worker that died after it takes them with it.
RESULT_PATIENCE = 60
#: How often a tile is done again whose few words did not come.
LOST_AT_MOST = 3
#: How long no tile at all may be finished [s], a hundred times what one of a million stars takes; told from the
#: second number on.
STALL_PATIENCE, STALL_QUIET = 3 * 3600, 600
#: How often to look for workers that have joined [s].
LOOK_EVERY = 2


def outcomes(client: Client, task: Task, plan: Path, tiles: list[Tile]) -> Iterator[Outcome]:
    """The outcome of each tile, as they come: done, or at fault for good.

    A tile whose worker dies goes to another one, and so does one whose worker has no room on its disk. Dask counts a
    death against every tile that waits on the worker, so one over which too many died is tried again by itself. When
    the scheduler goes away, the tiles that are not done are handed in again once it is back.

    Raises
    ------
    UserError
        If the scheduler or all workers stay away, nothing is finished any more, no worker has room on its disk, or one
        cannot do the tasks.
    """
    accused: list[Tile] = []
    for outcome in _together(client, task, plan, tiles):
        if outcome.killed and len(tiles) > 1:
            accused.append(outcome.tile)
        else:
            yield outcome
    for tile in accused:
        yield from _together(client, task, plan, [tile])


def _together(client: Client, task: Task, plan: Path, tiles: list[Tile]) -> Iterator[Outcome]:
    from distributed import as_completed

    full: dict[str, str] = {}
    lost: Counter[Tile] = Counter()
    left = dict.fromkeys(tiles)
    while left:
        workers = _Workers(client, plan)
        pending = {_submit(client, task, plan, tile, full, workers): tile for tile in left}
        queue = as_completed(pending)
        try:
            for future in _completed(queue, workers):
                tile = pending[future]
                outcome = _outcome(future, tile)
                if outcome is None:
                    break
                if outcome.disk_full:
                    full[outcome.worker] = outcome.fault
                lost[tile] += outcome.lost
                if outcome.disk_full or (outcome.lost and lost[tile] <= LOST_AT_MOST):
                    future.release()
                    again = _submit(client, task, plan, tile, full, workers)
                    pending[again] = tile
                    queue.add(again)
                    continue
                del left[tile]
                yield outcome
        finally:
            for future in pending:
                future.release()
        if left:
            workers.wait()


class _Workers:
    """The workers of a run: those that join are asked whether they can do its tasks."""

    def __init__(self, client: Client, plan: Path):
        self.client, self.plan = client, plan
        self.there: set[str] = set()
        self.able: set[str] = set()
        stay = "finished partitions are not done again"
        self.scheduler = Wait("the scheduler", PATIENCE, f"the scheduler is gone; run it again when it is back: {stay}")
        self.any = Wait("a worker", WORKER_PATIENCE, f"no worker is left; start some and run it again: {stay}")
        self.finished = Wait(
            "a partition to be finished",
            STALL_PATIENCE,
            f"no partition has been finished for {STALL_PATIENCE / 3600:.1f} h; restart the workers and run it again: "
            f"{stay}",
            STALL_QUIET,
        )
        with contextlib.suppress(*GONE):
            check_scheduler(client)
        self.look()

    def look(self) -> bool:
        """Whether there are a scheduler and a worker; raises a UserError if they have stayed away too long."""
        try:
            self.there = workers_of(self.client)
        except GONE:
            self.scheduler.goes_on()
            return False
        self.scheduler.came()
        if not self.there:
            self.any.goes_on()
            return False
        self.any.came()
        with contextlib.suppress(*GONE):
            self.able |= check_workers(self.client, self.plan, list(self.there - self.able))
        return True

    def wait(self) -> None:
        """Until there is a scheduler with a worker again."""
        while not self.look():
            time.sleep(1)


def _completed(queue: as_completed, workers: _Workers) -> Iterator[Future]:
    """Futures as they are done, with a look at the workers now and then."""
    next_look = time.monotonic() + LOOK_EVERY
    while not queue.is_empty():
        for future in queue.next_batch(block=False):
            workers.finished.came()
            yield future
        if time.monotonic() > next_look:
            workers.look()
            workers.finished.goes_on()
            next_look = time.monotonic() + LOOK_EVERY
        time.sleep(0.05)


def _submit(client: Client, task: Task, plan: Path, tile: Tile, full: dict[str, str], workers: _Workers) -> Future:
    where = None
    if full:
        workers.look()
        where = sorted(workers.there - full.keys())
        if not where:
            said = "; ".join(f"{address}: {fault}" for address, fault in sorted(full.items()))
            raise UserError(
                f"no worker has room on its disk ({said}); free some and run it again: finished partitions stay"
            )
    return client.submit(task, plan, tile, workers=where, pure=False)


def _outcome(future: Future, tile: Tile) -> Outcome | None:
    """What became of a tile; None if the cluster has forgotten it."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    try:
        return future.result(timeout=RESULT_PATIENCE)
    except KilledWorker as error:
        fault = f"{error.allowed_failures + 1} workers died over it, {error.last_worker.address} last"
        return Outcome(tile, {}, fault=fault, killed=True)
    except (CancelledError, asyncio.CancelledError, CommClosedError):
        return None
    except TimeoutError:
        return Outcome(tile, {}, fault="each time it was done, its worker fell silent with the outcome", lost=True)
