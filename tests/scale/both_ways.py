"""Every view of a system from partitions, in this process, beside the same view on one machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from candlesql.scale import command, plan
from candlesql.scale.bench import close_all
from candlesql.scale.kinds import Kind, kinds_of_views, views
from candlesql.scale.partition import do_stage
from candlesql.scale.stages import rests_on, stages_of
from candlesql.sql.open import writing
from candlesql.workspace.folder import existing_sky
from candlesql.workspace.query import parquet_rows

#: What a difference of two numbers of 32 bits can be off by, in any unit.
ROUNDING = 1e-5


@dataclass(frozen=True)
class Made:
    """A view as partitions make it: of which kind it is, and the files with its rows."""

    view: str
    kind: Kind
    files: list[Path]


def views_of(system: str) -> list[str]:
    """A system's own views, and those that it reads, in the order of what each needs."""
    own = [name for name, item in views().items() if name.startswith(f"{system}.") and not item.is_macro]
    under = rests_on(system, own)
    return [name for name, item in views().items() if name in under and not item.is_macro]


def made_by_partitions(sky: Path, system: str, tile_rows: int, monkeypatch) -> list[Made]:
    """Run a system's stages over partitions of so many stars, every view asked for that partitions give."""
    kinds = kinds_of_views(system)
    names = views_of(system)
    rows = tuple(name for name in names if kinds[name] is Kind.STARS)
    whole = tuple(name for name in names if kinds[name] in (Kind.SUM, Kind.WHOLE) and not of_lookups(system, name))
    stages = stages_of(system, whole, rows)
    monkeypatch.setattr(plan, "stages_of", lambda _: stages)
    monkeypatch.setattr(plan, "TILE_ROWS", tile_rows)
    with writing(sky, whole=True) as connection:
        made = plan.make_plan(connection, existing_sky(sky), system)
        tiles = list(made.tiles)
        assert len(tiles) > 2
        for number in range(len(stages)):
            for tile in tiles:
                outcome = do_stage(number, made.file, tile)
                assert not outcome.fault, outcome
            command.put_together(connection, made, tiles, number)
    close_all()
    given = {view for stage in stages for view in stage.rows}
    return [
        Made(name, kinds[name], [made.part(tile) / f"{name}.parquet" for tile in tiles])
        if name in given
        else Made(name, kinds[name], [made.whole(name)])
        for name in names
        if name in given or made.whole(name).exists()
    ]


def of_lookups(system: str, name: str) -> bool:
    """Whether a view of the whole sky is of rows that are cut with a margin."""
    kinds = kinds_of_views(system)
    reads = [need for need in rests_on(system, [name]) if kinds[need] in (Kind.SUM, Kind.WHOLE)]
    return any(kinds[need] is Kind.LOOKUP for view in reads for need in kinds.needs(view))


def of_labels(system: str, name: str) -> bool:
    """Whether a view is made of what a run makes of labelled stars, after its last stage."""
    return bool(rests_on(system, [name]) & {*command.OF_LABELS.values()})


def differences(single: duckdb.DuckDBPyConnection, made: Iterable[Made], relative: float) -> list[str]:
    """What is not as on one machine: a line for each view."""
    return [f"{one.view} ({one.kind}): {said}" for one in made if (said := _difference(single, one, relative))]


def _difference(single: duckdb.DuckDBPyConnection, one: Made, relative: float) -> str:
    theirs = _table(single, f"from {one.view}")
    fields = ", ".join(f'"{name}"' for name in theirs)
    ours = _table(single, f"select {fields} from {parquet_rows(one.files)}")
    for name, values in ours.items():
        expected = theirs[name]
        if len(values) != len(expected):
            return f"{len(values)} rows, {len(expected)} on one machine"
        if not np.array_equal(np.ma.getmaskarray(values), np.ma.getmaskarray(expected)):
            return f"{name} is missing elsewhere"
        a, b = values.compressed(), expected.compressed()
        # a covariance is a sum that cancels; an infinite one is compared as it is
        absolute = relative * _largest(b) if "covariance" in name else ROUNDING
        if not (np.allclose(a, b, relative, absolute, equal_nan=True) if a.dtype.kind == "f" else np.array_equal(a, b)):
            return f"{name} differs"
    return ""


def _largest(values: np.ndarray) -> float:
    """The largest size of a finite value, 0 without one."""
    return float(np.max(np.abs(values[np.isfinite(values)]), initial=0))


def _table(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, np.ma.MaskedArray]:
    """The columns of a query, sorted by those that are no numbers with a fraction and then by the others."""
    kinds = connection.execute(f"select column_name, column_type from (describe {query})").fetchall()
    exact = [f'"{name}"' for name, kind in kinds if kind not in ("FLOAT", "DOUBLE") and "[" not in kind]
    order = ", ".join([*exact, *(f'"{name}"' for name, _ in kinds if f'"{name}"' not in exact)])
    fields = ", ".join(
        f'"{name}"::varchar as "{name}"' if kind.endswith("]") or "STRUCT" in kind else f'"{name}"'
        for name, kind in kinds
    )
    found = connection.execute(f"select {fields} from ({query}) order by {order}").fetchnumpy()
    return {name: np.ma.asarray(values) for name, values in found.items()}
