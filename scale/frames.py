"""Scores the rows of a data frame: what `map_partitions` of LSDB and Dask takes.

import lsdb
from candlesql.scale import score

stars = lsdb.open_catalog("gaia").crossmatch(lsdb.open_catalog("twomass"), suffixes=("", "_2mass"))
scored = stars.map_partitions(score("red_clump", surveys={"gaia_dr2": "", "twomass": "_2mass"}))
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from ..catalogs.survey import Survey, load_survey, survey_files
from ..commands.steps.bulk import inferred_batches
from ..commands.steps.scoring import inference, stars_query
from ..errors import UserError
from ..sql import files
from ..sql.cuts import replace_cut
from ..sql.open import open_sky
from ..sql.systems import system_model, system_steps
from ..sql.views import create_views, match_columns, product_stand_in, show_match, show_product, stage
from ..udfs import functions, taught
from ..udfs.names import identifier
from ..workspace.connection import in_memory
from ..workspace.folder import Sky, existing_sky
from ..workspace.query import quoted
from .plan import one_base
from .sources import no_rows
from .stages import wanted_of

if TYPE_CHECKING:
    import pandas as pd

#: The number of a row in its frame, which stands for every survey's identifier.
ROW = "candlesql_row"

_local = threading.local()


def score(system: str, sky: str | Path | None = None, surveys: Mapping[str, str] | None = None) -> Scorer:
    """A function of a data frame that adds what a system's networks infer, row by row.

    Parameters
    ----------
    system
        Such as "red_clump".
    sky
        A workspace whose own models and cuts are used; the shipped models and the published cuts if none is given.
    surveys
        Of which surveys the columns of the frame are, with the suffix that each one's columns have (LSDB's crossmatch
        adds one): the quality cuts of those surveys are then applied. Without, the frame is a wide table: columns with
        the names of `catalogs/surveys/wide.toml`, of stars that are good enough.

    Returns
    -------
    A function that gives the frame, rows and index as they were, with further columns: the outputs of the networks, in
    the units that `candlesql models` says, `inside_hull`, and those of the view that judges a star (for the red clump
    its tier). They are missing where a star fails a quality cut or lacks what the networks read.

    Raises
    ------
    UserError
        If there is no such system or survey; from the function, if the frame lacks a column that the survey requires.
    """
    wanted_of(system)
    given = dict(surveys or {})
    for name in given:
        load_survey(name)
    return Scorer(system, str(existing_sky(sky).root) if sky else "", tuple(given.items()))


@dataclass(frozen=True)
class Scorer:
    """What `score` returns; can be pickled, and keeps one connection a thread."""

    system: str
    sky: str = ""
    surveys: tuple[tuple[str, str], ...] = field(default=())

    def __call__(self, frame: pd.DataFrame) -> pd.DataFrame:
        import pandas as pd

        desk = _desk(self)
        rows = desk.scored(pa.Table.from_pandas(frame, preserve_index=False))
        new = [name for name in rows.column_names if name != ROW and name not in frame.columns]
        places = pd.Index(rows[ROW].to_numpy())
        added = {
            name: pd.Series(rows[name].to_pandas(types_mapper=pd.ArrowDtype).array, index=places)
            .reindex(range(len(frame)))
            .array
            for name in new
        }
        return frame.assign(**added)


def _desk(scorer: Scorer) -> Desk:
    """This thread's connection for a scorer."""
    desks = _local.__dict__.setdefault("desks", {})
    if scorer not in desks:
        desks[scorer] = Desk(scorer)
    return desks[scorer]


