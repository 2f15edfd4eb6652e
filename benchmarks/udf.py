"""Networks inside DuckDB against raw ONNX Runtime, CPU seconds of one thread, alternating in one run.

python benchmarks/udf.py [--rows N] [--rounds N]

Raw is the same graph on transposed input in batches of 2,048. Steps of the way show where the rest goes: a function
that does nothing but take the columns and hand back a finished struct, and Python around the network without DuckDB.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import onnx
import onnxruntime as ort
import pyarrow as pa
from candlesql.udfs.arrow import register_later
from candlesql.udfs.model import Model, write_model
from candlesql.udfs.onnx_udf import as_struct, of_rows, register, session_of
from candlesql.udfs.trees import tree_graph
from lucey import BATCH, INPUTS, alternate, random_rows, write_lucey_model


def cpu(run: Callable[[], object]) -> Callable[[], float]:
    def timed() -> float:
        started = time.process_time()
        run()
        return time.process_time() - started

    return timed


def batches(x: np.ndarray) -> list[np.ndarray]:
    return [np.ascontiguousarray(x[:, start : start + BATCH]) for start in range(0, x.shape[1], BATCH)]


def compare(
    title: str,
    model: Model,
    raw_session: ort.InferenceSession,
    raw_feeds: list[dict[str, np.ndarray]],
    x: np.ndarray,
    rounds: int,
) -> None:
    """Print the rates of raw ONNX Runtime and of the function, and microseconds a chunk of each step."""
    n, session = x.shape[1], session_of(model)
    names = [output.name for output in model.outputs]
    call = f"({', '.join(INPUTS)})"
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        connection.register("given", pa.table(dict(zip(INPUTS, x, strict=True))))
        connection.execute("create table stars as from given")
        connection.unregister("given")
        register(connection, model, "lucey_network")
        finished = as_struct(np.zeros((len(names), BATCH), np.float32), names, None)
        fields = ", ".join(f"{name} FLOAT" for name in names)
        nothing = of_rows(lambda x: x, lambda x, _: finished[: x.shape[1]])
        register_later(connection, "nothing", len(INPUTS), f"STRUCT({fields})", lambda: nothing)
        columns = [[pa.chunked_array([row]) for row in batch] for batch in batches(x)]

        def query(text: str) -> Callable[[], float]:
            return cpu(lambda: connection.execute(text).fetchall())

        def python_only() -> None:
            for chunk in columns:
                stacked = pa.concat_arrays([c.chunk(0) for c in chunk]).to_numpy().reshape(len(chunk), -1)
                np.isfinite(stacked.max()) and np.isfinite(stacked.min())
                as_struct(session.run(None, {"x": stacked})[0], names, None)

        found = alternate(
            {
                "raw": cpu(lambda: [raw_session.run(None, feed) for feed in raw_feeds]),
                "function": query(f"select sum(s.{names[0]}) from (select lucey_network{call} as s from stars)"),
                "all outputs summed": query(
                    f"select {', '.join(f'sum(s.{name})' for name in names)} "
                    f"from (select lucey_network{call} as s from stars)"
                ),
                "network and Python without DuckDB": cpu(python_only),
                "function that computes nothing": query(
                    f"select sum(s.{names[0]}) from (select nothing{call} as s from stars)"
                ),
                "query without function": query(f"select sum({INPUTS[0]}) from stars"),
            },
            rounds,
        )
    print(f"{title}, {n:,} rows")
    for name, seconds in found.items():
        rate, chunk = n / seconds / 1e6, seconds / (n / BATCH) * 1e6
        print(f"  {name:<36} {rate:6.2f} M rows/s  {chunk:7.0f} us a chunk  {found['raw'] / seconds:5.2f} of raw")
    rest = found["function"] - found["raw"] - found["function that computes nothing"]
    print(f"  caches gone cold and the rest: {rest / (n / BATCH) * 1e6:.0f} us a chunk")


def lucey(folder: Path, n: int, rounds: int) -> None:
    model, x = write_lucey_model(folder / "six.onnx"), random_rows(n)
    compare("six networks", model, session_of(model), [{"x": batch} for batch in batches(x)], x, rounds)


def trees(folder: Path, n: int, rounds: int) -> None:
    """100 trees; raw reads rows as the converter wrote it, so the transposes inside the model count against it."""
    import lightgbm
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    x = random_rows(n)
    fitted = lightgbm.LGBMRegressor(n_estimators=100, n_jobs=1, verbose=-1).fit(
        x[:, :20_000].T, np.sin(x[:, :20_000]).sum(axis=0)
    )
    types = [("rows", FloatTensorType([None, len(INPUTS)]))]
    converted: onnx.ModelProto = onnxmltools.convert_lightgbm(fitted, initial_types=types, target_opset=15)
    model = write_model(
        folder / "trees.onnx",
        tree_graph(converted, len(INPUTS)),
        {
            "system": "trees",
            "inputs": [{"name": name, "unit": ""} for name in INPUTS],
            "outputs": [{"name": "y", "unit": ""}],
        },
    )
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    raw = ort.InferenceSession(converted.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = [{"rows": np.ascontiguousarray(batch.T)} for batch in batches(x)]
    compare("LightGBM, 100 trees", model, raw, feeds, x, rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=400 * BATCH)
    parser.add_argument("--rounds", type=int, default=9)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        lucey(Path(made), chosen.rows, chosen.rounds)
        trees(Path(made), chosen.rows // 4, max(3, chosen.rounds // 3))
