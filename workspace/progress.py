"""Shows how far a long statement is, on stderr and only to a person."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import TypeVar

import duckdb
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from .ledger import execute

CONSOLE = Console(stderr=True)
#: Seconds after which work is long enough for a bar.
SHORT = 0.5

T = TypeVar("T")


class _Elapsed(ProgressColumn):
    """Time since the start, which goes on when all that was foreseen is done."""

    def render(self, task: Task) -> Text:
        return Text(str(timedelta(seconds=int(task.elapsed or 0))), style="progress.elapsed")


def bar() -> Progress:
    """A progress bar that vanishes when done; silent where stderr is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        _Elapsed(),
        TimeRemainingColumn(),
        console=CONSOLE,
        transient=True,
        disable=not sys.stderr.isatty(),
    )


@contextmanager
def spinner(label: str) -> Iterator[None]:
    """Says what is being waited for, as long as it takes; silent where stderr is no terminal."""
    with CONSOLE.status(label) if sys.stderr.isatty() else nullcontext():
        yield


class _Rate(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} rows/s" if task.speed else "")


@contextmanager
def rows_bar(label: str, done: int, total: int) -> Iterator[Callable[[int], None]]:
    """A bar of rows with rate and time left; gives a function that moves it on. Silent where stderr is no terminal."""
    columns = (TextColumn("{task.completed:,.0f} of {task.total:,.0f} rows"), _Rate())
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        *columns,
        TimeRemainingColumn(),
        console=CONSOLE,
        transient=True,
        disable=not sys.stderr.isatty(),
        speed_estimate_period=300,
    ) as progress:
        task = progress.add_task(label, total=total, completed=done)
        yield lambda rows: progress.advance(task, rows)


@contextmanager
def steps_bar(label: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for work in steps; gives a function that is told the step, how much of it is done, and of how much.

    Silent where stderr is no terminal.
    """
    with bar() as progress:
        number = progress.add_task(label, total=None)
        task = progress.tasks[0]
        started = task.start_time

        def show(what: str, done: int, of: int) -> None:
            if task.description != what:
                progress.reset(number, description=what, total=of)
                task.start_time = started
            progress.update(number, completed=done, total=of)

        yield show


def run_with_bar(label: str) -> Callable[[duckdb.DuckDBPyConnection, str], None]:
    """A function that runs a statement under a progress bar called `label`."""

    def run(connection: duckdb.DuckDBPyConnection, query: str) -> None:
        watched(connection, label, lambda: execute(connection, query))

    return run


def watched(connection: duckdb.DuckDBPyConnection, label: str, work: Callable[[], T]) -> T:
    """Do what runs a query, under a progress bar if it takes long; Ctrl-C stops the query and nothing else.

    Without a terminal it is done as it is.
    """
    if not sys.stderr.isatty():
        return work()
    results: list[T] = []
    failure: list[BaseException] = []
    # Not the thread is waited for: one whose join() was interrupted counts as ended in Python before 3.13.
    is_done = threading.Event()

    def do() -> None:
        try:
            results.append(work())
        except BaseException as error:
            failure.append(error)
        finally:
            is_done.set()

    threading.Thread(target=do).start()
    try:
        if not is_done.wait(SHORT):
            _show_until(is_done, connection, label)
    except KeyboardInterrupt:
        while not is_done.wait(0.1):
            connection.interrupt()
        raise
    if failure:
        raise failure[0]
    return results[0]


def _show_until(is_done: threading.Event, connection: duckdb.DuckDBPyConnection, label: str) -> None:
    with bar() as progress:
        task = progress.add_task(label, total=100)
        while not is_done.wait(0.1):
            progress.update(task, completed=max(0.0, connection.query_progress()))
