"""Shows how far a long statement is, on stderr and only to a person."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import duckdb
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from .ledger import execute

CONSOLE = Console(stderr=True)


def bar() -> Progress:
    """A progress bar that vanishes when done; silent where stderr is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
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


def run_with_bar(label: str):
    """A function that runs a statement under a progress bar called `label`."""

    def run(connection: duckdb.DuckDBPyConnection, query: str) -> None:
        if not sys.stderr.isatty():
            execute(connection, query)
            return
        failure: list[BaseException] = []

        def work() -> None:
            try:
                execute(connection, query)
            except BaseException as error:
                failure.append(error)

        thread = threading.Thread(target=work)
        with bar() as progress:
            task = progress.add_task(label, total=100)
            thread.start()
            try:
                while thread.is_alive():
                    thread.join(0.1)
                    progress.update(task, completed=max(0.0, connection.query_progress()))
            except KeyboardInterrupt:
                connection.interrupt()
                thread.join()
                raise
        if failure:
            raise failure[0]

    return run
