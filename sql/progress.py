"""Shows how far a long statement is, on stderr and only to a person."""

from __future__ import annotations

import sys
import threading

import duckdb
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from .products import execute

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
