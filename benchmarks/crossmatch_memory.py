"""The crossmatch of two big Parquet catalogs within DuckDB's memory_limit: the same pairs however little it may hold.

    python benchmarks/crossmatch_memory.py [STARS]

`make bench` takes 2 million stars on each side, 400 and 200 MB; with 20,000,000 it is 4 and 2 GB. What does
not fit goes to the disk. The last figure is what the process held at most, all in all.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from candlesql.commands.steps.pairs import pairs_sql
from candlesql.sql import files

RADIUS_ARCSEC = 2.0
#: Bytes a star of each side, as 4GB and 2GB for 20 million.
LIMITS = (200, 100)


def main(n: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        make_catalogs(n, Path(folder))
        answers = set()
        for bytes_a_star in LIMITS:
            limit = f"{bytes_a_star * n // 1_000_000}MB"
            done = subprocess.run(
                [sys.executable, __file__, "match", folder, limit], capture_output=True, text=True, check=True
            )
            pairs, total, wall, cpu, peak = done.stdout.split()
            answers.add((pairs, total))
            print(
                f"{n:,} x {n:,} stars, memory_limit {limit}: {int(pairs):,} best neighbours, wall {wall} s, "
                f"CPU {cpu} s, process at most {peak} MB"
            )
        if len(answers) != 1:
            raise SystemExit(f"the answers differ: {answers}")


def make_catalogs(n: int, folder: Path) -> None:
    """Stars with proper motions, and their counterparts at epochs of their own: 0.3 arcsec off, a tenth elsewhere."""
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '2GB'")
        connection.execute(
            f"""copy (select i as id, random() * 360 as ra, degrees(asin(2 * random() - 1)) as "dec",
                -10 * ln(random() + 1e-9) as pmra, -10 * ln(random() + 1e-9) as pmdec, 2015.5::double as epoch_yr
                from range({n}) as r(i)) to '{folder}/moving.parquet' (format parquet)"""
        )
        connection.execute(
            f"""copy (select id, ra + if(random() < 0.1, 7, 1e-4 * (random() - 0.5)) as ra,
                greatest(-90, least(90, "dec" + 1e-4 * (random() - 0.5))) as "dec", 1997.5 + 3.7 * random() as epoch_yr
                from '{folder}/moving.parquet') to '{folder}/standing.parquet' (format parquet)"""
        )


def match(folder: Path, limit: str) -> None:
    """In a process of its own: number and checksum of the best neighbours, seconds, and the peak of its memory."""
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{limit}'")
        connection.execute(f"set temp_directory = '{folder}/spill'")
        for schema in ("cuts", "sphere", "stats"):
            connection.execute(f"create schema {schema}")
        for item in files.items():
            if item.is_macro and item.name.startswith(("cuts.", "sphere.", "stats.")):
                connection.execute(item.body)
        started, used = time.perf_counter(), time.process_time()
        pairs = pairs_sql(
            connection, f"from '{folder}/moving.parquet'", f"from '{folder}/standing.parquet'", RADIUS_ARCSEC
        )
        connection.execute(
            "copy (select moving_id, arg_min(standing_id, (chord_squared, standing_id)) as standing_id, "
            f"count(*) as n_neighbours from {pairs} group by moving_id) to '{folder}/match.parquet' (format parquet)"
        )
        wall, cpu = time.perf_counter() - started, time.process_time() - used
        n, total = connection.execute(
            f"select count(*), bit_xor(hash(moving_id, standing_id, n_neighbours)) from '{folder}/match.parquet'"
        ).fetchall()[0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(n, total, f"{wall:.1f}", f"{cpu:.1f}", peak)


if __name__ == "__main__":
    if sys.argv[1:2] == ["match"]:
        match(Path(sys.argv[2]), sys.argv[3])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000)
