"""What the functions take and give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from ..catalogs.remote.address import Place, place_of
from ..sql.open import open_sky
from ..sql.systems import system_steps
from ..udfs.names import identifier
from ..workspace.query import first_row

StrPath = str | Path
Sky = StrPath | duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Made:
    """What a run made: rows of each product that was missing or stale, and the system's catalogue with its rows."""

    products: dict[str, int]
    catalogue: str
    rows: int


class Region(NamedTuple):
    """Ranges of the HEALPix index that a region was stored as, and the part of the sky that they cover (0 to 1)."""

    ranges: int
    sky_fraction: float


class Joined(NamedTuple):
    """Rows of the joined file, and how many of them found a star."""

    rows: int
    matched: int


@dataclass(frozen=True)
class Network:
    """What a model file says of itself; `inputs` and `outputs` map names to units."""

    name: str
    path: Path
    inputs: dict[str, str]
    outputs: dict[str, str]
    n_train: str
    metrics: dict[str, object]
    citation: str
    sha256: str


@dataclass(frozen=True)
class Product:
    """A thing that a command made: its rows, what made it, and when [UTC]."""

    rows: int
    made_by: str
    made_at: datetime


@dataclass(frozen=True)
class Info:
    """What a workspace holds: rows by survey, products by name, and the cuts that are not the published ones."""

    root: Path
    version: str
    surveys: dict[str, int]
    products: dict[str, Product]
    cuts: dict[str, str]


def connected(sky: Sky) -> duckdb.DuckDBPyConnection:
    """A connection that closes when the block ends: a cursor of the caller's, or one of a workspace."""
    if not isinstance(sky, duckdb.DuckDBPyConnection):
        return open_sky(sky, trust=True)
    other = sky.cursor()
    (database,) = first_row(sky, "select current_database()")
    other.execute(f"use {identifier(database)}")
    return other


def paths(files: StrPath | Sequence[StrPath]) -> list[Path]:
    return [Path(files)] if isinstance(files, str | Path) else [Path(file) for file in files]


def places(files: StrPath | Sequence[StrPath]) -> list[Place]:
    """The same, of which some may be addresses."""
    return [place_of(file) for file in ([files] if isinstance(files, str | Path) else files)]


def cuts(cut: Mapping[str, object] | None) -> dict[str, str]:
    return {name: str(value) for name, value in (cut or {}).items()}


def made_since(sky: StrPath, system: str, started: datetime) -> Made:
    """What a system's catalogue is now, and the products that were made from `started` [UTC] on."""
    catalogue = system_steps(system).catalogue
    with open_sky(sky, trust=False) as connection:
        runs = connection.execute("select product, n_rows from candlesql.runs where made_at >= ?", [started]).fetchall()
        (rows,) = first_row(connection, f"select count(*) from {catalogue}")
    return Made(dict(runs), catalogue, rows)


def now() -> datetime:
    """As the ledger says it: UTC without a zone, in whole seconds."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
