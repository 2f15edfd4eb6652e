"""The whole path from files to a red clump catalogue: time and memory against the number of mock stars.

    python benchmarks/scale.py                                  # 1 and 4 million
    python benchmarks/scale.py 20000000 --memory 4GB --folder /big/disk

Each size runs in a process of its own: `candlesql demo`, then the catalogue. Time and memory are said as they are and
as ratios to the first size. `--memory` is DuckDB's limit in each of its databases; the process as a whole, with the
networks, takes more.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUN = """
import sys
import duckdb

plain = duckdb.connect

def limited(*arguments, **options):
    connection = plain(*arguments, **options)
    connection.execute("set enable_progress_bar = false")
    if sys.argv[3]:
        connection.execute(f"set memory_limit = '{sys.argv[3]}'")
    return connection

duckdb.connect = limited
from pathlib import Path
from candlesql import open_sky
from candlesql.commands.demo import run_demo

for line in run_demo(Path(sys.argv[1]), int(sys.argv[2]), 1):
    if "tier" in line:
        print(f"  {line}", flush=True)
with open_sky(sys.argv[1]) as sky:
    sky.execute("create temp table catalogue as from red_clump.catalogue")
"""


def measure(folder: Path, stars: int, memory: str) -> tuple[float, float, float, float]:
    """Seconds of wall time and of all cores, GB at the peak, and GB of files at the end."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", RUN, str(folder / "sky"), str(stars), memory])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{stars:,} stars: failed with exit code {process.returncode}")
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    cpu = usage.ru_utime + usage.ru_stime
    return time.perf_counter() - started, cpu, usage.ru_maxrss / 1e6, disk / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stars", type=int, nargs="*", default=[1_000_000, 4_000_000])
    parser.add_argument("--memory", default="", help="DuckDB's memory limit, such as 4GB")
    parser.add_argument("--folder", type=Path, help="where the skies go while they are measured")
    options = parser.parse_args()
    first: tuple[int, float, float] | None = None
    for stars in options.stars:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            seconds, cpu, gigabytes, disk = measure(Path(folder), stars, options.memory)
        first = first or (stars, cpu, gigabytes)
        print(
            f"{stars:>11,} stars  {seconds:7.1f} s, {cpu:7.1f} CPU s  {gigabytes:5.2f} GB of memory  "
            f"{disk:5.2f} GB of disk   {stars / first[0]:5.2f} times the stars: "
            f"{cpu / first[1]:5.2f} times the CPU time, {gigabytes / first[2]:5.2f} times the memory",
            flush=True,
        )


if __name__ == "__main__":
    main()
