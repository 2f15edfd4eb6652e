"""What the commands do, for Python: each function returns what its command prints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import duckdb

from .catalogs.prepare import Ingested
from .report.command import report as report
from .sql.open import open_sky
from .sql.systems import system_steps
from .udfs.functions import models_of
from .workspace.folder import existing_sky
from .workspace.query import first_row, identifier

if TYPE_CHECKING:
    import polars as pl
    from astropy.table import QTable

StrPath = str | Path
Sky = StrPath | duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Made:
    """What a run made: rows of each product that was missing or stale, and the system's catalogue with its rows."""

    products: dict[str, int]
    catalogue: str
    rows: int


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


def demo(sky: StrPath, stars: int = 200_000, seed: int = 1) -> Made:
    """Make a mock sky with known truth and take it all the way to a red clump catalogue.

    Parameters
    ----------
    sky
        The workspace folder; made if it is not there yet.
    stars
        Gaia stars to make, 1000 or more.
    seed
        The same seed gives the same sky.

    Raises
    ------
    UserError
        If the workspace already holds catalogs that the demo would replace.
    """
    from .commands.demo import run_demo

    started = _now()
    for _ in run_demo(Path(sky), stars, seed):
        pass
    return _made(sky, "red_clump", started)


def ingest(
    sky: StrPath,
    survey: str,
    files: StrPath | Sequence[StrPath],
    rename: Mapping[str, str] | None = None,
    unit: Mapping[str, str] | None = None,
) -> Ingested:
    """Store catalog files as the survey's one sorted Parquet file, units kept.

    Parameters
    ----------
    sky
        The workspace folder; made if it is not there yet.
    survey
        A survey's name, or the path of a survey file of your own.
    files
        One or more files or folders: FITS, VOTable, CSV, ECSV, MRT, Parquet, HATS.
    rename
        The file's column names to the survey's.
    unit
        Columns to the units of the file, where it does not say them.

    Returns
    -------
    Ingested
        Rows stored, sentinels that became NULL by column, and columns left out.

    Raises
    ------
    UnknownName
        If no survey has this name.
    MissingColumn, WrongUnit, RefusedFile
        If a file is not what the survey says.
    """
    from .commands.ingest import ingest_survey

    return ingest_survey(Path(sky), survey, _paths(files), dict(rename or {}), dict(unit or {}))


def fetch(
    sky: StrPath,
    survey: str,
    cone: tuple[float, float, float] | None = None,
    adql: StrPath | None = None,
    url: str | None = None,
    upload: Mapping[str, StrPath] | None = None,
    hats: StrPath | None = None,
) -> Ingested:
    """Ask the survey's archive (TAP) for rows, or a HATS catalog for a cone, and ingest them; extra `fetch`.

    Parameters
    ----------
    sky
        The workspace folder; made if it is not there yet.
    survey
        A survey's name.
    cone
        Right ascension, declination and radius [deg].
    adql
        A file with a query of your own instead.
    url
        Another TAP service than the survey's.
    upload
        Names to files that the query may join as `tap_upload.NAME`.
    hats
        A HATS catalog (folder or address) to read the cone from.

    Raises
    ------
    UserError
        If the archive refuses the query, cuts its answer off, or cannot be reached.
    """
    from .commands.fetch import fetch_survey

    said = None if cone is None else ",".join(str(float(number)) for number in cone)
    uploads = {name: str(file) for name, file in (upload or {}).items()}
    query = None if adql is None else Path(adql)
    return fetch_survey(Path(sky), survey, said, query, url, uploads, None if hats is None else str(hats))


