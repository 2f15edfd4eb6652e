"""The whole path from a user's files to the red clump catalogue, stage by stage, each beside its floor in the same run.

    python benchmarks/path.py                          # 1 million mock stars
    python benchmarks/path.py 1000000 4000000 --memory 2GB
    python benchmarks/path.py 20000000 --memory 2GB --folder /big/disk
    python benchmarks/path.py 20000000 --keep /big/disk    # the ingested sky stays there for the next time
    python benchmarks/path.py 4000000 --memory 1GB --process 2GB --keep /big/disk   # in 2 GB, or it fails

Prints CPU seconds a million rows (of Gaia; ingest: of all catalogs), wall seconds, and the process' peak of memory in
the stage. A floor is what the stage cannot do without, by the shortest way that this machine has: for ingest a plain
COPY (SELECT the same columns ORDER BY the same key) of the same files; for matches a read of both catalogs and a join
on an integer; for scores the query of the inputs, raw ONNX Runtime on its rows and a COPY of the result; for views one
scan of all that they read. Each size runs in a process of its own; `--memory` is DuckDB's limit, `--process` that of
all the memory that the process asks for (RLIMIT_DATA: its heap and private mappings, not the files that it maps; a
limit by systemd or cgroups would need root; the mock sky asks for more, so keep one first). Last come 200 million
stars on paper, by the rates of the last size and the way they have grown since the first.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from candlesql.workspace.folder import Sky

OUT_OF_PATH = ("new workspace", "mock sky", "ingest")
ON_PAPER = 200_000_000
#: The first workspace of a version is made before a limit of the process holds: it takes 0.9 GB, but allocators reserve
#: 2.2 for it and keep them.
FIRST_WORKSPACE = "import sys; from candlesql.sql.open import make_sky; make_sky(sys.argv[1] + '/sky')"


class Stages:
    """What each stage took: CPU and wall seconds, peak of memory [GB]."""

    @contextmanager
    def stage(self, name: str, rows: int, floor: bool = False) -> Iterator[None]:
        Path("/proc/self/clear_refs").write_text("5")
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        status = Path("/proc/self/status").read_text()
        peak = int(status.split("VmHWM:")[1].split()[0]) / 1e6
        entry = {"name": name, "floor": floor, "rows": rows, "cpu": cpu, "wall": wall, "peak": peak}
        print(json.dumps(entry), flush=True)


def ingested(stages: Stages, root: Path, stars: int) -> Sky:
    """A workspace with the catalogs of a mock sky, which is there already if it was kept."""
    from candlesql.catalogs.mock import make_sky as make_mock
    from candlesql.catalogs.prepare import ingest
    from candlesql.catalogs.survey import load_survey
    from candlesql.sql.open import make_sky

    if any((root / "sky" / "catalogs").glob("*.parquet")) and not (root / "mock").exists():
        return make_sky(root / "sky")
    with stages.stage("new workspace", stars):
        sky = make_sky(root / "sky")
    with stages.stage("mock sky", stars):
        made = make_mock(root / "mock", stars, 1)
    counts = {name: len_of(file) for name, file in made.items()}
    total = sum(counts.values())
    with stages.stage("ingest", total):
        for name, file in made.items():
            ingest(load_survey(name), [file], sky.catalog(name))
    with stages.stage("ingest", total, floor=True):
        for name, file in made.items():
            plain_copy(file, sky.catalog(name), root / "copy.parquet")
    shutil.rmtree(root / "mock")
    (root / "copy.parquet").unlink()
    return sky


def child(root: Path, stars: int, views: bool) -> None:
    """Take a mock sky along the path; a line of JSON for each stage."""
    from candlesql.commands.demo import _judge
    from candlesql.commands.match import match_all
    from candlesql.commands.run import run_system
    from candlesql.commands.score import score
    from candlesql.sql.open import open_sky, refresh, writing
    from candlesql.sql.systems import system_model, system_steps

    stages = Stages()
    sky = ingested(stages, root, stars)
    for folder in (sky.matches, sky.scores, sky.results):
        shutil.rmtree(folder)
        folder.mkdir()

    def change(work: Callable[[duckdb.DuckDBPyConnection], object]) -> None:
        with writing(sky.root) as connection:
            work(connection)

    with stages.stage("refresh", stars):
        change(lambda connection: refresh(connection, sky))
    with stages.stage("match", stars):
        change(lambda connection: match_all(connection, sky, "red_clump"))
    with stages.stage("match", stars, floor=True):
        for path in sorted(sky.matches.glob("*.parquet")):
            read_and_join(sky.catalog("gaia_dr2"), sky.catalog(path.stem.removeprefix("gaia_dr2_")))
    with stages.stage("score", stars):
        change(lambda connection: score(connection, sky, "red_clump"))
    with open_sky(sky.root) as connection:
        steps, model = system_steps("red_clump"), system_model(sky, "red_clump")
        floor_of_score(stages, connection, sky, steps, model, root)
    with stages.stage("baseline and the rest of run", stars):
        change(lambda connection: run_system(connection, sky, "red_clump"))
    with open_sky(sky.root) as connection:
        with stages.stage("catalogue", stars):
            connection.execute("create temp table catalogue as from red_clump.catalogue")
        with stages.stage("catalogue", stars, floor=True):
            scan(sorted([*sky.scores.rglob("*.parquet")]))
        if views:
            with stages.stage("what demo asks", stars):
                list(_judge(connection))
            with stages.stage("what demo asks", stars, floor=True):
                scan(sorted([*sky.scores.rglob("*.parquet"), *sky.catalogs.glob("*.parquet")]))
    disk = sum(path.stat().st_size for path in sky.root.rglob("*") if path.is_file()) / 1e9
    print(json.dumps({"disk": disk}), flush=True)


def len_of(file: Path) -> int:
    return duckdb.connect().execute(f"select count(*) from '{file}'").fetchall()[0][0]


def plain_copy(file: Path, stored: Path, target: Path) -> None:
    """The columns that the survey stores, in its order, with the key that ingest wrote."""
    with duckdb.connect() as connection:
        columns = [row[0] for row in connection.execute(f"describe from '{stored}'").fetchall()]
        there = {row[0] for row in connection.execute(f"describe from '{file}'").fetchall()}
        shared = ", ".join(f'"{name}"' for name in columns if name in there)
        order = "hash(ra, dec)" if {"ra", "dec"} <= there else '"' + columns[1] + '"'
        connection.execute(
            f"copy (select {order} as _healpix_29, {shared} from '{file}' order by 1, 2) to '{target}' "
            "(format parquet, compression zstd, compression_level 1, row_group_size 122880)"
        )


def read_and_join(left: Path, right: Path) -> None:
    """Positions, motions and identifiers of both, joined by the number of the row."""
    with duckdb.connect() as connection:
        sides = []
        for path in (left, right):
            wanted = ("source_id", "designation", "objid", "ra", "dec", "pmra", "pmdec", "parallax", "j_date")
            there = [row[0] for row in connection.execute(f"describe from '{path}'").fetchall()]
            read = ", ".join(f'min("{name}") as "{name}"' for name in there if name in wanted)
            columns = ", ".join(f'"{name}"' for name in there if name in wanted)
            sides.append(
                f"(select file_row_number as k, {columns} from read_parquet('{path}', file_row_number = true))"
            )
        connection.execute(
            f"select count(*), sum(l.ra + r.ra), min(r.dec), {read.replace('min(', 'min(r.')} from "
            f"{sides[0]} as l join {sides[1]} as r using (k)"
        ).fetchall()


def floor_of_score(stages: Stages, connection, sky, steps, model, root: Path) -> None:
    """The query of the inputs, ONNX Runtime on its rows, and a COPY of what was written, a stage each."""
    import numpy as np
    from candlesql.commands.steps.scoring import inference, stars_query
    from candlesql.udfs.onnx_udf import session_of

    stars = sum(len_of(path) for path in [sky.catalog("gaia_dr2")])
    query = stars_query(steps, inference(sky, steps, model), "true")
    with stages.stage("score: inputs", stars, floor=True):
        for _ in connection.sql(query).to_arrow_reader(122_880):
            pass
    columns = ", ".join(f'"input {k}"' for k in range(len(model.inputs)))
    batch = connection.sql(f"select {columns} from ({query}) limit 204800").to_arrow_table().combine_chunks()
    x = np.stack([column.to_numpy(zero_copy_only=False) for column in batch.columns])
    rows = sum(len_of(path) for path in (sky.scores / "red_clump").glob("*.parquet"))
    session = session_of(model)
    with stages.stage("score: ONNX Runtime", stars, floor=True):
        done = 0
        while done < rows:
            start = done % (x.shape[1] - 2048)
            session.run(None, {"x": np.ascontiguousarray(x[:, start : start + 2048])})
            done += 2048
    files = sky.scores / "red_clump" / "*.parquet"
    with stages.stage("score: COPY", stars, floor=True), duckdb.connect() as other:
        other.execute(f"copy (from '{files}') to '{root / 'copy.parquet'}' (format parquet)")
    (root / "copy.parquet").unlink()


def scan(files: list[Path]) -> None:
    """Read every column of some Parquet files."""
    with duckdb.connect() as connection:
        for file in files:
            connection.execute(f"select min(columns(*)) from '{file}'").fetchall()


def limited(memory: str, threads: str, process: str) -> None:
    """What DuckDB may take in this process, and what the process may take in all."""
    if process:
        size = int(float(process.upper().removesuffix("GB")) * 1e9)
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    for name, value in (("CANDLESQL_MEMORY", memory), ("CANDLESQL_THREADS", threads)):
        if value:
            os.environ[name] = value


class Told:
    """The table of one size, a line as each stage ends."""

    def __init__(self, stars: int) -> None:
        self.stars, self.path, self.disk, self.peak = stars, 0.0, 0.0, 0.0
        self.took: dict[str, float] = {}
        self.floors: dict[str, float] = {}
        print(f"\n{f'{stars:,} stars':<34}    CPU s  a million     wall   peak GB", flush=True)

    def tell(self, entry: dict) -> None:
        if "disk" in entry:
            self.disk = float(entry["disk"])
            print(f"{self.disk:.2f} GB of disk", flush=True)
            return
        name, cpu = str(entry["name"]), float(entry["cpu"])
        stage, ratio = name.split(":")[0], ""
        if entry["floor"]:
            self.floors[stage] = self.floors.get(stage, 0) + cpu
            ratio = f"{stage} took {self.took[stage] / self.floors[stage]:.2f} x its floor"
        else:
            self.took[stage] = cpu
            self.peak = max(self.peak, float(entry["peak"]))
            if name not in (*OUT_OF_PATH, "what demo asks"):
                self.path += cpu
        label, million = ("  floor: " if entry["floor"] else "") + name, cpu / entry["rows"] * 1e6
        print(f"{label:<34}{cpu:9.2f}{million:11.2f}{entry['wall']:9.1f}{entry['peak']:10.2f}  {ratio}", flush=True)

    def end(self) -> None:
        each = self.path / self.stars * 1e6
        print(
            f"ingested files to catalogue: {self.path:.1f} CPU s, {each:.1f} a million stars; "
            f"the process took {self.peak:.2f} GB at most",
            flush=True,
        )


def on_paper(first: Told, last: Told) -> None:
    """What more stars would take, by a power law through the sizes measured; in proportion if there is but one."""

    def power(low: float, high: float) -> float:
        return math.log(high / low) / math.log(last.stars / first.stars) if last is not first else 1.0

    times = ON_PAPER / last.stars
    seconds = last.path * times ** power(first.path, last.path)
    ingests = [table.took.get("ingest", math.nan) for table in (first, last)]
    ingest = ingests[1] * times ** power(*ingests)
    disk = last.disk * times ** power(first.disk, last.disk)
    print(
        f"\n{ON_PAPER:,} stars on paper: {ingest / 3600:.1f} CPU hours to ingest, {seconds / 3600:.1f} to the "
        f"catalogue, {disk:.0f} GB of disk, and as much again while a catalog is sorted or scores are renewed"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stars", type=int, nargs="*", default=[1_000_000])
    parser.add_argument("--memory", default="", help="DuckDB's limit, such as 2GB")
    parser.add_argument("--threads", default="", help="DuckDB's threads")
    parser.add_argument("--process", default="", help="limit of the process' own memory, such as 2GB")
    parser.add_argument("--folder", type=Path, help="where the skies go while they are measured")
    parser.add_argument("--keep", type=Path, help="a folder that keeps the ingested skies, and has them the next time")
    parser.add_argument("--views", action="store_true", help="also what demo asks to judge the catalogue")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        limited(options.memory, options.threads, options.process)
        child(options.folder, options.stars[0], options.views)
        return
    first = None
    if options.process:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-c", FIRST_WORKSPACE, folder], check=True)
    for stars in options.stars:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            if options.keep:
                folder = str(options.keep / str(stars))
                Path(folder).mkdir(parents=True, exist_ok=True)
            said = {name: getattr(options, name) for name in ("memory", "threads", "process")}
            arguments = [*(f"--{name}={value}" for name, value in said.items()), "--folder", folder, "--child"]
            arguments += ["--views"] * options.views
            with subprocess.Popen(
                [sys.executable, __file__, str(stars), *arguments], stdout=subprocess.PIPE, text=True
            ) as process:
                table = Told(stars)
                for line in process.stdout or []:
                    if line.startswith("{"):
                        table.tell(json.loads(line))
            if process.returncode:
                raise SystemExit(f"{stars:,} stars: failed with exit code {process.returncode}")
        table.end()
        first = first or table
        if first is not table:
            print(f"{stars / first.stars:.1f} times the stars, {table.path / first.path:.1f} times the CPU time")
    if first:
        on_paper(first, table)


if __name__ == "__main__":
    main()
