"""Photometry in SQL against raw ONNX Runtime, CPU seconds of one thread, alternating.

Where the published sample is there, the shipped network stands beside the published one on the same held-out stars.

python benchmarks/photometry.py [--rows N] [--rounds N] [--data stars_13band.parquet]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import candlesql
import duckdb
import numpy as np
import pyarrow as pa
from candlesql.sql.open import make_sky
from candlesql.udfs.model import Model, load_model
from candlesql.udfs.model_files import SHIPPED
from candlesql.udfs.onnx_udf import session_of

BATCH = 2048
TARGET = 10_000  # stars a second and core, photometry.infer
DATA = Path(__file__).resolve().parents[2] / "shared/data/green2020/stars_13band.parquet"


def cpu_seconds(run: Callable[[], object]) -> float:
    """CPU time of one call."""
    started = time.process_time()
    run()
    return time.process_time() - started


def labels(n: int, random: np.random.Generator) -> np.ndarray:
    """Teff, log g, [Fe/H] float32 [3, n]."""
    rows = [random.uniform(4000, 7000, n), random.uniform(1, 5, n), random.uniform(-1, 0.3, n)]
    return np.array(rows, np.float32)


def observations(n: int, random: np.random.Generator) -> np.ndarray:
    """Inputs of photometry_infer, float32 [30, n]: bands from the network, some of them missing."""
    y = session_of(load_model(SHIPPED / "photometry.onnx")).run(None, {"x": labels(n, random)})[0]
    modulus, ebv = random.uniform(8, 12, n), random.uniform(0, 0.5, n)
    mag = y[:13] + y[13:] * ebv + modulus + random.normal(0, 0.03, (13, n))
    mag[random.random((13, n)) < 0.2] = np.nan
    rest = [10 ** (2 - modulus / 5), np.full(n, 0.05), ebv + random.normal(0, 0.05, n), np.full(n, 0.05)]
    return np.vstack([mag, np.full((13, n), 0.03), *rest]).astype(np.float32)


def raw(model: Model, x: np.ndarray) -> Callable[[], object]:
    """The graph alone, on batches that are ready."""
    session = session_of(model)
    parts = [np.ascontiguousarray(x[:, i : i + BATCH]) for i in range(0, x.shape[1], BATCH)]
    return lambda: [session.run(None, {"x": part}) for part in parts]


def compare(
    connection: duckdb.DuckDBPyConnection, function: str, field: str, model: Model, x: np.ndarray, rounds: int
) -> float:
    """Print both rates; returns that of the function, rows a second."""
    names = [field.name for field in model.inputs]
    columns = {name: pa.array(row, from_pandas=True) for name, row in zip(names, x, strict=True)}
    connection.register("given", pa.table(columns))
    connection.execute("create or replace temp table stars as from given")
    connection.unregister("given")
    query = f"select sum(y.{field}) from (select {function}({', '.join(names)}) as y from stars)"
    sides = {"raw ONNX Runtime": raw(model, x), function: lambda: connection.execute(query).fetchall()}
    best = dict.fromkeys(sides, np.inf)
    for _ in range(rounds):
        for name, run in sides.items():
            best[name] = min(best[name], cpu_seconds(run))
    reference = best["raw ONNX Runtime"]
    for name, seconds in best.items():
        print(f"{name:<32} {x.shape[1] / seconds:>12,.0f} rows/s per core   {reference / seconds:.2f} of raw")
    return x.shape[1] / best[function]


def goodness(data: Path) -> None:
    """chi2/dof and inference on held-out stars: shipped, published and LightGBM."""
    try:
        from candlesql.benchmarks.compare.photometry import main as compare_models
    except ImportError as error:
        print(f"held-out stars are not compared: {error}; install candlesql[train]")
        return
    compare_models(["--data", str(data)])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=400_000, help="stars of the forward network; a tenth of them backward"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    random = np.random.default_rng(1)
    forward, backward = (load_model(SHIPPED / f"{name}.onnx") for name in ("photometry", "photometry_infer"))
    with tempfile.TemporaryDirectory() as folder:
        make_sky(folder)
        with candlesql.open_sky(folder) as connection:
            connection.execute("set threads = 1")
            x = labels(options.rows, random)
            compare(connection, "photometry.absolute_magnitudes", "g", forward, x, options.rounds)
            x = observations(options.rows // 10, random)
            rate = compare(connection, "photometry.infer", "teff_k", backward, x, options.rounds)
            print(f"photometry.infer: {rate / TARGET:.2f} of the wanted {TARGET:,} stars/s per core")
    if options.data.exists():
        goodness(options.data)
    else:
        print(f"{options.data} is not there: no held-out stars to compare networks on")


if __name__ == "__main__":
    main()
