"""Networks as SQL in the plain DuckDB shell: rows a second of one network through the table macro, and planning.

python benchmarks/shell.py [--rows N]

Prints user CPU seconds of the shell with one thread, less those of planning, beside the same query in Python's DuckDB
without a Python function, and raw ONNX Runtime.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
from candlesql.udfs.functions import create_stored_macros
from candlesql.udfs.onnx_udf import session_of
from lucey import BATCH, INPUTS, OUTPUTS, alternate, random_rows, write_lucey_model

SHELL = Path(sys.executable).with_name("duckdb")


def shell_seconds(database: Path, query: str) -> float:
    """User CPU seconds that the shell reports for a query."""
    commands = ["-c", "set threads = 1", "-c", ".timer on", "-c", query]
    done = subprocess.run(
        [SHELL, "-readonly", "-init", os.devnull, database, *commands], capture_output=True, text=True, check=True
    )
    return float(re.findall(r"user (\S+)", done.stdout)[-1])


def measure(folder: Path, n: int) -> None:
    model, x = write_lucey_model(folder / "models" / "lucey.onnx"), random_rows(n)
    stars, database = folder / "stars.parquet", folder / "sky.duckdb"
    parquet.write_table(pa.table(dict(zip(INPUTS, x, strict=True))), stars)
    started = time.process_time()
    writer = duckdb.connect(database, config={"storage_compatibility_version": "v1.5.0"})
    create_stored_macros(writer, folder / "models")
    print(f"macros of all models made in {time.process_time() - started:.2f} s CPU")
    writer.execute("set threads = 1")
    source = f"lucey.score('{stars}')"
    queries = {
        "one network": f"select avg(delta_p_s) from {source}",
        "six networks": f"select {', '.join(f'avg({name})' for name in OUTPUTS)} from {source}",
        "six networks, 12 outputs": f"select {', '.join(f'avg({f.name})' for f in model.outputs)} from {source}",
    }

    def python(query: str) -> float:
        started = time.process_time()
        writer.execute(query).fetchall()
        return time.process_time() - started

    for name, query in queries.items():
        writer.execute("checkpoint")
        duckdb_2 = alternate({"run": lambda q=query: python(q), "plan": lambda q=query: python(f"explain {q}")}, 3)
        writer.close()
        shell = alternate(
            {
                "run": lambda q=query: shell_seconds(database, q),
                "plan": lambda q=query: shell_seconds(database, f"explain {q}"),
            },
            3,
        )
        writer = duckdb.connect(database, config={"storage_compatibility_version": "v1.5.0"})
        writer.execute("set threads = 1")
        rates = [n / (found["run"] - found["plan"]) for found in (shell, duckdb_2)]
        print(
            f"{name}: shell {rates[0]:,.0f} rows/s, planned in {shell['plan']:.2f} s; "
            f"DuckDB {duckdb.__version__} {rates[1]:,.0f} rows/s, planned in {duckdb_2['plan']:.2f} s"
        )
    writer.close()
    started = time.process_time()
    for start in range(0, n, BATCH):
        session_of(model).run(None, {"x": np.ascontiguousarray(x[:, start : start + BATCH])})
    print(f"raw ONNX Runtime, six networks: {n / (time.process_time() - started):,.0f} rows/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        measure(Path(made), chosen.rows)
