"""`candlesql info`: what a workspace holds, what made it, and which cuts are not the published ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from ..catalogs.survey import Survey, load_survey, survey_files
from ..errors import one_line
from ..sql import files
from ..sql.open import open_sky
from ..workspace.folder import existing_sky
from ..workspace.query import first_row
from .steps.fitted import fitted_lines
from .steps.notes import left_out

#: A product, what made it, and its models that were trained on simulated stars.
RUNS = """
    select product, n_rows, seconds, made_by, made_at,
        (
            select string_agg(
                model || ', which was trained on ' || if(kind = 'both', 'simulated and real', 'simulated')
                || ' stars', ', and by ' order by model
            ) from (
                select used.model, coalesce(runs.trained_on ->> used.model, said.trained_on) as kind
                from (select unnest(json_keys(runs.models)) as model) as used
                left join candlesql.models as said on said.sha256 = runs.models ->> used.model
            ) where kind in ('simulated', 'both')
        ) as simulated
    from candlesql.runs as runs order by made_at
"""

#: Reasons of the catalogue with the giants that have no tier, and those without a distance.
REFUSED = """
    select coalesce(reason, 'no reason said') as why, count(*) filter (where tier is null) as no_tier,
        count(*) filter (where distance_kpc is null) as no_distance
    from red_clump.catalogue group by all order by no_tier desc, why
"""


def describe_sky(path: Path) -> Iterator[str]:
    """`candlesql info`: catalogs, products, and cuts that are not the published ones."""
    sky = existing_sky(path)
    with open_sky(path, trust=False) as connection:
        yield f"{sky.root}  ({first_row(connection, 'select version from candlesql.state')[0]})"
        for name in survey_files(sky.surveys):
            if sky.catalog(name).exists():
                yield f"  {_catalog_line(connection, load_survey(name, sky.surveys))}"
        yield from _shared_stars(connection)
        runs = connection.execute(RUNS).fetchall()
        for product, rows, seconds, made_by, made_at, simulated in runs:
            said = f"  {product}: {rows:,} rows in {seconds:.1f} s by `{made_by}`, {made_at:%Y-%m-%d %H:%M}"
            yield one_line(said + (f", by {simulated}" if simulated else ""))
        yield from _refused(connection)
        for system in ("red_clump", "distmass"):
            for line in fitted_lines(connection, system):
                yield f"  {line}"
        changed = connection.execute("select name, value from candlesql.cuts order by name").fetchall()
        for name, value in changed:
            published = files.cuts().get(name)
            said = f"published {published.value}" if published else "unknown here"
            yield one_line(f"  cut {name} = {value}, {said}")
        if not changed:
            yield "  all cuts as published"


def _refused(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Why giants of the red clump catalogue have no tier or no distance, and why other stars are not in it."""
    if not first_row(connection, "select count(*) from candlesql.runs where product = 'red_clump.scores'")[0]:
        return
    rows = connection.execute(REFUSED).fetchall()
    for what, place in (("tier", 1), ("distance", 2)):
        reasons = [f"{row[0]} ({row[place]:,})" for row in rows if row[place]]
        if reasons:
            yield f"  red_clump.catalogue: no {what}: {', '.join(reasons)}"
    refused = left_out(connection)
    if refused:
        yield f"  red_clump.catalogue leaves out: {refused}"


def _shared_stars(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Where stars come from several tables, that one in two of them counts twice."""
    surveys = [
        row[0] for row in connection.execute("select distinct survey from red_clump.stars order by 1").fetchall()
    ]
    if len(surveys) > 1:
        yield (
            f"  red_clump reads {', '.join(surveys)}: a star that stands in two of them counts twice "
            "(red_clump.surveys says how many do)"
        )


def _catalog_line(connection: duckdb.DuckDBPyConnection, survey: Survey) -> str:
    name = f"staging.{survey.name}"
    (rows,) = first_row(connection, f"select count(*) from {name}")
    if not survey.has_position:
        return f"{name}: {rows:,} rows"
    ra, dec = f'"{survey.ra}"', f'"{survey.dec}"'
    low, high, south, north = first_row(connection, f"select min({ra}), max({ra}), min({dec}), max({dec}) from {name}")
    if low is None:
        return f"{name}: {rows:,} rows without positions"
    return f"{name}: {rows:,} rows, ra {low:.2f} to {high:.2f}, dec {south:.2f} to {north:.2f} deg"
