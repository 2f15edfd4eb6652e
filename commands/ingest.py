"""`candlesql ingest`: files of a survey, prepared and put into a workspace."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from ..catalogs.in_place import ADDRESS, FOLDER, fields_in_place, refuse_kept, word_for
from ..catalogs.prepare import Ingested, prepared, stored_in
from ..catalogs.readers import catalog_files, hats
from ..catalogs.remote.address import Address, Place
from ..catalogs.remote.hats import RemoteCatalog
from ..catalogs.remote.objects import Objects
from ..catalogs.survey import Survey, load_survey, read_survey
from ..errors import RefusedFile, UserError
from ..sql.open import new_or_existing, refresh, writing
from ..sql.template import remember
from ..workspace.change import place, take_away
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


def name_in_place(path: Path, name: str, places: Sequence[Place]) -> Path:
    """`candlesql ingest --in-place`: the workspace reads a HATS catalog where it lies, in runs by partitions.

    A folder is linked as `SKY/catalogs/<survey>.hats`; an address stands in `SKY/catalogs/<survey>.url`, and is asked
    only for the user who has named it, which the user's cache remembers. Returns the link or file.

    Raises
    ------
    UserError
        If it is no HATS catalog with the survey's columns, or the survey is ingested already.
    """
    sky = find_sky(path)
    survey = load_survey(name, sky.surveys)
    if len(places) != 1 or (isinstance(places[0], Path) and not hats.is_catalog(places[0])):
        raise UserError(f"ingest {name} --in-place: say one HATS catalog, a folder or an address")
    (found,) = places
    refuse_kept(found)
    if sky.catalog(name).exists():
        raise RefusedFile("is there, and goes before what is read in place; take it away first", file=sky.catalog(name))
    fields_in_place(survey, RemoteCatalog(Objects(), found) if isinstance(found, Address) else found)
    suffix, other = (ADDRESS, FOLDER) if isinstance(found, Address) else (FOLDER, ADDRESS)
    target = sky.catalog(name).with_suffix(suffix)
    with new_or_existing(path), writing(sky.root):
        made = target.with_name(f".{target.name}.tmp")
        made.unlink(missing_ok=True)
        if isinstance(found, Address):
            made.write_text(f"{found}\n", encoding="utf-8")
            remember(word_for(name, found))
        else:
            made.symlink_to(found.resolve(), target_is_directory=True)
        take_away(sky, target.with_suffix(other))
        place(sky, made, target)
    return target


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
