"""What a partition costs `candlesql run --workers`: CPU seconds, and bytes read and written, by star and by partition.

    python benchmarks/partition_cost.py [--system SYSTEM] [--stars N M] [--folder FOLDER]

The sky is mock Gaia, 2MASS, AllWISE and Pan-STARRS1; for distmass the mock stars of clusters, drawn again and again and
strewn over the sphere, without isochrones; for parallax simulated spectra. All stages of every partition of two mock
skies, of N and of M stars, and the views of the whole sky between them, in this process on one thread: two equations
for what a star and what a partition costs. What each sky takes is printed.
These are the rates of `candlesql run --plan` (scale/forecast.py). What is read is all that DuckDB asks for, from the
disk or from the system's cache of it, beside the row groups that `--plan` counts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from candlesql.commands.ingest import ingest_survey
from candlesql.commands.mock_apogee import simulate
from candlesql.commands.mock_clusters import write_clusters
from candlesql.scale.bench import bench_of
from candlesql.scale.command import put_together
from candlesql.scale.forecast import forecast_of
from candlesql.scale.partition import do_stage
from candlesql.scale.plan import make_plan
from candlesql.sql.open import make_sky as make_workspace
from candlesql.sql.open import writing
from candlesql.training.parallax.fit import Settings
from candlesql.training.parallax.train import train_sky
from candlesql.workspace.folder import existing_sky
from dask_scale import make_sky


def make_giants(path: Path, stars: int) -> None:
    """Stars with labels all over the sphere, ingested; nothing run, and no isochrones."""
    make_workspace(path)
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory(dir=path) as folder:
        clusters, members = write_clusters(Path(folder), 1)
        drawn = pl.read_csv(members).sample(stars, with_replacement=True, seed=7)
        drawn = drawn.with_columns(
            star_id="giant " + pl.int_range(stars).cast(pl.String),
            ra=pl.Series(rng.uniform(0, 360, stars)),
            dec=pl.Series(np.degrees(np.arcsin(rng.uniform(-1, 1, stars)))),
        )
        file = Path(folder) / "labels.csv"
        drawn.write_csv(file)
        for survey, table in (("clusters", clusters), ("cn_labels", file)):
            ingest_survey(path, survey, [table], {}, {})


def make_spectra(path: Path, stars: int) -> None:
    """Simulated spectra and a model of them, as good as few iterations make it; nothing run."""
    simulate(path, stars, 7)
    train_sky(path, 0, {}, settings=Settings(iterations=20), strengths=(100.0,))


SKIES: dict[str, Callable[[Path, int], None]] = {"distmass": make_giants, "parallax": make_spectra}


class Cost(NamedTuple):
    stars: int
    partitions: int
    cpu_seconds: float


def asked_for() -> int:
    """Bytes that this process has read so far, from the disk or its cache."""
    return int(Path("/proc/self/io").read_text().split()[1])


def cost_of(folder: Path, stars: int, system: str) -> Cost:
    """Make a sky and run it; prints what it takes."""
    SKIES.get(system, make_sky)(folder, stars)
    with writing(folder, whole=True) as connection:
        plan = make_plan(connection, existing_sky(folder), system)
        expected = forecast_of(connection, plan.sky, system, taken_up=False)
        started, before, read = time.process_time(), asked_for(), 0
        tiles = list(plan.tiles)
        for number in range(len(plan.stages)):
            bench_of(plan.file).connection.execute("set threads = 1")
            for tile in tiles:
                outcome = do_stage(number, plan.file, tile)
                assert not outcome.fault, outcome.fault
            read = read or asked_for() - before
            put_together(connection, plan, tiles, number)
        seconds = time.process_time() - started
        files = [file for tile in tiles for file in plan.part(tile).glob("*.parquet")]
        gathered_views = {view for stage in plan.stages for view in stage.rows}
        scores = sum(file.stat().st_size for file in files if file.stem == plan.steps.scored)
        matches = sum(file.stat().st_size for file in files if file.stem.startswith("match."))
        gathered = sum(file.stat().st_size for file in files if file.stem in gathered_views)
    pairs = sum(min(expected.stars, expected.footers[name].rows) for name in expected.matched) or 1
    groups = expected.catalogs_read
    print(f"{stars:,} stars in {len(tiles)} partitions: {seconds:.1f} s of CPU")
    print(
        f"  written: scores {scores / stars:.0f} bytes a star, matches {matches / pairs:.0f} bytes for each possible,"
    )
    print(f"  gathered for the whole sky {gathered / stars:.0f} bytes a star")
    print(f"  read: {groups / 1e6:,.0f} MB of row groups, asked for {read / groups:.1f} times", flush=True)
    return Cost(stars, len(tiles), seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stars", type=int, nargs=2, default=[400_000, 2_000_000])
    parser.add_argument("--system", default="red_clump")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        few, many = (cost_of(Path(folder) / str(stars), stars, options.system) for stars in options.stars)
    counts = [[cost.stars, cost.partitions] for cost in (few, many)]
    a_star, a_partition = np.linalg.solve(counts, [few.cpu_seconds, many.cpu_seconds])
    print(f"{a_star * 1e6:.0f} microseconds of CPU a star, and {a_partition:.1f} s a partition")


if __name__ == "__main__":
    main()
