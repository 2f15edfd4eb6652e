"""The crossmatch against its peers, in turn: same stars, same answer asked of all, best neighbour within 2 arcsec.

    python benchmarks/peers/crossmatch.py [STARS]

STILTS (tmatch2), PostgreSQL with Q3C, LSDB and pyacid, each from files or tables of its own making, which is not
counted, to its answer in memory or in a file. What is not installed is left out, and said. Wall time.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from candlesql.catalogs.survey import Column
from candlesql.catalogs.writers import write_file
from candlesql.commands.steps.pairs import pairs_sql
from candlesql.sql import files

sys.path.insert(0, str(Path(__file__).parents[1]))
from crossmatch import RADIUS_ARCSEC, two_catalogs

ROUNDS = 2
POSTGRES = Path("/usr/lib/postgresql")
Match = Callable[[], np.ndarray]


def main(n: int) -> None:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        os.chmod(folder, 0o755)
        prepare(connection, n, Path(folder))
        peers: dict[str, Match] = {"candlesql": by_candlesql(connection, Path(folder))}
        stop: list[Callable[[], object]] = []
        for name, make in (("STILTS", stilts), ("Q3C", q3c), ("LSDB", lsdb), ("pyacid", pyacid)):
            found = make(Path(folder), stop)
            if isinstance(found, str):
                print(f"{name} is left out: {found}")
            else:
                peers[name] = found
        try:
            compare(peers, n)
        finally:
            for end in stop:
                end()


def prepare(connection: duckdb.DuckDBPyConnection, n: int, folder: Path) -> None:
    """Both catalogs as Parquet, FITS and CSV."""
    for schema in ("cuts", "sphere", "stats"):
        connection.execute(f"create schema {schema}")
    for item in files.items():
        if item.is_macro and item.name.startswith(("cuts.", "sphere.", "stats.")):
            connection.execute(item.body)
    columns = [Column("id", "BIGINT"), Column("ra", "DOUBLE", "deg"), Column("dec", "DOUBLE", "deg")]
    for name, stars in zip("ab", two_catalogs(n), strict=True):
        connection.register("catalog", pa.table({"ra": stars["ra"] % 360, "dec": stars["dec"]}))
        query = 'select row_number() over () - 1 as id, ra::double as ra, "dec"::double as "dec" from catalog'
        for suffix in ("parquet", "fits", "csv"):
            write_file(connection, query, columns, name, folder / f"{name}.{suffix}")


def compare(peers: dict[str, Match], n: int) -> None:
    seconds: dict[str, float] = {}
    answers = {}
    for _ in range(ROUNDS):
        for name, match in peers.items():
            started = time.perf_counter()
            answers[name] = match()
            seconds[name] = min(seconds.get(name, 1e9), time.perf_counter() - started)
    ours = {tuple(pair) for pair in answers["candlesql"].tolist()}
    print(f"{n:,} x {n:,} stars, {len(ours):,} pairs; candlesql {seconds['candlesql']:.2f} s wall")
    for name, answer in answers.items():
        if name != "candlesql":
            different = len(ours ^ {tuple(pair) for pair in answer.tolist()})
            said = "the same pairs" if not different else f"{different:,} pairs differ"
            print(f"{name}: {seconds[name]:.2f} s, {seconds[name] / seconds['candlesql']:.1f} x candlesql's; {said}")


def by_candlesql(connection: duckdb.DuckDBPyConnection, folder: Path) -> Match:
    rows = 'select id, ra, "dec", 0.0::double as pmra, 0.0::double as pmdec, 2000.0::double as epoch_yr from {}'
    left, right = (rows.format(f"'{folder}/{name}.parquet'") for name in "ab")

    def match() -> np.ndarray:
        pairs = pairs_sql(connection, left, right, RADIUS_ARCSEC)
        rows = connection.execute(
            f"select moving_id as a, arg_min(standing_id, (chord_squared, standing_id)) as b from {pairs} group by a"
        ).fetchnumpy()
        return np.column_stack([rows["a"], rows["b"]])

    return match


def stilts(folder: Path, stop: list) -> Match | str:
    if not shutil.which("stilts"):
        return "apt-get install stilts"
    command = ["stilts", "tmatch2", "matcher=sky", "find=best1", "join=1and2"]
    command += [
        "suffix1=_1",
        "suffix2=_2",
        "fixcols=all",
        f"params={RADIUS_ARCSEC}",
        "values1=ra dec",
        "values2=ra dec",
        "progress=none",
    ]
    command += [f"in1={folder}/a.fits", f"in2={folder}/b.fits", f"out={folder}/stilts.csv", "ocmd=keepcols 'id_1 id_2'"]

    def match() -> np.ndarray:
        subprocess.run(command, check=True, capture_output=True)
        return csv_pairs(folder / "stilts.csv")

    return match


def csv_pairs(path: Path) -> np.ndarray:
    return np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.int64, ndmin=2)


def q3c(folder: Path, stop: list) -> Match | str:
    """A server of its own, as user postgres if we are root, since it refuses root."""
    versions = sorted(POSTGRES.glob("*/bin/initdb"))
    version = versions[-1].parts[-3] if versions else ""
    if not Path(f"/usr/share/postgresql/{version}/extension/q3c.control").exists():
        return "apt-get install postgresql postgresql-15-q3c"
    binaries, data = versions[-1].parent, Path(tempfile.mkdtemp(prefix="q3c"))
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    if as_postgres:
        shutil.chown(data, "postgres")

    def run(*command: str, **how) -> subprocess.CompletedProcess:
        return subprocess.run([*as_postgres, *command], check=True, capture_output=True, text=True, cwd="/", **how)

    def sql(text: str) -> None:
        run(str(binaries / "psql"), "-h", str(data), "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-c", text)

    run(str(binaries / "initdb"), "-D", str(data / "db"), "--auth=trust")
    options = f"-k {data} -c listen_addresses='' -c work_mem=256MB -c shared_buffers=1GB"
    log = data / "log"
    run(str(binaries / "pg_ctl"), "-D", str(data / "db"), "-o", options, "-l", str(log), "-w", "start")
    stop.append(lambda: run(str(binaries / "pg_ctl"), "-D", str(data / "db"), "-m", "fast", "-w", "stop"))
    stop.append(lambda: shutil.rmtree(data))
    sql("create extension q3c")
    for name in "ab":
        os.chmod(folder / f"{name}.csv", 0o644)
        sql(f'create table {name}(id bigint, ra float8, "dec" float8)')
        sql(f"copy {name} from '{folder}/{name}.csv' csv header")
        sql(f'create index on {name} (q3c_ang2ipix(ra, "dec"))')
        sql(f"cluster {name} using {name}_q3c_ang2ipix_idx")
        sql(f"analyze {name}")
    query = (
        'create temp table m as select distinct on (a.id) a.id as a, b.id as b from a, b where q3c_join(a.ra, a."dec", '
        f'b.ra, b."dec", {RADIUS_ARCSEC / 3600}) order by a.id, q3c_dist(a.ra, a."dec", b.ra, b."dec"), b.id'
    )

    def match() -> np.ndarray:
        sql(f"{query}; copy m to '{data}/m.csv' csv header")
        return csv_pairs(data / "m.csv")

    return match


def lsdb(folder: Path, stop: list) -> Match | str:
    """Catalogs with a margin, so that no pair is lost at the edges of partitions."""
    if not importlib.util.find_spec("lsdb"):
        return "pip install lsdb"
    os.environ["TQDM_DISABLE"] = "1"
    import dask
    import lsdb as peer
    import pandas as pd

    tables = []
    for name in "ab":
        table = peer.from_dataframe(
            pd.read_parquet(folder / f"{name}.parquet"),
            ra_column="ra",
            dec_column="dec",
            margin_threshold=2 * RADIUS_ARCSEC,
            catalog_name=name,
        )
        table.write_catalog(folder / "lsdb" / name, catalog_name=name, as_collection=True)
        tables.append(peer.open_catalog(folder / "lsdb" / name))

    def match() -> np.ndarray:
        with dask.config.set(scheduler="threads"):
            found = tables[0].crossmatch(
                tables[1],
                radius_arcsec=RADIUS_ARCSEC,
                n_neighbors=1,
                suffixes=("_1", "_2"),
                suffix_method="all_columns",
            )
            rows = found[["id_1", "id_2"]].compute()
        return rows.to_numpy(np.int64)

    return match


def pyacid(folder: Path, stop: list) -> Match | str:
    if not importlib.util.find_spec("acid"):
        return "pip install pyacid"
    if not (folder / "lsdb").exists():
        return "it needs the catalogs with margins that LSDB makes"
    import acid

    database = acid.Connection({name: {"path": str(folder / "lsdb" / name)} for name in "ab"}, progress=False)
    stop.append(database.close if hasattr(database, "close") else lambda: None)
    query = f"select a.id as a, b.id as b, d from a join b on XMATCH(radius_arcsec => {RADIUS_ARCSEC}, dist_col => 'd')"

    def match() -> np.ndarray:
        with duckdb.connect() as connection:
            connection.register("pairs", database.sql(query).to_arrow())
            best = connection.execute("select a, arg_min(b, (d, b)) as b from pairs group by a").fetchnumpy()
        return np.column_stack([best["a"], best["b"]])

    return match


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
