"""Scores a whole catalog in parts, from Parquet to Parquet; a run that was killed continues where it stopped.

A part is a range of the identifier. Parts are written under a temporary name and renamed, in a folder whose name is a
hash of all that goes in (catalogs, matches, cuts, views, model), so parts of another model or catalog never mix; when
all are there, the folder takes the place of the old scores.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ...catalogs.survey import load_survey, survey_files
from ...errors import UserError
from ...sql import files
from ...sql.damage import refuse_damaged
from ...sql.place import placed
from ...sql.views import products
from ...udfs.hull import read_hull
from ...udfs.model import Model
from ...udfs.model_files import hull_files
from ...udfs.names import identifier
from ...workspace.change import remove
from ...workspace.folder import Sky
from ...workspace.ledger import cut_values, fingerprint, full_disk_told, record
from ...workspace.progress import rows_bar
from ...workspace.query import first_row, literal_path, parquet_rows
from .bulk import Inference, write_inferred
from .inputs import read_columns

if TYPE_CHECKING:
    from ...sql.systems import SystemSteps

PART_ROWS = 5_000_000


def score_in_parts(
    connection: duckdb.DuckDBPyConnection, sky: Sky, steps: SystemSteps, model: Model, sources: list[Path]
) -> int:
    """Write the model's outputs for every star that has what it reads; returns the number of stars.

    Raises
    ------
    UserError
        If the inputs lack a column or have it in another unit, or no star has all of them; scores from before then
        stay.
    """
    started = time.time()
    check_inputs(connection, steps, model)
    hull = hull_files(sky.models).get(f"{model.name}_inside_hull")
    key = _key(connection, model, [*sources, *([hull] if hull else [])])
    folder = _folder(sky, steps.name, key)
    _write_parts(connection, sky, steps, model, folder)
    if not first_row(connection, f"select 1 from {parquet_rows(sorted(folder.glob('*.parquet')))} limit 1"):
        remove(folder, sky.root)
        for base in steps.bases:
            refuse_damaged(connection, sky, base)
        raise UserError(nothing_to_score(connection, steps, model))
    target = sky.scores / steps.name
    with placed(connection, sky, folder, target):
        seconds = time.time() - started
        (rows,) = first_row(connection, f"select count(*) from {steps.name}.scores")
        record(
            connection,
            f"{steps.name}.scores",
            f"score {steps.name}",
            sources,
            {model.name: model.sha256},
            rows,
            seconds,
            target.glob("*.parquet"),
        )
    with suppress(OSError):
        folder.parent.rmdir()
    return int(rows)


def _key(connection: duckdb.DuckDBPyConnection, model: Model, sources: list[Path]) -> str:
    """Changes when a catalog, match, cut, view or the model changes."""
    digest = hashlib.sha256(f"{model.sha256} {cut_values(connection)} {PART_ROWS}".encode())
    for path in sources:
        digest.update(f"{path.name} {fingerprint(path)}".encode())
    for path in sorted(files.ROOT.rglob("*.sql")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _folder(sky: Sky, system: str, key: str) -> Path:
    """Where the parts are gathered; those of other keys are thrown away."""
    gathering = sky.scores / ".parts"
    folder = gathering / f"{system}-{key[:16]}"
    for other in gathering.glob(f"{system}-*"):
        if other != folder:
            remove(other, sky.root)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_parts(
    connection: duckdb.DuckDBPyConnection, sky: Sky, steps: SystemSteps, model: Model, folder: Path
) -> None:
    """Write the parts that are not there yet."""
    ranges = _ranges(connection, sky, steps)
    paths = [folder / f"part-{number:05}.parquet" for number in range(len(ranges))]
    what = inference(sky, steps, model)
    metadata = metadata_of(model)
    done = sum(rows for path, (_, rows) in zip(paths, ranges, strict=True) if path.exists())
    with rows_bar(f"scoring {steps.name}", done, sum(rows for _, rows in ranges)) as advance:
        for path, (condition, rows) in zip(paths, ranges, strict=True):
            if path.exists():
                continue
            temporary = path.with_name(f".{path.name}.tmp")
            with full_disk_told():
                write_inferred(connection, stars_query(steps, what, condition), what, temporary, metadata)
            temporary.replace(path)
            advance(rows)


def metadata_of(model: Model) -> dict[str, str]:
    """What a file of scores says of the model that made them."""
    return {
        "candlesql.model": model.name,
        "candlesql.model_sha256": model.sha256,
        "candlesql.trained_on": model.trained_on or "not known",
    }


def inference(sky: Sky, steps: SystemSteps, model: Model) -> Inference:
    """What a system stores of its stars: the outputs that its views show, and their place by the model's hull."""
    path = hull_files(sky.models).get(f"{model.name}_inside_hull")
    return Inference(model, stored_outputs(steps, model), read_hull(path) if path else None)


