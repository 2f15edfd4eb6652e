"""The Dask cluster of a run: one made here for it, or the one at an address."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import MissingPackage, UserError
from ..workspace.progress import spinner

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

WAIT_SECONDS = 60
#: How long the processes of a local cluster may take to start, which takes seconds on an idle machine [s].
START_SECONDS = 300


def need_dask() -> None:
    """Refuse to go on where the extra is not installed."""
    try:
        import cdshealpix  # noqa: F401
        import distributed  # noqa: F401
    except ImportError as error:
        raise MissingPackage(f"{error.name} is not installed: pip install 'candlesql[scale]'") from None


@contextmanager
def client_of(workers: int | None, scheduler: str | None, scratch: str) -> Iterator[Client]:
    """A client of a local cluster with so many worker processes of one thread each, or of the cluster at an address.

    Raises
    ------
    UserError
        If the processes do not start, or the scheduler does not answer or has no workers.
    """
    import dask
    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    quiet = {"distributed.admin.large-graph-warning-threshold": "1GB", "distributed.logging.distributed": "critical"}
    with dask.config.set(quiet):
        if scheduler is None:
            with _processes(workers, scratch) as cluster, Client(cluster, timeout=WAIT_SECONDS) as client:
                yield client
            return
        try:
            client = Client(scheduler, timeout=WAIT_SECONDS)
        except (OSError, ValueError) as error:
            raise UserError(f"--scheduler {scheduler}: no Dask scheduler answers there ({error})") from None
        with client:
            try:
                client.wait_for_workers(1, timeout=WAIT_SECONDS)
            except TimeoutError:
                raise UserError(f"--scheduler {scheduler}: it has no workers; start some with `dask worker`") from None
            yield client


def _processes(workers: int | None, scratch: str) -> LocalCluster:
    """A cluster on this machine; its start has no limit of its own, so a thread does it that can be left."""
    from distributed import LocalCluster

    made: Future[LocalCluster] = Future()

    def start() -> None:
        try:
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=":0",
                silence_logs=logging.CRITICAL,
                local_directory=scratch,
            )
            made.set_result(cluster)
        except BaseException as error:
            made.set_exception(error)

    threading.Thread(target=start, daemon=True).start()
    try:
        with spinner(f"starting {workers} worker processes"):
            return made.result(timeout=START_SECONDS)
    except TimeoutError:
        raise UserError(
            f"--workers {workers}: the processes have not started within {START_SECONDS} s; take fewer"
        ) from None
