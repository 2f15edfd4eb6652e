"""`candlesql score` from Parquet to Parquet against raw ONNX Runtime on rows in memory, both on every core.

python benchmarks/score.py [--rows N] [--sky FOLDER]

Makes a workspace of one wide table (or takes the one given), scores it and says how long 200 million stars would take.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
from candlesql.catalogs.survey import load_survey
from candlesql.commands.score import score
from candlesql.sql.open import make_sky, open_sky
from candlesql.sql.systems import system_model
from candlesql.udfs.onnx_udf import session_of
from candlesql.workspace.folder import Sky
from lucey import BATCH, INPUTS

SURVEY_STARS = 200e6
RAW_BATCHES = 500
CORES = os.cpu_count() or 1


def make_stars(sky: Sky, n: int) -> None:
    """A wide table of n stars in the order of their identifiers; colours and parallaxes of giants."""
    known = {name: f"g - {0.3 * i} + 0.1 * random()" for i, name in enumerate(INPUTS[:-1])}
    known |= {"source_id": "n * 1000", "ra": "360 * random()", "dec": "90 * random()"}
    known |= {"parallax": "0.2 + random()", "parallax_error": "0.03"}
    columns = ", ".join(
        f'({known.get(name, "null")})::{column.type} as "{name}"'
        for name, column in load_survey("wide").columns.items()
    )
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select {columns}, n as _healpix_29 from (select range as n, 13 + 4 * random() as g "
            f"from range({n}))) to '{sky.catalog('wide')}' (format parquet, compression zstd)"
        )


def raw_rate(sky: Sky) -> float:
    """Rows a second of the system's model in batches of 2,048, every core at work on rows in memory."""
    model = system_model(sky, "red_clump")
    x = np.random.default_rng(0).uniform(12, 16, (len(model.inputs), BATCH)).astype(np.float32)
    session = session_of(model)
    session.run(None, {"x": x})

    def work(_: int) -> None:
        for _ in range(RAW_BATCHES):
            session.run(None, {"x": x})

    started = time.time()
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(work, range(CORES)))
    return CORES * RAW_BATCHES * BATCH / (time.time() - started)


def measure(sky: Sky) -> None:
    before = raw_rate(sky)
    with open_sky(sky.root, read_only=False) as connection:
        started = time.time()
        n = score(connection, sky, "red_clump")
        seconds = time.time() - started
    raw = (before + raw_rate(sky)) / 2
    size = sum(path.stat().st_size for path in (sky.scores / "red_clump").glob("*.parquet"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{n:,} stars in {seconds:.1f} s, {size / 1e6:,.0f} MB written, {memory:.2f} GB of memory")
    print(f"{n / seconds / 1e6:.3f} M rows/s on {CORES} cores; raw {raw / 1e6:.3f}; {n / seconds / raw:.2f} of raw")
    print(f"200 million stars: {SURVEY_STARS / n * seconds / 3600:.2f} h")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--sky", type=Path)
    chosen = parser.parse_args()
    if chosen.sky:
        measure(make_sky(chosen.sky))
    else:
        with tempfile.TemporaryDirectory() as made:
            workspace = make_sky(Path(made))
            make_stars(workspace, chosen.rows)
            measure(workspace)
