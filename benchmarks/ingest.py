"""From a FITS table to typed Parquet: the package's reader against astropy's (and fitsio's, if installed), in turn.

    python benchmarks/ingest.py [ROWS]

Twenty columns: identifiers, positions, magnitudes, flags, names. Plain and gzipped. The last line is a whole ingest:
units, checks, HEALPix, sorting.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io import fits
from astropy.table import Table
from candlesql.catalogs.prepare import ingest
from candlesql.catalogs.readers import open_file
from candlesql.catalogs.survey import load_survey, read_survey

ROUNDS, SLICE, TARGET_MB = 3, 200_000, 100


def main(n: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = catalog(n)
        for name in ("t.fits", "t.fits.gz"):
            table.write(Path(folder) / name)
            compare(Path(folder) / name, n)
        text(table, Path(folder) / "t.ecsv")
        started = time.process_time()
        ingest(load_survey("gaia_dr2"), [Path(folder) / "t.fits"], Path(folder) / "gaia_dr2.parquet")
        print(f"whole ingest: {n / (time.process_time() - started) / 1e6:.2f} M rows per CPU second")


def text(table: Table, path: Path) -> None:
    """All columns of an ECSV: a whole ingest against DuckDB's own reader, which only reads and writes, in turn."""
    table.write(path, delimiter=",")
    survey = path.with_suffix(".toml")
    survey.write_text(survey_of(table))
    query = f"from read_csv('{path}', comment = '#', delim = ',')"
    runs = {
        "candlesql": lambda out: ingest(read_survey(survey), [path], out),
        "read_csv": lambda out: duckdb.sql(f"copy ({query}) to '{out}' (format parquet, compression zstd)"),
    }
    wall: dict[str, list[float]] = {name: [] for name in runs}
    cpu: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            started, busy = time.perf_counter(), time.process_time()
            run(path.with_name(f"{name}.parquet"))
            wall[name].append(time.perf_counter() - started)
            cpu[name].append(time.process_time() - busy)
    size = path.stat().st_size / 1e6
    rates = ", ".join(f"{name} {size / min(wall[name]):.0f} ({size / min(cpu[name]):.0f})" for name in runs)
    print(f"{path.name}, {size:.0f} MB: MB/s on {os.cpu_count()} cores (per CPU second): {rates}; target {TARGET_MB}")


def survey_of(table: Table) -> str:
    """A survey file with every column of the table."""
    types = {"i8": "BIGINT", "f8": "DOUBLE", "f4": "REAL", "i2": "SMALLINT", "b1": "BOOLEAN"}
    lines = ['title = "T"', 'citation = "none"', 'id = "source_id"', 'ra = "ra"', 'dec = "dec"', "[columns]"]
    for name in table.colnames:
        required = ", required = true" if name in ("source_id", "ra", "dec") else ""
        unit = ', unit = "deg"' if name in ("ra", "dec") else ""
        lines.append(f'{name} = {{ type = "{types.get(table[name].dtype.str[1:], "VARCHAR")}"{unit}{required} }}')
    return "\n".join(lines)


def catalog(n: int) -> Table:
    rng = np.random.default_rng(3)
    table = Table({"source_id": rng.permutation(n), "ra": rng.uniform(0, 360, n), "dec": rng.uniform(-90, 90, n)})
    table["parallax"] = rng.normal(0.5, 0.3, n)
    table["parallax_error"] = rng.uniform(0.02, 0.1, n).astype("f4")
    for name in ("phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag", *(f"x{i}" for i in range(9))):
        table[name] = rng.normal(15, 1, n).astype("f4")
    table["flags"] = rng.integers(0, 2**15, n).astype("i2")
    table["ok"] = rng.random(n) < 0.5
    table["name"] = np.char.add("2M", rng.integers(10**8, 10**9, n).astype("S9").astype(str))
    return table


def compare(path: Path, n: int) -> None:
    readers: dict[str, Callable[[Path, Path], None]] = {"candlesql": by_candlesql, "astropy": by_astropy}
    if path.suffix == ".fits" and (fitsio := by_fitsio()):
        readers["fitsio"] = fitsio
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(ROUNDS):
        for name, run in readers.items():
            started = time.process_time()
            run(path, path.with_name(f"{name}.parquet"))
            seconds[name].append(time.process_time() - started)
    best = {name: min(values) for name, values in seconds.items()}
    rates = ", ".join(f"{name} {n / value / 1e6:.2f}" for name, value in best.items())
    ratios = ", ".join(
        f"{value / best['candlesql']:.2f} x {name}'s" for name, value in best.items() if name != "candlesql"
    )
    print(f"{path.name}: M rows per CPU second: {rates}; candlesql's speed is {ratios}")
    same(path.with_name("candlesql.parquet"), path.with_name("astropy.parquet"))


def by_candlesql(path: Path, out: Path) -> None:
    with duckdb.connect() as connection:
        source = open_file(connection, path)
        fields = ", ".join(f'{column.sql} as "{name}"' for name, column in source.columns.items())
        relation = source.relation(list(source.columns))
        connection.execute(f"copy (select {fields} from {relation}) to '{out}' (format parquet, compression zstd)")


def by_astropy(path: Path, out: Path) -> None:
    with fits.open(path) as hdus:
        write((Table(hdus[1].data[start : start + SLICE]) for start in range(0, len(hdus[1].data), SLICE)), out)


def by_fitsio() -> Callable[[Path, Path], None] | None:
    try:
        import fitsio
    except ImportError:
        return None

    def run(path: Path, out: Path) -> None:
        with fitsio.FITS(str(path)) as file:
            n = file[1].get_nrows()
            write((Table(file[1][start : min(start + SLICE, n)]) for start in range(0, n, SLICE)), out)

    return run


def write(tables, out: Path) -> None:
    """Slices to Parquet; strings decoded, bytes in the machine's order."""
    writer = None
    for table in tables:
        arrays = {}
        for name in table.colnames:
            values = np.asarray(table[name])
            values = values.astype(values.dtype.newbyteorder("="))
            arrays[name] = pa.array(values.astype(str) if values.dtype.kind == "S" else values)
        batch = pa.table(arrays)
        writer = writer or pq.ParquetWriter(out, batch.schema, compression="zstd")
        writer.write_table(batch)
    if writer:
        writer.close()


def same(ours: Path, theirs: Path) -> None:
    """Every hundredth row, to the last bit."""
    rows = [f"(from '{path}' where source_id % 100 = 7)" for path in (ours, theirs)]
    different = duckdb.execute(f"{rows[0]} except all {rows[1]}").fetchall()
    if different:
        raise SystemExit(f"{len(different):,} rows differ, the first is {different[0]}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