def match(
    sky: StrPath,
    left: str,
    right: str,
    radius_arcsec: float = 1.0,
    kind: str = "best",
    rank: str = "separation",
    statistics: bool = False,
) -> int:
    """Match two surveys on the sky, with proper motion to the epoch of each row; returns the number of pairs.

    Parameters
    ----------
    sky
        The workspace folder.
    left, right
        The survey whose rows look for a neighbour, and the one that is searched.
    radius_arcsec
        How far to look [arcsec].
    kind
        `best`, `mutual` or `all`; `left`, `anti` or `outer` for rows without neighbour.
    rank
        What makes the best neighbour: `separation`, `errors` or `magnitude`.
    statistics
        Whether to count pairs by separation, and those that chance makes, into `match.statistics`.

    Raises
    ------
    NotIngested, UnknownName, UserError
        If a survey is not there, or an option has no such value.
    """
    from .commands.match import match_surveys

    return match_surveys(Path(sky), left, right, radius_arcsec, kind, rank, statistics)


def train(
    sky: StrPath, system: str, labels: str | None = None, seed: int = 0, cut: Mapping[str, object] | None = None
) -> tuple[Network, ...]:
    """Train a system's networks on the labelled stars of the workspace; returns those that were made.

    Parameters
    ----------
    sky
        The workspace folder.
    system
        `red_clump`, `photometry`, `distmass` or `parallax`.
    labels
        The view of labelled rows; the system's own if not said.
    seed
        The same seed gives the same networks.
    cut
        Thresholds to replace, by name.

    Raises
    ------
    MissingPackage
        If the extra `train` is not installed.
    UserError
        If the workspace lacks labelled stars.
    """
    from .training.command import train_command

    before = {network.sha256 for network in models(sky)}
    for _ in train_command(Path(sky), system, labels, seed, _cuts(cut)):
        pass
    return tuple(network for network in models(sky) if network.sha256 not in before)


def score(sky: StrPath, system: str) -> int:
    """Write what the networks infer of every star that has their inputs; returns the number of stars.

    Raises
    ------
    UnknownName, NotIngested, UserError
        If no system has this name, or no star has the inputs.
    """
    from .commands.score import score_command

    return score_command(Path(sky), system)


def run(
    sky: StrPath,
    system: str,
    cut: Mapping[str, object] | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    skip_bad: bool = False,
) -> Made:
    """Make whatever a system lacks or has stale: matches, scores, catalogue.

    Parameters
    ----------
    sky
        The workspace folder.
    system
        `red_clump`, `photometry`, `distmass` or `parallax`.
    cut
        Thresholds to replace in the workspace, by name: `{"max_ruwe": 1.2}`.
    workers, scheduler
        By partitions of the sky: so many processes, or the address of a Dask cluster; extra `scale`.
    skip_bad
        Whether to go on without unreadable partitions.

    Raises
    ------
    UnknownName, NotIngested, UserError
        If no system or cut has this name, a survey is missing, or no star passes.
    """
    from .commands.run import run_command

    started = _now()
    if workers or scheduler:
        from .scale.command import run_by_tiles

        lines = run_by_tiles(Path(sky), system, _cuts(cut), workers, scheduler, skip_bad)
    else:
        lines = run_command(Path(sky), system, _cuts(cut))
    for _ in lines:
        pass
    return _made(sky, system, started)


def export(sky: Sky, view: str, file: StrPath) -> int:
    """Write a view to a file with units, descriptions and provenance in it; returns the number of rows.

    Parameters
    ----------
    sky
        The workspace folder, or a connection of `open_sky`.
    view
        Such as `red_clump.catalogue`.
    file
        Parquet, FITS, VOTable (`.vot`), ECSV, CSV or `.hats` by its name.

    Raises
    ------
    UnknownName
        If there is no such view.
    UserError
        If it is empty, or the file cannot be written.
    """
    from .commands.export import export as write

    with _connection(sky) as connection:
        return write(connection, view, Path(file))


