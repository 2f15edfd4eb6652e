"""`candlesql score`: what the networks infer of every star that has their inputs."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ..sql.open import writing
from ..sql.systems import system_model, system_steps
from ..workspace.folder import Sky, existing_sky
from .steps.scoring import score_in_parts
from .steps.spectral import score_spectra


def score_command(path: Path, system: str) -> int:
    """`candlesql score`: the number of stars scored."""
    system_steps(system)
    sky = existing_sky(path)
    with writing(path) as connection:
        return score(connection, sky, system)


def score(connection: duckdb.DuckDBPyConnection, sky: Sky, system: str) -> int:
    """Write the networks' outputs for every star that has all their inputs; returns the number of stars."""
    steps = system_steps(system)
    if steps.spectra:
        return sum(score_spectra(connection, sky, steps).values())
    return score_in_parts(connection, sky, steps, system_model(sky, system), sources(sky))


def sources(sky: Sky) -> list[Path]:
    """The catalogs and matches that scores are made of."""
    return sorted([*sky.catalogs.glob("*.parquet"), *sky.matches.glob("*.parquet")])