class Desk:
    """The views of a system over rows that are handed in as Arrow."""

    def __init__(self, scorer: Scorer):
        self.sky = Sky(Path(scorer.sky))
        self.model, self.surveys = system_model(self.sky, scorer.system), dict(scorer.surveys)
        steps = system_steps(scorer.system)
        self.steps, self.judged = one_base(steps, self.surveys, self.sky), wanted_of(scorer.system).judged
        self.inference = inference(self.sky, self.steps, self.model)
        self.other_bases = [base for base in steps.bases if base != self.steps.base]
        self.connection = in_memory(threads=1)
        atexit.register(self.connection.close)
        self.connection.execute("set enable_progress_bar = false")
        functions.register_models(self.connection, self.sky.models)
        self.connection.execute(f"create schema candlesql; {taught.TABLES}")
        taught.fill_tables(self.connection, self.sky.models)
        needed = _needed({self.steps.inputs, self.judged})
        for schema in ("staging", "match", self.steps.name):
            self.connection.execute(f"create schema if not exists {schema}")
        _create(self.connection, _needed({"sphere.year_of_jd", "sphere.year_of_mjd"}))
        for name in survey_files(self.sky.surveys).keys() & {name.removeprefix("staging.") for name in needed}:
            survey = load_survey(name, self.sky.surveys)
            stage(self.connection, survey, no_rows(survey))
        self._show(None)
        show_product(self.connection, self.steps.scored, [])
        _create(self.connection, needed)
        if scorer.sky:
            with open_sky(self.sky.root, trust=True) as workspace:
                cuts = workspace.execute("select name, value from candlesql.cuts").fetchall()
            for name, value in cuts:
                replace_cut(self.connection, name, value)

    def scored(self, rows: pa.Table) -> pa.Table:
        """What is inferred of the rows that have what it takes, with their places in `rows` as ROW."""
        self.connection.register("frame", rows.append_column(ROW, pa.array(range(len(rows)), pa.int64())))
        self._show(set(rows.column_names))
        query = stars_query(replace(self.steps, rows=self.steps.inputs), self.inference, "true")
        schema, batches = inferred_batches(self.connection, query, self.inference)
        scores = pa.Table.from_batches(list(batches), schema)
        self.connection.register("scores_of_frame", scores)
        name = self.steps.scored
        self.connection.execute(
            f"create or replace view {name} as from ({product_stand_in(name)}) union all by name from scores_of_frame"
        )
        key = self.steps.id.split(",")[-1].strip()
        own = [name for name in schema.names if name not in (*self.steps.id.split(", "), *self.steps.carries)]
        judgement = [row[0] for row in self.connection.execute(f"describe {self.judged}").fetchall()]
        further = [f"judged.{identifier(n)}" for n in judgement if n not in (*schema.names, *self.steps.carries)]
        fields = ", ".join([f"scores.{key} as {ROW}", *(f"scores.{identifier(name)}" for name in own), *further])
        return self.connection.sql(
            f"select {fields} from scores_of_frame as scores left join {self.judged} as judged using ({key})"
        ).to_arrow_table()

    def _show(self, there: set[str] | None) -> None:
        """Let the staging views and matches be the frame's columns, or empty where there is no frame yet."""
        base = load_survey(self.steps.base, self.sky.surveys)
        for name in (self.steps.base, *self.steps.neighbours):
            survey = load_survey(name, self.sky.surveys)
            given = there if name in self.surveys else None
            rows = no_rows(survey) if given is None else _rows(survey, self.surveys[name], given)
            stage(self.connection, survey, rows)
            if name != base.name:
                self.connection.execute(
                    f"create or replace view match.{base.name}_{name} as {_pairs(base, survey, rows)}"
                )
                for other in self.other_bases:
                    show_match(self.connection, load_survey(other, self.sky.surveys), survey, [])
        wide = load_survey("wide", self.sky.surveys)
        rows = no_rows(wide) if self.surveys or there is None else _rows(wide, "", there)
        self.connection.execute(
            f"create or replace view staging.wide_stars as select *, 'frame' as wide_survey, "
            f"{quoted(wide.passband)} as gaia_passband from ({rows})"
        )


def _rows(survey: Survey, suffix: str, there: set[str]) -> str:
    """A survey's columns in the frame, its identifier the row's number; rows without one are none of the survey."""
    fields, key = [], None
    for name, column in survey.columns.items():
        found = next((known + suffix for known in (name, *column.aka) if known + suffix in there), None)
        if name == survey.id:
            key = found
            fields.append(f'{ROW}::{column.type} as "{name}"')
        elif found is None and column.required:
            raise UserError(f"the frame has no column {name}{suffix}, which survey {survey.name} requires")
        else:
            fields.append(f'{identifier(found) if found else "null"}::{column.type} as "{name}"')
    where = f" where {identifier(key)} is not null" if key else ""
    return f"select null::bigint as _healpix_29, {', '.join(fields)} from frame{where}"


def _pairs(base: Survey, survey: Survey, rows: str) -> str:
    """A star and its neighbour, which the frame has side by side."""
    left, right = list(match_columns(base, survey).items())[:2]
    return (
        f'select "{survey.id}"::{left[1]} as "{left[0]}", "{survey.id}" as "{right[0]}", '
        f"null::double as separation_arcsec, 1::bigint as n_neighbours from ({rows})"
    )


def _needed(wanted: set[str]) -> set[str]:
    """The names that views and macros of `sql/` are made of, their own and whatever else stands in them."""
    known = {item.name: item for item in files.items()}
    needed, pending = set(), list(wanted)
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += known[name].needs if name in known else ()
    return needed


def _create(connection: duckdb.DuckDBPyConnection, needed: set[str]) -> None:
    """Those of the needed names that are views and macros of `sql/`."""
    items = [item for item in files.items() if item.name in needed]
    for schema in {item.name.split(".")[0] for item in items}:
        connection.execute(f"create schema if not exists {schema}")
    create_views(connection, items)
