"""`candlesql run SKY SYSTEM --workers N`: a system tile by tile, into the same products and a HATS catalog."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow.parquet as pq

from ..catalogs.writers.collection import write_around
from ..catalogs.writers.hats import write_index
from ..commands import nmsu
from ..commands.run import run_command, score_baseline
from ..commands.score import sources
from ..commands.steps.band_offsets import PRODUCT as OFFSETS
from ..commands.steps.band_offsets import offset_lines, write_band_offsets
from ..commands.steps.cuts import cuts_applied
from ..commands.steps.fitted import fitted_lines
from ..commands.steps.gradients import CHANGES, write_gradients, write_mock_changes
from ..commands.steps.gradients import PRODUCT as GRADIENTS
from ..commands.steps.scoring import nothing_to_score
from ..commands.steps.spectral import no_spectra, spectral_sources
from ..errors import UserError
from ..sql.open import refresh, writing
from ..sql.place import write_product
from ..sql.systems import SystemSteps, system_steps
from ..udfs.spectral import SpectralModel
from ..workspace.change import change_of, place, take_away
from ..workspace.folder import Sky, existing_sky
from ..workspace.ledger import execute, record
from ..workspace.progress import rows_bar
from ..workspace.query import first_row, parquet_rows, quoted
from .bench import at_bench, bench_of, close_all
from .cluster import client_of, need_dask
from .partition import PARQUET, Outcome, do_stage
from .plan import Plan, make_plan, one_base, primaries_of, run_name
from .rates import least_stars
from .sources import find_sources
from .stages import rests_on, wanted_of
from .sums import query_of_sum
from .tasks import outcomes
from .tiles import NOWHERE, Tile

if TYPE_CHECKING:
    from distributed import Client

#: The file among the results that says which run made them.
NAME = "run.txt"
#: The products of labelled stars that views of the whole sky read, by the files' names.
OF_LABELS = {name.replace(".", "_"): name for name in ("red_clump.baseline", GRADIENTS, CHANGES)}


def run_by_tiles(
    path: Path, system: str, cuts: dict[str, str], workers: int | None, scheduler: str | None, skip_bad: bool
) -> Iterator[str]:
    """Make a system's matches, scores and catalogue on Dask; a line for each.

    Workers of this machine are left alone where one process is sooner done.

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
        If there is no such system, a partition cannot be read, the cluster is gone, or no star is left.
    """
    need_dask()
    wanted_of(system)
    if (workers is None) == (scheduler is None):
        raise UserError("say either --workers N, or --scheduler tcp://HOST:PORT")
    sky = existing_sky(path)
    if workers and (said := too_few(sky, system, workers)):
        yield said
        yield from run_command(path, system, cuts)
        return
    with writing(path, whole=True) as connection, cuts_applied(connection, cuts):
        started = time.time()
        if is_made(sky, system, run_name(connection, sky, system)):
            return
        plan = make_plan(connection, sky, system)
        yield f"{len(plan.tiles):,} partitions"
        with client_of(workers, scheduler, str(plan.work)) as client:
            peaks: list[float] = []
            bad: list[Outcome] = []
            done = list(plan.tiles)
            for number in range(len(plan.stages)):
                bad += _pass(client, plan, number, done, skip_bad, peaks)
                done = [tile for tile in done if tile not in {outcome.tile for outcome in bad}]
                if not done:
                    raise UserError(f"no partition can be read; {_fault(bad[0])}")
                put_together(connection, plan, done, number)
        yield f"{max(peaks, default=0.0):.2f} GB of memory in the largest worker"
        for outcome in bad:
            yield f"left out: {_fault(outcome)}"
        for source in plan.sources.values():
            if source.catalog:
                source.catalog.refuse_replaced()
        yield from _publish(connection, sky, plan, bad, time.time() - started)


def too_few(sky: Sky, system: str, workers: int) -> str:
    """What to say where a sky has too few stars for workers of this machine; nothing where they are worth it, or where
    catalogs are read in place, which takes partitions."""
    sources = find_sources(sky)
    if any(source.is_hats for source in sources.values()):
        return ""
    primaries = primaries_of(one_base(system_steps(system), sources, sky), sources, sky)
    stars = sum(pq.read_metadata(source.path).num_rows for source in primaries)
    least = least_stars(system, workers)
    if stars >= least:
        return ""
    return (
        f"{stars:,} stars are done sooner in one process, which makes no catalogue.hats: {workers} workers of this "
        f"machine are worth it from {least:,}"
    )


def is_made(sky: Sky, system: str, name: str) -> bool:
    """Whether a run of this name is what the workspace shows."""
    file = sky.results / system / NAME
    scores = [*(sky.scores / system).glob("*.parquet"), *sky.results.glob(f"{system}_scores.parquet")]
    return file.exists() and file.read_text() == name and bool(scores)


def _pass(
    client: Client, plan: Plan, number: int, wanted: list[Tile], skip_bad: bool, peaks: list[float]
) -> list[Outcome]:
    """Do a stage of every tile where it is not done yet; returns those that cannot be done, and adds each worker's
    memory [GB] to `peaks`."""
    left = [tile for tile in wanted if not plan.mark(tile, number).exists()]
    bad = []
    with rows_bar(plan.steps.name, len(wanted) - len(left), len(wanted)) as advance:
        for outcome in outcomes(client, partial(do_stage, number), plan.file, left):
            advance(1)
            peaks.append(outcome.memory_gb)
            if not outcome.fault:
                continue
            bad.append(outcome)
            if not skip_bad:
                done = sum(plan.mark(tile, number).exists() for tile in wanted)
                raise UserError(
                    f"{_fault(outcome)}; {done:,} of {len(wanted):,} partitions are finished and stay: complete the "
                    "rest with --skip-bad, or mend the file, which starts the run anew"
                )
    return bad


def _fault(outcome: Outcome) -> str:
    tile = outcome.tile
    which = "of rows without a position" if tile == NOWHERE else f"Norder={tile.order}, Npix={tile.pixel}"
    return f"partition {which}: {outcome.fault}"


def put_together(connection: duckdb.DuckDBPyConnection, plan: Plan, tiles: list[Tile], number: int) -> None:
    """Sum what the tiles have given in a stage, and make of their rows the views of the whole sky.

    Those that rest on what is made of labelled stars wait until that is there.
    """
    stage = plan.stages[number]
    plan.whole("x").parent.mkdir(exist_ok=True)
    for view in stage.sums:
        _write(connection, query_of_sum(connection, view, _parts(plan, view, tiles)), plan.whole(view))
    _make_whole(plan, tiles, number, [view for view in stage.whole if not _awaits_labels(plan, view)])


def _make_whole(plan: Plan, tiles: list[Tile], number: int, views: list[str], products: Iterable[Path] = ()) -> None:
    """Make views of what has been given up to a stage, and of products of labelled stars."""
    if not views:
        return
    with at_bench():
        bench = bench_of(plan.file)
        for before in plan.stages[: number + 1]:
            for view in before.rows:
                bench.show(view, _parts(plan, view, tiles))
        for view in plan.views_made_before(number) + plan.stages[number].sums:
            if plan.whole(view).exists():
                bench.show(view, [plan.whole(view)])
        for product in products:
            bench.show_product(OF_LABELS[product.stem], [product])
        for view in views:
            _write(bench.connection, f"from {view}", plan.whole(view))
            bench.show(view, [plan.whole(view)])
        close_all()


def _awaits_labels(plan: Plan, view: str) -> bool:
    return bool(rests_on(plan.steps.name, [view]) & {*OF_LABELS.values()})


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
    tiles = [tile for tile in plan.tiles if plan.mark(tile, len(plan.stages) - 1).exists()]
    sizes = {tile: [int(number) for number in plan.catalogue_mark(tile).read_text().split()] for tile in tiles}
    pixels = [(tile.order, tile.pixel, placed) for tile, (placed, _) in sizes.items() if placed]
    scores = _parts(plan, steps.scored, tiles)
    n_scores = _count(connection, scores)
    n_rows = sum(rows for _, rows in sizes.values())
    if not n_rows:
        raise UserError(
            f"{steps.catalogue} is empty: no star passes the selection; loosen a cut with --cut"
            if n_scores
            else _nothing_to_score(connection, plan)
        )
    left_out = [_fault(outcome) for outcome in bad]
    results, made = sky.results / steps.name, plan.work / "results"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    if pixels:
        _collect(connection, plan, pixels, left_out, made / "catalogue.hats")
    for view in plan.wanted.rows:
        _write(connection, f"from {parquet_rows(_parts(plan, view, tiles))}", plan.whole(view))
    for file in plan.whole("x").parent.glob("*.parquet"):
        _link(file, made / file.name)
    (made / NAME).write_text(plan.work.name if not bad else "incomplete")
    incomplete = {"left out": json.dumps(left_out)} if bad else {}
    made_by = f"run {steps.name} by tiles"
    inputs = [source.path for source in plan.sources.values() if not source.is_hats]
    counts = {}
    for source in plan.neighbours:
        if source.survey.name not in plan.matches:
            name, file = plan.match(source.survey.name), sky.match(steps.base, source.survey.name)
            parts = _parts(plan, name, tiles)
            counts[name] = _count(connection, parts)
            _place(sky, parts, tiles, file.with_suffix(""))
            take_away(sky, file)
    if not steps.spectra:
        _place(sky, scores, tiles, sky.scores / steps.name)
    place(sky, made, results)
    refresh(connection, sky)
    if pixels:
        placed = sum(rows for *_, rows in pixels)
        yield f"{results / 'catalogue.hats'}: {placed:,} rows in {len(pixels):,} partitions"
    yield f"{steps.catalogue}: {n_rows:,} rows"
    for name, rows in counts.items():
        pair = [file for file in inputs if file.stem in (steps.base, name.removeprefix(f"match.{steps.base}_"))]
        record(connection, name, made_by, pair, incomplete, rows, 0, sky.match_files(*_pair_of(name, steps.base)))
        yield f"{name}: {rows:,} rows"
    models = {plan.model.name: plan.model.sha256} | incomplete
    if steps.spectra:
        target, query = sky.results / f"{steps.name}_scores.parquet", f"from {parquet_rows(scores)}"
        product, files = f"{steps.name}.scores", spectral_sources(sky, steps)
        n_scores = write_product(connection, sky, product, query, target, made_by, files, models)
    else:
        (n_scores,) = first_row(connection, f"select count(*) from {steps.name}.scores")
        made_files = (sky.scores / steps.name).glob("*.parquet")
        record(connection, f"{steps.name}.scores", made_by, sources(sky), models, n_scores, seconds, made_files)
    yield f"{steps.name}.scores: {n_scores:,} rows"
    if steps.name == "distmass" and nmsu.has_isochrones(sky):
        distances = parquet_rows(_parts(plan, nmsu.PRODUCT, tiles))
        yield f"{nmsu.PRODUCT}: {nmsu.place_distances(connection, sky, f'from {distances}'):,} rows"
    for product, rows in _of_labels(connection, sky, steps).items():
        yield f"{product}: {rows:,} rows"
    _make_of_labels(sky, plan, tiles)
    fitted = [*results.glob(f"{steps.name}.fitted.parquet")]
    yield from fitted_lines(connection, steps.name, parquet_rows(fitted) if fitted else "")
    if steps.name == "red_clump":
        yield from offset_lines(connection)
    change = change_of(sky)
    if change:
        change.afterwards.append(plan.work)
    else:
        shutil.rmtree(plan.work)


def _collect(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    pixels: list[tuple[int, int, int]],
    left_out: list[str],
    folder: Path,
) -> None:
    """The catalogue as a HATS collection, given orders, pixels and rows of its partitions."""
    note = "\n".join([plan.note, *(f"left out: {fault}" for fault in left_out)])
    name, key = plan.catalogue.name, plan.steps.id.split(",")[-1].strip().lower()
    write_index(plan.catalogue, pixels, note)
    shutil.copytree(plan.catalogue, folder / name, copy_function=_link)
    columns = pq.read_schema(folder / name / "dataset/_common_metadata").names
    key = next(column for column in columns if column.lower() == key)
    write_around(connection, folder, name, [(order, pixel) for order, pixel, _ in pixels], key, note)


def _nothing_to_score(connection: duckdb.DuckDBPyConnection, plan: Plan) -> str:
    if isinstance(plan.model, SpectralModel):
        return no_spectra(plan.sky, plan.steps)
    return nothing_to_score(connection, plan.steps, plan.model)


def _make_of_labels(sky: Sky, plan: Plan, tiles: list[Tile]) -> None:
    """The views of the whole sky that rest on what has been made of labelled stars."""
    products = [file for name in OF_LABELS if (file := sky.results / f"{name}.parquet").exists()]
    for number, stage in enumerate(plan.stages):
        views = [view for view in stage.whole if _awaits_labels(plan, view)]
        _make_whole(plan, tiles, number, views, products)
        for view in views:
            _link(plan.whole(view), sky.results / plan.steps.name / plan.whole(view).name)


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
        OFFSETS: write_band_offsets(connection, sky, only_stale=False),
    }
    return made | {product: rows for product, rows in written.items() if rows}


def _pair_of(product: str, base: str) -> tuple[str, str]:
    return base, product.removeprefix(f"match.{base}_")


def _count(connection: duckdb.DuckDBPyConnection, parts: list[Path]) -> int:
    return int(first_row(connection, f"select count(*) from {parquet_rows(parts)}")[0])


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
