"""Runs a task for each tile on a Dask cluster, and outlives workers, full disks and schedulers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserError
from .handshake import check_scheduler, check_workers
from .partition import Outcome
from .tiles import Tile

if TYPE_CHECKING:
    from distributed import Client, Future, as_completed

Task = Callable[[Path, Tile], Outcome]
#: What asking a scheduler that is not there raises.
GONE = (OSError, TimeoutError, ValueError, KeyError)
#: How long the scheduler may be away [s].
PATIENCE = 300
#: How long there may be no workers, whose jobs may stand in a queue [s].
WORKER_PATIENCE = 1800
#: How long a finished tile's few words may take to come [s]; a worker that died after it takes them with it.
RESULT_PATIENCE = 60
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
        If the scheduler stays away, no worker has room on its disk, or one cannot do the tasks.
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
    left = dict.fromkeys(tiles)
    while left:
        workers = _Workers(client, plan)
        pending = {_submit(client, task, plan, tile, full): tile for tile in left}
        queue = as_completed(pending)
        try:
            for future in _completed(queue, workers):
                outcome = _outcome(future, pending[future])
                if outcome is None:
                    break
                if outcome.disk_full:
                    full[outcome.worker] = outcome.fault
                    again = _submit(client, task, plan, outcome.tile, full)
                    pending[again] = outcome.tile
                    queue.add(again)
                    continue
                del left[outcome.tile]
                yield outcome
        finally:
            for future in pending:
                future.release()
        if left:
            _wait_for_scheduler(client)


class _Workers:
    """The workers of a run: those that join are asked whether they can do its tasks."""

    def __init__(self, client: Client, plan: Path):
        self.client, self.plan = client, plan
        self.able: set[str] = set()
        self.last_seen = time.monotonic()
        with contextlib.suppress(*GONE):
            check_scheduler(client)
        self.look()

    def look(self) -> None:
        try:
            there = self.client.scheduler_info(n_workers=-1)["workers"].keys()
            self.able |= check_workers(self.client, self.plan, list(there - self.able))
        except GONE:
            return
        if there:
            self.last_seen = time.monotonic()
        elif time.monotonic() - self.last_seen > WORKER_PATIENCE:
            raise UserError("no worker is left; start some and run it again: finished partitions are not done again")


def _completed(queue: as_completed, workers: _Workers) -> Iterator[Future]:
    """Futures as they are done, with a look at the workers now and then."""
    next_look = time.monotonic() + LOOK_EVERY
    while not queue.is_empty():
        yield from queue.next_batch(block=False)
        if time.monotonic() > next_look:
            workers.look()
            next_look = time.monotonic() + LOOK_EVERY
        time.sleep(0.05)


def _submit(client: Client, task: Task, plan: Path, tile: Tile, full: dict[str, str]) -> Future:
    where = None
    if full:
        where = [address for address in client.scheduler_info(n_workers=-1)["workers"] if address not in full]
        if not where:
            said = "; ".join(f"{address}: {fault}" for address, fault in sorted(full.items()))
            raise UserError(
                f"no worker has room on its disk ({said}); free some and run it again: finished partitions stay"
            )
    return client.submit(task, plan, tile, workers=where, pure=False)


def _outcome(future: Future, tile: Tile) -> Outcome | None:
    """What became of a tile; None if the cluster has forgotten it, or who holds it is dead."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    try:
        return future.result(timeout=RESULT_PATIENCE)
    except KilledWorker as error:
        fault = f"{error.allowed_failures + 1} workers died over it, {error.last_worker.address} last"
        return Outcome(tile, {}, fault=fault, killed=True)
    except (CancelledError, asyncio.CancelledError, CommClosedError, TimeoutError):
        return None


def _wait_for_scheduler(client: Client) -> None:
    """Until there is a scheduler with a worker again."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if client.scheduler_info(n_workers=-1)["workers"] and client.status == "running":
                client.wait_for_workers(1, timeout=10)
                return
        except GONE:
            pass
        time.sleep(1)
    raise UserError("the scheduler is gone; run it again when it is back: finished partitions are not done again")
