"""Mock skies as `candlesql demo` makes them, for benchmarks that judge by their truth."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from candlesql.commands.demo import make_mock_sky
from candlesql.commands.match import match_all
from candlesql.commands.score import score
from candlesql.sql.open import refresh, settle, writing
from candlesql.workspace.folder import find_sky


@contextmanager
def scored_sky(place: Path, stars: int, seed: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new sky with its matches and scores of red clump stars; deleted if the block ends well."""
    shutil.rmtree(place, ignore_errors=True)
    make_mock_sky(place, stars, seed)
    sky = find_sky(place)
    with writing(place) as connection:
        refresh(connection, sky)
        settle(connection, sky)
        match_all(connection, sky, "red_clump")
        score(connection, sky, "red_clump")
        yield connection
    shutil.rmtree(place)