def join(
    sky: Sky,
    file: StrPath,
    out: StrPath,
    on: str | None = None,
    radius_arcsec: float | None = None,
    view: str = "red_clump.catalogue",
) -> Joined:
    """Add result columns to any catalog, by identifier or by position; every row of it stays, once.

    Parameters
    ----------
    sky
        The workspace folder, or a connection of `open_sky`.
    file, out
        Your catalog, in any format that `ingest` reads, and where to write it with the new columns.
    on
        Its column of `source_id`.
    radius_arcsec
        How far to look by ra, dec instead [arcsec].
    view
        The view whose columns are added.

    Raises
    ------
    UserError
        If the file lacks the columns, the view has a star twice, or nothing joins.
    """
    from .commands.join import join as add

    with _connection(sky) as connection:
        return Joined(*add(connection, Path(file), Path(out), view, on, radius_arcsec))


def table(sky: Sky, view: str) -> QTable:
    """A view as an astropy QTable: columns with units are Quantities, NULL is masked.

    Parameters
    ----------
    sky
        The workspace folder, or a connection of `open_sky`.
    view
        Such as `red_clump.catalogue`.

    Raises
    ------
    UnknownName
        If there is no such view; `nearest` has the names that are like it.
    """
    from .commands.export import to_qtable

    with _connection(sky) as connection:
        return to_qtable(connection, view)


def frame(sky: Sky, view: str) -> pl.DataFrame:
    """A view as a Polars DataFrame, without units; needs `polars`.

    Parameters and errors are those of `table`. Of a query: `connection.sql("select …").pl()`.
    """
    from .sql.describe import named, view_columns

    with _connection(sky) as connection:
        view_columns(connection, view)
        return connection.sql(f"from {named(view)}").pl()


def models(sky: StrPath) -> tuple[Network, ...]:
    """The networks of a workspace: the shipped ones and its own."""
    return tuple(
        Network(
            model.name,
            model.path,
            {field.name: field.unit for field in model.inputs},
            {field.name: field.unit for field in model.outputs},
            model.metadata.get("n_train", ""),
            json.loads(model.metadata.get("metrics", "{}")),
            model.metadata.get("citation", ""),
            model.sha256,
        )
        for model in models_of(existing_sky(sky).models)
    )


def info(sky: StrPath) -> Info:
    """What a workspace holds, what made it, and every cut that is not the published one.

    Raises
    ------
    NoWorkspace
        If there is none.
    """
    from .catalogs.survey import survey_files

    folder = existing_sky(sky)
    with open_sky(sky) as connection:
        (version,) = first_row(connection, "select version from candlesql.state")
        names = [name for name in survey_files(folder.surveys) if folder.catalog(name).exists()]
        rows = {n: first_row(connection, f"select count(*) from staging.{identifier(n)}")[0] for n in names}
        runs = connection.execute(
            "select product, n_rows, made_by, made_at from candlesql.runs order by made_at"
        ).fetchall()
        cuts = dict(connection.execute("select name, value from candlesql.cuts order by name").fetchall())
    return Info(folder.root, version, rows, {product: Product(*said) for product, *said in runs}, cuts)


def _made(sky: StrPath, system: str, started: datetime) -> Made:
    catalogue = system_steps(system).catalogue
    with open_sky(sky) as connection:
        runs = connection.execute("select product, n_rows from candlesql.runs where made_at >= ?", [started]).fetchall()
        (rows,) = first_row(connection, f"select count(*) from {catalogue}")
    return Made(dict(runs), catalogue, rows)


def _now() -> datetime:
    """As the ledger says it: UTC without a zone, in whole seconds."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def _connection(sky: Sky) -> duckdb.DuckDBPyConnection:
    """A connection that closes when the block ends: a cursor of the caller's, or one of a workspace."""
    if not isinstance(sky, duckdb.DuckDBPyConnection):
        return open_sky(sky)
    other = sky.cursor()
    (database,) = first_row(sky, "select current_database()")
    other.execute(f"use {identifier(database)}")
    return other


def _paths(files: StrPath | Sequence[StrPath]) -> list[Path]:
    return [Path(files)] if isinstance(files, str | Path) else [Path(file) for file in files]


def _cuts(cut: Mapping[str, object] | None) -> dict[str, str]:
    return {name: str(value) for name, value in (cut or {}).items()}
