"""What a worker does with a tile: matches, scores and what the whole sky needs of it; later its part of the catalogue.

Everything of a tile is written into a folder under a temporary name, and renamed when complete.
"""

from __future__ import annotations

import errno
import resource
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ..catalogs.metadata import kv_metadata
from ..catalogs.remote.address import Place
from ..catalogs.writers.hats import INDEX, partition_file
from ..commands.steps.bulk import write_inferred
from ..commands.steps.scoring import inference, stars_query
from ..errors import RefusedFile
from ..udfs.names import identifier
from ..workspace.query import first_row, parquet_rows, quoted
from .bench import Bench, at_bench, bench_of
from .tiles import Tile

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


def make_part(file: Path, tile: Tile) -> Outcome:
    """The first pass over a tile, for the plan in `file`: matches, scores, and what the whole sky needs of it."""
    return _attempt(file, tile, _make_part)


def make_catalogue(file: Path, tile: Tile) -> Outcome:
    """The second pass: the tile's rows of the catalogue as a HATS partition, and counts of them."""
    return _attempt(file, tile, _make_catalogue)


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


def _make_part(bench: Bench, tile: Tile) -> dict[str, int]:
    plan, connection = bench.plan, bench.connection
    target = plan.part(tile)
    folder = target.with_name(f".{tile.name}.{_address().rsplit(':')[-1]}.tmp")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        bench.point(tile)
        for source in plan.neighbours:
            name = source.survey.name
            if name in plan.matches:
                own = [file for file in plan.matches[name] if file.stem == tile.name]
                bench.show_match(name, own or plan.matches[name])
                continue
            file = folder / f"match.{plan.steps.base}_{name}.parquet"
            _copy(connection, bench.match_query(source), file)
            bench.show_match(name, [file])
        for view in plan.kinds.kept:
            bench.keep(view)
        scores = folder / f"{plan.steps.name}.scores.parquet"
        what = inference(plan.sky, plan.steps, plan.model)
        metadata = {"candlesql.model": plan.model.name, "candlesql.model_sha256": plan.model.sha256}
        write_inferred(connection, stars_query(plan.steps, what, "true"), what, scores, metadata)
        bench.show_scores([scores])
        for view in (*plan.kinds.rows, *plan.kinds.counts):
            _copy(connection, f"from {view}", folder / f"{view}.parquet")
        rows = {path.stem: _rows(connection, path) for path in folder.glob("*.parquet")}
        if not target.exists():
            folder.replace(target)
        return rows
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_catalogue(bench: Bench, tile: Tile) -> dict[str, int]:
    plan, connection = bench.plan, bench.connection
    part = plan.part(tile)
    bench.show_scores([part / f"{plan.steps.name}.scores.parquet"])
    for view in plan.kinds.for_catalogue:
        bench.show(view, [plan.whole(view)])
    columns = bench.catalogue_columns
    fields = ", ".join(f"{identifier(c.name)}::{c.type} as {identifier(c.name)}" for c in columns)
    connection.execute(
        f'create or replace temp table tile_catalogue as select healpix_29(ra, "dec") as _healpix_29, {fields} '
        f"from {plan.steps.catalogue}"
    )
    (rows,) = first_row(connection, "select count(*) from tile_catalogue")
    if rows:
        file = partition_file(plan.catalogue, tile.order, tile.pixel)
        temporary = file.with_name(f".{file.name}.{_address().rsplit(':')[-1]}.tmp")
        file.parent.mkdir(parents=True, exist_ok=True)
        metadata = kv_metadata(connection, "tile_catalogue", [INDEX, *columns], plan.note)
        try:
            _copy(connection, "from tile_catalogue order by _healpix_29", temporary, metadata)
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    connection.execute("drop table tile_catalogue")
    for view in plan.kinds.after:
        temporary = part / f".{view}.tmp"
        _copy(connection, f"from {view}", temporary)
        temporary.replace(part / f"{view}.parquet")
    plan.catalogue_mark(tile).write_text(str(rows))
    return {plan.steps.catalogue: rows}


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path, metadata: str = "") -> None:
    connection.execute(f"copy ({query}) to {quoted(path)} ({PARQUET}{', ' + metadata if metadata else ''})")


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


def _address() -> str:
    from distributed import get_worker

    try:
        return get_worker().address
    except ValueError:
        return "here"
