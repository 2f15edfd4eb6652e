"""A workspace while its networks are trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ..commands.steps.cuts import cuts_applied
from ..sql.open import open_sky, writing
from ..workspace.change import keep
from ..workspace.folder import find_sky


@contextmanager
def open_to_train(path: Path, cuts: dict[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a workspace for writing, with cuts that stay if the training ends well.

    The functions of a connection are the networks of when it was opened, so the views are made over the new networks
    on another.
    """
    sky = find_sky(path)
    with writing(path, whole=True) as connection, cuts_applied(connection, cuts):
        for made in (sky.models, *sky.results.glob("*.parquet")):
            keep(sky, made)
        yield connection
    open_sky(path).close()
