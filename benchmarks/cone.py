"""A cone search on a stored catalog: `sphere.cone` against the same test over all rows, in turn; in the shell too.

    python benchmarks/cone.py [STARS]

Cones of one degree all over the sky, poles and 0/360 among them; every count must be that of the full test.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from candlesql.catalogs import healpix
from candlesql.catalogs.prepare import ROW_GROUP
from candlesql.sql import files

CENTRES = [(83.0, 22.0), (0.1, -5.0), (45.0, 0.0), (10.0, 89.8), (200.0, 41.8), (300.0, -89.99)]
RADIUS_DEG, ROUNDS, TARGET_MS = 1.0, 5, 50


def main(n: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bench.duckdb"
        with duckdb.connect() as connection:
            connection.execute(f"attach '{database}' as bench (storage_version 'v1.5.0')")
            connection.execute("use bench")
            prepare(connection, n, Path(folder))
            milliseconds: dict[str, list[float]] = {"cone": [], "all rows": []}
            for ra, dec in CENTRES:
                queries = {"cone": by_cone(ra, dec), "all rows": by_all_rows(ra, dec)}
                best = {name: 1e9 for name in queries}
                for _ in range(ROUNDS):
                    counts = {}
                    for name, query in queries.items():
                        started = time.perf_counter()
                        counts[name] = connection.execute(query).fetchall()
                        best[name] = min(best[name], 1000 * (time.perf_counter() - started))
                if counts["cone"] != counts["all rows"]:
                    raise SystemExit(f"({ra}, {dec}): {counts}")
                for name, value in best.items():
                    milliseconds[name].append(value)
        worst, mean = max(milliseconds["cone"]), sum(milliseconds["cone"]) / len(CENTRES)
        ratio = sum(milliseconds["all rows"]) / sum(milliseconds["cone"])
        print(
            f"{n:,} stars, cones of {RADIUS_DEG:g} deg, wall time: {mean:.0f} ms on average, {worst:.0f} ms the slowest"
        )
        print(f"(target {TARGET_MS} ms); {ratio:.0f} times faster than the test over all rows, same stars")
        in_shell(database)


def prepare(connection: duckdb.DuckDBPyConnection, n: int, folder: Path) -> None:
    for schema in ("cuts", "sphere", "stats", "staging"):
        connection.execute(f"create schema {schema}")
    for item in files.items():
        if item.is_macro and item.name.startswith(("cuts.", "sphere.", "stats.")):
            connection.execute(item.body)
    healpix.register(connection)
    connection.execute("select setseed(0.5)")
    connection.execute(
        f'copy (select healpix_29(ra, "dec") as _healpix_29, * from (select i as source_id, random() * 360 as ra, '
        f'degrees(asin(2 * random() - 1)) as "dec", random()::real as g from range({n}) as r(i)) order by 1) '
        f"to '{folder}/stars.parquet' (format parquet, compression zstd, row_group_size {ROW_GROUP})"
    )
    connection.execute(f"create view staging.stars as from read_parquet('{folder}/stars.parquet')")


def by_cone(ra: float, dec: float) -> str:
    return f"select count(*), sum(source_id) from sphere.cone('stars', {ra}, {dec}, {RADIUS_DEG})"


def by_all_rows(ra: float, dec: float) -> str:
    return (
        "select count(*), sum(source_id) from staging.stars "
        f'where sphere.separation_arcsec(ra, "dec", {ra}, {dec}) <= 3600 * {RADIUS_DEG}'
    )


def in_shell(database: Path) -> None:
    """The same in the DuckDB shell, if it is installed; it times itself."""
    shell = Path(sys.executable).with_name("duckdb")
    if not shell.exists():
        return
    script = ".timer on\n" + "".join(f"{by_cone(ra, dec)};\n" for ra, dec in CENTRES * 2)
    done = subprocess.run([shell, "-readonly", "-csv", database], input=script, capture_output=True, text=True)
    times = [1000 * float(line.split("real ")[1].split()[0]) for line in done.stdout.splitlines() if "real " in line]
    if done.stderr or not times:
        raise SystemExit(f"the shell says: {done.stderr}")
    print(f"in the plain shell: {sum(times[len(CENTRES) :]) / len(CENTRES):.0f} ms on average")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000_000)