def stars_query(steps: SystemSteps, what: Inference, condition: str) -> str:
    """The stars that have what the model reads: identifier, what is carried along, what the hull asks, the inputs."""
    model = what.model
    wanted = () if model.takes_missing else model.inputs
    complete = " and ".join([condition, *(f'"{field.name}" is not null' for field in wanted)])
    columns = [steps.id, *(f'"{name}"' for name in steps.carries)]
    read = read_columns(model, steps.carries)
    bounds = what.hull.names if what.hull else ()
    columns += [f'({read.get(name, identifier(name))})::double as "bound {k}"' for k, name in enumerate(bounds)]
    columns += [f'({read[field.name]})::float as "input {number}"' for number, field in enumerate(model.inputs)]
    return f"select {', '.join(columns)} from {steps.rows} where {complete}"


def stored_outputs(steps: SystemSteps, model: Model) -> list[str]:
    """Those outputs that the view over the scores shows; all of a system that has none."""
    view = products().get(steps.scored)
    names = [output.name for output in model.outputs]
    return [name for name in names if name in view["columns"]] if view else names


def _ranges(connection: duckdb.DuckDBPyConnection, sky: Sky, steps: SystemSteps) -> list[tuple[str, int]]:
    """Conditions on the identifier that split the stars into parts, and how many rows of the base survey each has.

    Bounds are those of row groups, so that a part reads only its share of a catalog that is sorted by its identifier,
    as Gaia is.
    """
    column = steps.id.split(",")[-1].strip()
    groups = _row_groups(connection, sky, steps)
    if _columns(connection, steps.inputs)[column][0] != "BIGINT" or any(low is None for low, _ in groups):
        return [("true", sum(rows for _, rows in groups))]
    bounds: list[int | None] = []
    counts = [0]
    for low, rows in groups:
        if counts[-1] >= PART_ROWS and low != (bounds[-1] if bounds else None):
            bounds.append(low)
            counts.append(0)
        counts[-1] += rows
    conditions = []
    for low, high in zip([None, *bounds], [*bounds, None], strict=True):
        limits = [f"{column} >= {low}"] * (low is not None) + [f"{column} < {high}"] * (high is not None)
        conditions.append(" and ".join(limits) or "true")
    return list(zip(conditions, counts, strict=True))


def _row_groups(connection: duckdb.DuckDBPyConnection, sky: Sky, steps: SystemSteps) -> list[tuple[int | None, int]]:
    """The lowest identifier and the number of rows of each row group of the catalogs that stars come from."""
    surveys = [load_survey(name, sky.surveys) for name in survey_files(sky.surveys)]
    groups: list[tuple[int | None, int]] = []
    for survey in surveys:
        if (survey.wide or survey.name in steps.bases) and sky.catalog(survey.name).exists():
            groups += connection.execute(
                "select try_cast(stats_min_value as bigint), row_group_num_rows "
                f"from parquet_metadata({literal_path(sky.catalog(survey.name))}) where path_in_schema = ?",
                [survey.id],
            ).fetchall()
    return sorted(groups, key=lambda group: (group[0] is not None, group[0]))


def _columns(connection: duckdb.DuckDBPyConnection, view: str) -> dict[str, tuple[str, str]]:
    """Type and comment of a view's columns."""
    rows = connection.execute(
        "select column_name, data_type, coalesce(comment, '') from duckdb_columns() "
        "where schema_name || '.' || table_name = ? and database_name = current_database()",
        [view],
    ).fetchall()
    return {name: (type_, comment) for name, type_, comment in rows}


def check_inputs(connection: duckdb.DuckDBPyConnection, steps: SystemSteps, model: Model) -> None:
    """Refuse a model that reads what the system's inputs lack, or have in another unit."""
    comments = {name: comment for name, (_, comment) in _columns(connection, steps.inputs).items()}
    for field in model.inputs:
        if field.name not in comments:
            raise UserError(
                f"wants {field.name}, which {steps.inputs} lacks; train a model on what is there", file=model.path
            )
        unit = comments[field.name][1:].split("]")[0] if comments[field.name].startswith("[") else ""
        if unit and field.unit and unit != field.unit:
            raise UserError(
                f"wants {field.name} in {field.unit}, {steps.inputs} has it in {unit}; train a model on what is there",
                file=model.path,
            )


def nothing_to_score(connection: duckdb.DuckDBPyConnection, steps: SystemSteps, model: Model) -> str:
    counts = ", ".join(f'count("{field.name}")' for field in model.inputs)
    row = first_row(connection, f"select count(*), {counts} from {steps.inputs}")
    if not row[0]:
        counted = {base: first_row(connection, f"select count(*) from staging.{base}")[0] for base in steps.bases}
        if not any(counted.values()):
            return f"{steps.inputs} has no rows: ingest {' or '.join(steps.bases)}, or a table like it"
        there = " and ".join(f"{rows:,} of {base}" for base, rows in counted.items() if rows)
        return f"{steps.inputs} has no rows: the cuts take all {there}"
    empty = [field.name for field, n in zip(model.inputs, row[1:], strict=True) if not n]
    what = f"none has {empty[0]}" if empty else f"none has all of {', '.join(f.name for f in model.inputs)}"
    return (
        f"{model.path.name} cannot score {row[0]:,} stars of {steps.inputs}: {what}; ingest and match the survey that "
        f"has it, or train on what is there with `candlesql train SKY {steps.name}`"
    )
