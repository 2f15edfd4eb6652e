"""`candlesql ingest`: files of a survey, prepared and put into a workspace."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from ..catalogs.prepare import Ingested, prepared, stored_in
from ..catalogs.readers import catalog_files
from ..catalogs.remote.address import Place
from ..catalogs.survey import Survey, load_survey, read_survey
from ..errors import UserError
from ..sql.open import new_or_existing, refresh, writing
from ..workspace.change import place
from ..workspace.folder import Sky, find_sky
from ..workspace.ledger import record
from ..workspace.progress import run_with_bar


def ingest_survey(
    path: Path, name: str, files: Sequence[Place], renames: dict[str, str], units: dict[str, str]
) -> Ingested:
    """`candlesql ingest`: into the workspace at `path`, made if need be; `name` may be the path of a survey file."""
    own = Path(name)
    surveys = find_sky(path).surveys
    survey = read_survey(own, surveys) if own.suffix == ".toml" else load_survey(name, surveys)
    if not files:
        raise UserError(f"ingest {name}: say which file")
    files = catalog_files(files)
    started = time.time()
    run = run_with_bar(f"reading {survey.name}")
    with (
        new_or_existing(path) as sky,
        prepared(survey, files, sky.catalog(survey.name), renames, units, run) as (made, done),
        writing(sky.root) as connection,
    ):
        place(sky, made, sky.catalog(survey.name))
        if own.suffix == ".toml" and own.resolve() != (sky.surveys / own.name).resolve():
            copy = sky.surveys / f".{own.name}.tmp"
            shutil.copy(own, copy)
            place(sky, copy, sky.surveys / own.name)
        refresh(connection, sky)
        said = f"ingest {survey.name} {' '.join(file.name for file in files)}"
        inputs = [part for file in files for part in stored_in(file)]
        record_catalog(connection, sky, survey, said, inputs, done, time.time() - started, done.from_afar)
    return done


def record_catalog(
    connection: duckdb.DuckDBPyConnection,
    sky: Sky,
    survey: Survey,
    said: str,
    inputs: list[Path],
    done: Ingested,
    seconds: float,
    from_afar: dict[str, str] | None = None,
) -> None:
    """Write down what made a survey's catalog; `from_afar` are addresses and the versions of what lay there."""
    made = [sky.catalog(survey.name)]
    known = inputs if inputs or from_afar else made
    record(connection, f"staging.{survey.name}", said, known, {}, done.rows, seconds, made, from_afar)


def put_in(sky: Sky, survey: Survey, file: Path) -> Ingested:
    """Store a file of this program's own making as a survey's catalog, in a change that the caller has begun."""
    with prepared(survey, [file], sky.catalog(survey.name), {}, {}) as (made, done):
        place(sky, made, sky.catalog(survey.name))
    return done
