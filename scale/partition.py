"""What a worker does with a tile, stage by stage: matches, scores, what the whole sky needs of it, its catalogue.

Everything of a tile is written into a folder under a temporary name, and renamed when complete.
"""

from __future__ import annotations

import errno
import re
import resource
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from ..catalogs.metadata import kv_metadata
from ..catalogs.remote.address import Place
from ..catalogs.writers.hats import INDEX, partition_file
from ..commands import nmsu
from ..commands.nmsu import has_isochrones
from ..commands.steps.bulk import write_inferred
from ..commands.steps.scoring import inference, metadata_of, stars_query
from ..commands.steps.spectral import spectra_query
from ..errors import RefusedFile
from ..udfs.names import identifier
from ..udfs.spectral import SpectralModel
from ..workspace.query import first_row, parquet_rows, quoted
from .bench import Bench, at_bench, bench_of
from .kinds import MADE_BY_STAR
from .stages import Stage, rests_on
from .sums import query_of_part
from .tiles import NOWHERE, Tile

#: Errors that are the program's, not a file's.
OUR_FAULTS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.InternalException)
PARQUET = "format parquet, compression zstd"


@dataclass(frozen=True)
class Outcome:
    """How a tile went: the rows of each product; or what was wrong, and whether it is the disk, that workers died, or
    that one which had done it did not say how it went."""

    tile: Tile
    rows: dict[str, int]
    seconds: float = 0.0
    memory_gb: float = 0.0
    worker: str = ""
    fault: str = ""
    disk_full: bool = False
    killed: bool = False
    lost: bool = False


def do_stage(number: int, file: Path, tile: Tile) -> Outcome:
    """A stage of a tile, for the plan in `file`: first its matches and scores, and what the whole sky needs of it."""
    return _attempt(file, tile, partial(_do_stage, number))


def _attempt(file: Path, tile: Tile, work: Callable[[Bench, Tile], dict[str, int]]) -> Outcome:
    """Do the work; what can be wrong with files and disks is told, not raised."""
    started = time.time()
    with at_bench():
        bench = None
        try:
            bench = bench_of(file)
            rows = work(bench, tile)
        except (duckdb.Error, OSError, RefusedFile) as error:
            if isinstance(error, OUR_FAULTS) or (bench is None and isinstance(error, RefusedFile)):
                raise
            full = "No space left" in str(error) or getattr(error, "errno", None) == errno.ENOSPC
            fault = _first_line(error) if full or bench is None else _explained(bench, error)
            return Outcome(tile, {}, worker=_address(), fault=fault, disk_full=full)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return Outcome(tile, rows, time.time() - started, peak, _address())


def _do_stage(number: int, bench: Bench, tile: Tile) -> dict[str, int]:
    plan, part = bench.plan, bench.plan.part(tile)
    stage = plan.stages[number]
    if number:
        _take_up(bench, tile, number)
        rows = _give(bench, tile, stage, part)
        plan.mark(tile, number).touch()
        return rows
    folder = part.with_name(f".{tile.name}.{_own_name()}.tmp")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        bench.point(tile)
        rows = _match(bench, tile, folder)
        for view in plan.wanted.kept:
            bench.keep(view)
        rows |= _score(bench, folder) | _give(bench, tile, stage, folder)
        if not part.exists():
            folder.replace(part)
        return rows
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _take_up(bench: Bench, tile: Tile, number: int) -> None:
    """Let the views be those of a tile whose first stage is done, and of what the whole sky has been made to since."""
    plan, part = bench.plan, bench.plan.part(tile)
    stage = plan.stages[number]
    asked = [*stage.rows, *stage.sums, *([plan.steps.catalogue] if stage.has_catalogue else [])]
    needed = rests_on(plan.steps.name, asked)
    if any(name.startswith("staging.") for name in needed):
        bench.point(tile)
        for source in plan.neighbours:
            _show_match(bench, tile, source.survey.name, part)
        for view in plan.wanted.kept:
            if view in needed:
                bench.keep(view)
    bench.show_product(plan.steps.scored, [part / f"{plan.steps.scored}.parquet"])
    for product in MADE_BY_STAR:
        if (part / f"{product}.parquet").exists():
            bench.show_product(product, [part / f"{product}.parquet"])
    for view in plan.views_made_before(number):
        if view in needed:
            bench.show(view, [plan.whole(view)])


def _match(bench: Bench, tile: Tile, folder: Path) -> dict[str, int]:
    """The matches that are not there yet."""
    plan, rows = bench.plan, {}
    for source in plan.neighbours:
        name = source.survey.name
        if name not in plan.matches:
            file = folder / f"{plan.match(name)}.parquet"
            rows[plan.match(name)] = _copy(bench.connection, bench.match_query(source), file)
        _show_match(bench, tile, name, folder)
    return rows


def _show_match(bench: Bench, tile: Tile, name: str, folder: Path) -> None:
    files = bench.plan.matches.get(name)
    if files:
        bench.show_match(name, [file for file in files if file.stem == tile.name] or files)
    else:
        bench.show_match(name, [folder / f"{bench.plan.match(name)}.parquet"])


