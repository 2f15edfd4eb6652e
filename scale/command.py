"""`candlesql run SKY SYSTEM --workers N`: a system tile by tile, into the same products and a HATS catalog."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ..catalogs.writers.hats import write_index
from ..commands.run import score_baseline
from ..commands.steps.cuts import cuts_applied
from ..commands.steps.gradients import CHANGES, write_gradients, write_mock_changes
from ..commands.steps.gradients import PRODUCT as GRADIENTS
from ..commands.steps.scoring import nothing_to_score
from ..errors import UserError
from ..sql.open import refresh, writing
from ..sql.systems import SystemSteps
from ..udfs.names import identifier
from ..workspace.change import change_of, place, take_away
from ..workspace.folder import Sky, existing_sky
from ..workspace.ledger import execute, record
from ..workspace.progress import rows_bar
from ..workspace.query import first_row, parquet_rows, quoted
from .bench import at_bench, bench_of, close_all
from .cluster import client_of, need_dask
from .partition import PARQUET, Outcome, make_catalogue, make_part
from .plan import Plan, kinds_of, make_plan, run_name
from .tasks import Task, outcomes
from .tiles import Tile

if TYPE_CHECKING:
    from distributed import Client

#: The file among the results that says which run made them.
NAME = "run.txt"


def run_by_tiles(
    path: Path, system: str, cuts: dict[str, str], workers: int | None, scheduler: str | None, skip_bad: bool
) -> Iterator[str]:
    """Make a system's matches, scores and catalogue on Dask; a line for each.

    Parameters
    ----------
    cuts
        Thresholds that are replaced in the workspace, by name.
    workers, scheduler
        Processes of a local cluster, or the address of a cluster that sees the workspace under the same path.
    skip_bad
        Whether to go on without partitions that cannot be read; they are named either way.

    Raises
    ------
    UserError
        If the system does not run by tiles, a partition cannot be read, the cluster is gone, or no star is left.
    """
    need_dask()
    kinds_of(system)
    if (workers is None) == (scheduler is None):
        raise UserError("say either --workers N, or --scheduler tcp://HOST:PORT")
    sky = existing_sky(path)
    with writing(path, whole=True) as connection, cuts_applied(connection, cuts):
        started = time.time()
        if is_made(sky, system, run_name(connection, sky, system)):
            return
        plan = make_plan(connection, sky, system)
        yield f"{len(plan.tiles):,} partitions"
        with client_of(workers, scheduler, str(plan.work)) as client:
            peaks: list[float] = []
            bad = _pass(client, plan, make_part, list(plan.tiles), plan.part, skip_bad, peaks)
            done = [tile for tile in plan.tiles if tile not in {outcome.tile for outcome in bad}]
            if not done:
                raise UserError(f"no partition can be read; {_fault(bad[0])}")
            merge(plan, done)
            bad += _pass(client, plan, make_catalogue, done, plan.catalogue_mark, skip_bad, peaks)
        yield f"{max(peaks, default=0.0):.2f} GB of memory in the largest worker"
        for outcome in bad:
            yield f"left out: {_fault(outcome)}"
        for source in plan.sources.values():
            if source.catalog:
                source.catalog.refuse_replaced()
        yield from _publish(connection, sky, plan, bad, time.time() - started)


def is_made(sky: Sky, system: str, name: str) -> bool:
    """Whether a run of this name is what the workspace shows."""
    file = sky.results / system / NAME
    return file.exists() and file.read_text() == name and any((sky.scores / system).glob("*.parquet"))


def _pass(
    client: Client,
    plan: Plan,
    task: Task,
    wanted: list[Tile],
    mark: Callable[[Tile], Path],
    skip_bad: bool,
    peaks: list[float],
) -> list[Outcome]:
    """Do a task for every tile whose `mark` does not yet say that it is done; returns those that cannot be done, and
    adds each worker's memory [GB] to `peaks`."""
    left = [tile for tile in wanted if not mark(tile).exists()]
    bad = []
    with rows_bar(plan.steps.name, len(wanted) - len(left), len(wanted)) as advance:
        for outcome in outcomes(client, task, plan.file, left):
            advance(1)
            peaks.append(outcome.memory_gb)
            if not outcome.fault:
                continue
            bad.append(outcome)
            if not skip_bad:
                done = sum(mark(tile).exists() for tile in wanted)
                raise UserError(
                    f"{_fault(outcome)}; {done:,} of {len(wanted):,} partitions are finished and stay: complete the "
                    "rest with --skip-bad, or mend the file, which starts the run anew"
                )
    return bad


def _fault(outcome: Outcome) -> str:
    return f"partition Norder={outcome.tile.order}, Npix={outcome.tile.pixel}: {outcome.fault}"


def merge(plan: Plan, tiles: list[Tile]) -> None:
    """What the tiles have gathered, put together, and the views of the whole sky made of it."""
    with at_bench():
        bench = bench_of(plan.file)
        plan.whole("x").parent.mkdir(exist_ok=True)
        for view in plan.kinds.rows:
            bench.show(view, _parts(plan, view, tiles))
            _write(bench.connection, f"from {view}", plan.whole(view))
            bench.show(view, [plan.whole(view)])
        for view in plan.kinds.counts:
            _write(bench.connection, _sum(bench.connection, _parts(plan, view, tiles)), plan.whole(view))
            bench.show(view, [plan.whole(view)])
        for view in plan.kinds.whole:
            _write(bench.connection, f"from {view}", plan.whole(view))
            bench.show(view, [plan.whole(view)])
        close_all()


