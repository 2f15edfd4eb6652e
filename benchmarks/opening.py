"""What a user waits for before anything is asked: a new workspace, and `select 1`.

    python benchmarks/opening.py [--runs N]

Prints wall and CPU seconds, the median of several runs: the first workspace of this version on a machine (an empty
cache), every later one, and `candlesql sql SKY "select 1"` beside the same statement in a bare DuckDB in Python.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MAKE = "import sys; from candlesql.sql.open import make_sky; make_sky(sys.argv[1])"
SELECT = "import sys; from candlesql.cli import main; sys.argv[1:] = ['sql', *sys.argv[1:], 'select 1']; main()"
BARE = "import duckdb; print(duckdb.sql('select 1'))"


def seconds(code: str, *arguments: str, cache: Path) -> tuple[float, float]:
    """Wall and CPU seconds of a Python process."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = os.environ | {"CANDLESQL_CACHE": str(cache)}
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, stdout=subprocess.DEVNULL, env=environment)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        first = [seconds(MAKE, str(root / "first"), cache=root / "cache")]
        later = [seconds(MAKE, str(root / f"later{k}"), cache=root / "cache") for k in range(runs)]
        pairs = [
            (seconds(SELECT, str(root / "first"), cache=root / "cache"), seconds(BARE, cache=root / "cache"))
            for _ in range(runs)
        ]
        asked, bare = zip(*pairs, strict=True)
        for label, found in (
            ("first workspace of this version", first),
            ("every later one", later),
            ('candlesql sql SKY "select 1"', asked),
            ("bare DuckDB, select 1", bare),
        ):
            wall, cpu = (statistics.median(values) for values in zip(*found, strict=True))
            print(f"{label:<34} {wall:6.2f} s wall {cpu:6.2f} s CPU")


if __name__ == "__main__":
    main()