def _score(bench: Bench, folder: Path) -> dict[str, int]:
    """What the networks infer, and the other products that have a row of each star."""
    plan, connection = bench.plan, bench.connection
    product = plan.steps.scored
    file, rows = folder / f"{product}.parquet", {}
    if isinstance(plan.model, SpectralModel):
        rows[product] = _copy(connection, spectra_query(plan.steps, plan.model), file)
    else:
        what = inference(plan.sky, plan.steps, plan.model)
        write_inferred(connection, stars_query(plan.steps, what, "true"), what, file, metadata_of(plan.model))
        rows[product] = _rows(connection, file)
    bench.show_product(plan.steps.scored, [file])
    if plan.steps.name == "distmass" and has_isochrones(plan.sky):
        file = folder / f"{nmsu.PRODUCT}.parquet"
        with nmsu.found_by_isochrones(connection, bench.isochrones) as query:
            rows[nmsu.PRODUCT] = _copy(connection, query, file)
        bench.show_product(nmsu.PRODUCT, [file])
    return rows


def _give(bench: Bench, tile: Tile, stage: Stage, folder: Path) -> dict[str, int]:
    """What a stage gives of a tile: its part of the catalogue, rows, and numbers to be summed."""
    rows = _make_catalogue(bench, tile, folder) if stage.has_catalogue else {}
    for view in stage.rows:
        rows[view] = _renewed(bench.connection, f"from {view}", folder / f"{view}.parquet")
    for view in stage.sums:
        rows[view] = _renewed(bench.connection, query_of_part(view), folder / f"{view}.parquet")
    if stage.has_catalogue:
        bench.let_be(bench.plan.steps.catalogue)
    return rows


def _make_catalogue(bench: Bench, tile: Tile, folder: Path) -> dict[str, int]:
    """The tile's rows of the catalogue as a HATS partition; those without a position are in the views alone."""
    plan, connection = bench.plan, bench.connection
    # a view that is shown as rows has no comments, and so no units
    columns = bench.catalogue_columns
    bench.show_as(plan.steps.catalogue, "tile_catalogue", f"from {plan.steps.catalogue}")
    fields = ", ".join(f"{identifier(c.name)}::{c.type} as {identifier(c.name)}" for c in columns)
    places = plan.wanted.places
    by = ", ".join(places.by) if places else ""
    join = f' left join (select {by}, ra, "dec" from {places.view}) using ({by})' if places else ""
    query = f'select healpix_29(ra, "dec") as _healpix_29, {fields} from tile_catalogue{join}'
    (n_rows,) = first_row(connection, "select count(*) from tile_catalogue")
    rows = 0
    if n_rows and tile != NOWHERE:
        file = partition_file(plan.catalogue, tile.order, tile.pixel)
        temporary = file.with_name(f".{file.name}.{_own_name()}.tmp")
        file.parent.mkdir(parents=True, exist_ok=True)
        metadata = kv_metadata(connection, f"({query})", [INDEX, *columns], plan.note)
        try:
            rows = _copy(connection, f"{query} order by _healpix_29", temporary, metadata)
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    (folder / plan.catalogue_mark(tile).name).write_text(f"{rows} {n_rows}")
    return {plan.steps.catalogue: n_rows}


def _renewed(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Write the rows of a query; the file is whole whenever it is there."""
    temporary = path.with_name(f".{path.name}.{_own_name()}.tmp")
    rows = _copy(connection, query, temporary)
    temporary.replace(path)
    return rows


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path, metadata: str = "") -> int:
    """Write the rows of a query; returns their number."""
    options = f"{PARQUET}{', ' + metadata if metadata else ''}"
    return int(first_row(connection, f"copy ({query}) to {quoted(path)} ({options})")[0])


def _rows(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    return first_row(connection, f"select count(*) from {parquet_rows([path])}")[0]


def _explained(bench: Bench, error: Exception) -> str:
    """What is wrong, with the file in which: the one that the error names, or the first that cannot be read; one at an
    address is not read again for that."""
    if isinstance(error, RefusedFile):
        return str(error)
    if failure := bench.failure():
        return str(failure)
    for file in bench.files:
        if str(file) in str(error):
            return _said_of(file, error)
    for file in [file for file in bench.files if isinstance(file, Path)]:
        try:
            bench.connection.execute(f"select bit_xor(hash(rows)) from {parquet_rows([file])} as rows").fetchall()
        except duckdb.Error as found:
            return _said_of(file, found)
    return _first_line(error)


def _said_of(file: Place, error: Exception) -> str:
    return f"{file}: {_first_line(error)}".replace(f'Failed to read file "{file}": ', "")


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0]


def _own_name() -> str:
    """What tells this worker's unfinished files from others'."""
    return re.sub(r"\W", "", _address())


def _address() -> str:
    from distributed import get_worker

    try:
        return get_worker().address
    except ValueError:
        return "here"