def _sum(connection: duckdb.DuckDBPyConnection, parts: list[Path]) -> str:
    """The query of counts by cell, given those of each part."""
    source = parquet_rows(parts)
    names = [row[0] for row in connection.execute(f"select column_name from (describe from {source})").fetchall()]
    counts = {name for name in names if name == "n" or name.startswith("n_")}
    fields = [
        f"sum({identifier(name)})::bigint as {identifier(name)}" if name in counts else identifier(name)
        for name in names
    ]
    return f"select {', '.join(fields)} from {source} group by all"


def _write(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    connection.execute(f"copy ({query}) to {quoted(temporary)} ({PARQUET})")
    temporary.replace(path)


def _parts(plan: Plan, view: str, tiles: list[Tile]) -> list[Path]:
    return [plan.part(tile) / f"{view}.parquet" for tile in tiles]


def _publish(
    connection: duckdb.DuckDBPyConnection, sky: Sky, plan: Plan, bad: list[Outcome], seconds: float
) -> Iterator[str]:
    """Put everything into its place in the workspace, and write down what made it."""
    steps = plan.steps
    tiles = [tile for tile in plan.tiles if plan.catalogue_mark(tile).exists()]
    pixels = [(t.order, t.pixel, int(plan.catalogue_mark(t).read_text())) for t in tiles]
    pixels = [pixel for pixel in pixels if pixel[2]]
    scores = _parts(plan, f"{steps.name}.scores", tiles)
    ((n_scores,),) = connection.execute(_count(scores)).fetchall() if scores else ((0,),)
    if not pixels:
        raise UserError(
            f"{steps.catalogue} is empty: no star passes the selection; loosen a cut with --cut"
            if n_scores
            else nothing_to_score(connection, steps, plan.model)
        )
    for view in plan.kinds.after:
        _write(connection, _sum(connection, _parts(plan, view, tiles)), plan.whole(view))
    left_out = [_fault(outcome) for outcome in bad]
    write_index(plan.catalogue, pixels, "\n".join([plan.note, *(f"left out: {fault}" for fault in left_out)]))
    results = sky.results / steps.name
    made = plan.work / "results"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    shutil.copytree(plan.catalogue, made / "catalogue.hats", copy_function=_link)
    for file in (plan.work / "whole").glob("*.parquet"):
        _link(file, made / file.name)
    (made / NAME).write_text(plan.work.name if not bad else "incomplete")
    incomplete = {"left out": json.dumps(left_out)} if bad else {}
    made_by = f"run {steps.name} by tiles"
    inputs = [source.path for source in plan.sources.values() if not source.is_hats]
    counts = {}
    for source in plan.neighbours:
        if source.survey.name not in plan.matches:
            name, file = f"match.{steps.base}_{source.survey.name}", sky.match(steps.base, source.survey.name)
            parts = _parts(plan, name, tiles)
            counts[name] = first_row(connection, _count(parts))[0]
            _place(sky, parts, tiles, file.with_suffix(""))
            take_away(sky, file)
    _place(sky, scores, tiles, sky.scores / steps.name)
    place(sky, made, results)
    refresh(connection, sky)
    yield f"{results / 'catalogue.hats'}: {sum(n for *_, n in pixels):,} rows in {len(pixels):,} partitions"
    for name, rows in counts.items():
        pair = [file for file in inputs if file.stem in (steps.base, name.removeprefix(f"match.{steps.base}_"))]
        record(connection, name, made_by, pair, incomplete, rows, 0, sky.match_files(*_pair_of(name, steps.base)))
        yield f"{name}: {rows:,} rows"
    sources = sorted([*sky.catalogs.glob("*.parquet"), *sky.matches.glob("*.parquet")])
    models = {plan.model.name: plan.model.sha256} | incomplete
    (n_scores,) = first_row(connection, f"select count(*) from {steps.name}.scores")
    record(
        connection,
        f"{steps.name}.scores",
        made_by,
        sources,
        models,
        n_scores,
        seconds,
        (sky.scores / steps.name).glob("*.parquet"),
    )
    yield f"{steps.name}.scores: {n_scores:,} rows"
    for product, rows in _of_labels(connection, sky, steps).items():
        yield f"{product}: {rows:,} rows"
    change = change_of(sky)
    if change:
        change.afterwards.append(plan.work)
    else:
        shutil.rmtree(plan.work)


def _of_labels(connection: duckdb.DuckDBPyConnection, sky: Sky, steps: SystemSteps) -> dict[str, int]:
    """What the run on one machine makes of the labelled stars, made of those that the tiles have gathered: the
    workspace's own views do not see what is read in place."""
    results = sky.results / steps.name
    labels = parquet_rows([results / f"{steps.labels}.parquet"])
    made = score_baseline(connection, sky, steps, execute, lambda: labels)
    if steps.name != "red_clump":
        return made
    giants = parquet_rows([results / "red_clump.evaluation.parquet"])
    written = {
        GRADIENTS: write_gradients(connection, sky, lambda: labels, giants),
        CHANGES: write_mock_changes(connection, sky),
    }
    return made | {product: rows for product, rows in written.items() if rows}


def _pair_of(product: str, base: str) -> tuple[str, str]:
    return base, product.removeprefix(f"match.{base}_")


def _count(parts: list[Path]) -> str:
    return f"select count(*) from {parquet_rows(parts)}"


def _place(sky: Sky, parts: list[Path], tiles: list[Tile], folder: Path) -> None:
    """Put the files of tiles into a folder of the workspace, in the place of what is there."""
    made = folder.with_name(f".{folder.name}.made")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    for part, tile in zip(parts, tiles, strict=True):
        _link(part, made / f"{tile.name}.parquet")
    place(sky, made, folder)


def _link(source: str | Path, target: str | Path) -> None:
    """A second name for a file, or a copy where the disk has no such thing; the run's own stays until all is done."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)
