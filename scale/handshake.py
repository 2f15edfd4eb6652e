"""Whether a cluster can do a run's tasks: one that it cannot unpickle would wait for ever, without a word."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserError
from .waiting import ask

if TYPE_CHECKING:
    from distributed import Client

PACKAGE = "candlesql"


def check_scheduler(client: Client) -> None:
    """Refuse a scheduler that cannot read the tasks.

    Raises
    ------
    UserError
        If it has no candlesql, or another version.
    TimeoutError
        If it does not answer.
    """
    try:
        there = ask(client, client.run_on_scheduler, version, PACKAGE)
        _compare("the scheduler", there)
        ask(client, client.run_on_scheduler, sees, Path())
    except PackageNotFoundError as error:
        _compare("the scheduler", error)
    except ImportError as error:
        raise UserError(_cannot_import("the scheduler", error)) from None


def check_workers(client: Client, plan: Path, workers: list[str]) -> set[str]:
    """Refuse workers that cannot do the run of a plan; returns those that can, without any that do not answer.

    Raises
    ------
    UserError
        If one has no candlesql, or another version, or does not see the plan.
    TimeoutError
        If one does not answer.
    """
    able: set[str] = set()
    if not workers:
        return able
    for address, there in ask(client, client.run, version, PACKAGE, workers=workers, on_error="return").items():
        if not isinstance(there, OSError):
            _compare(f"worker {address}", there)
            able.add(address)
    for address, seen in ask(client, client.run, sees, plan, workers=list(able), on_error="return").items():
        if isinstance(seen, OSError):
            able.remove(address)
        elif isinstance(seen, Exception):
            raise UserError(_cannot_import(f"worker {address}", seen))
        elif not seen:
            raise UserError(
                f"worker {address}: does not see {plan}; the workspace and its catalogs must lie under the same path "
                "on every worker"
            )
    return able


def sees(path: Path) -> bool:
    """Whether there is such a file here, where all can be imported that a task needs."""
    from . import partition  # noqa: F401

    return path.exists()


def _compare(who: str, there: str | Exception) -> None:
    here = version(PACKAGE)
    if isinstance(there, Exception) and not isinstance(there, PackageNotFoundError):
        raise UserError(_cannot_import(who, there))
    if isinstance(there, PackageNotFoundError):
        raise UserError(f"has no {PACKAGE}; pip install '{PACKAGE}[scale]=={here}' there", file=who)
    if there != here:
        raise UserError(
            f"has {PACKAGE} {there}, and this is {here}; install the same version on all machines", file=who
        )


def _cannot_import(who: str, error: Exception) -> str:
    return f"{who}: cannot import {PACKAGE} ({error}); pip install '{PACKAGE}[scale]=={version(PACKAGE)}' there"
