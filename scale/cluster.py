"""The Dask cluster of a run: one made here for it, or the one at an address."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import MissingPackage, UserError

if TYPE_CHECKING:
    from distributed import Client

WAIT_SECONDS = 60


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
        If the scheduler does not answer, or has no workers.
    """
    import dask
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    quiet = {"distributed.admin.large-graph-warning-threshold": "1GB", "distributed.logging.distributed": "critical"}
    with dask.config.set(quiet):
        if scheduler is None:
            with (
                LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address=":0",
                    silence_logs=logging.CRITICAL,
                    local_directory=scratch,
                ) as cluster,
                Client(cluster) as client,
            ):
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
