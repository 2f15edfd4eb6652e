"""Runs a task for each tile on a Dask cluster, and outlives workers, full disks and schedulers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserError
from .partition import Outcome
from .tiles import Tile

if TYPE_CHECKING:
    from distributed import Client, Future

Task = Callable[[Path, Tile], Outcome]
#: How long a scheduler may be away [s].
PATIENCE = 300
#: Deaths of a worker under one tile that are put down to the worker.
DEATHS = 3


def outcomes(client: Client, task: Task, plan: Path, tiles: list[Tile]) -> Iterator[Outcome]:
    """The outcome of each tile, as they come: done, or at fault for good.

    A tile whose worker dies goes to another one, and so does one whose worker has no room on its disk. When the
    scheduler goes away, the tiles that are not done are handed in again once it is back.

    Raises
    ------
    UserError
        If the scheduler stays away, or no worker has room on its disk.
    """
    from distributed import as_completed

    full: set[str] = set()
    left = dict.fromkeys(tiles)
    while left:
        pending = {_submit(client, task, plan, tile, full): tile for tile in left}
        queue = as_completed(pending)
        try:
            for future in queue:
                outcome = _outcome(future, pending[future])
                if outcome is None:
                    break
                if outcome.disk_full:
                    full.add(outcome.worker)
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


def _submit(client: Client, task: Task, plan: Path, tile: Tile, full: set[str]) -> Future:
    where = None
    if full:
        where = [address for address in client.scheduler_info(n_workers=-1)["workers"] if address not in full]
        if not where:
            raise UserError(
                f"no worker has room on its disk ({', '.join(sorted(full))}); free some space and run it again: what "
                "is finished stays"
            )
    return client.submit(task, plan, tile, workers=where, pure=False)


def _outcome(future: Future, tile: Tile) -> Outcome | None:
    """What became of a tile; None if the cluster has forgotten it."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    try:
        return future.result()
    except KilledWorker as error:
        return Outcome(tile, {}, fault=f"{DEATHS + 1} workers died over it, {error.last_worker.address} last")
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
        except (OSError, TimeoutError, ValueError, KeyError):
            pass
        time.sleep(1)
    raise UserError("the scheduler is gone; run it again when it is back: finished partitions are not done again")
