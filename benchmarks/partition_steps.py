"""Where the CPU time of `candlesql run --workers` goes, step by step, beside that of one process.

    python benchmarks/partition_steps.py [--system SYSTEM] [--stars N] [--folder FOLDER]

A mock sky is run in this process on one thread, first as one machine does, then by all partitions; seconds of CPU, and
how often each step was done. What a step calls that has a line of its own is not counted in it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from candlesql.commands.run import run_command
from candlesql.scale import bench, command, partition
from candlesql.scale.plan import make_plan
from candlesql.sql.open import writing
from candlesql.workspace.folder import existing_sky
from candlesql.workspace.limits import said as limits
from partition_cost import SKIES
from partition_cost import make_sky as make_mock

LINES = 25


class Steps:
    """The CPU time of functions that are replaced by ones that are timed."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self._inside: list[float] = []

    def of(self, owner: Any, name: str, label: Callable[..., str]) -> None:
        """Time a function of a module or class, as `label` calls it by its arguments."""
        plain = getattr(owner, name)

        def timed(*given: Any, **options: Any) -> Any:
            started = time.process_time()
            self._inside.append(0.0)
            try:
                return plain(*given, **options)
            finally:
                spent, called = time.process_time() - started, label(*given, **options)
                self.seconds[called] += spent - self._inside.pop()
                self.calls[called] += 1
                if self._inside:
                    self._inside[-1] += spent

        setattr(owner, name, timed)


def timed_steps() -> Steps:
    steps = Steps()
    steps.of(partition, "do_stage", lambda *_: "other than below")
    steps.of(partition, "bench_of", lambda *_: "a worker's views and networks")
    steps.of(partition, "write_inferred", lambda *_: "inference")
    steps.of(partition, "_make_catalogue", lambda *_: "catalogue")
    steps.of(partition, "_copy", lambda _, query, path, *__: f"write {path.name.lstrip('.').split('.parquet')[0]}")
    for name in ("point", "reach_arcsec", "match_query", "let_be", "show", "show_product"):
        steps.of(bench.Bench, name, lambda *_, name=name: f"bench.{name}")
    steps.of(bench.Bench, "keep", lambda _, view: f"keep {view}")
    steps.of(command, "put_together", lambda *_: "views of the whole sky")
    return steps


def by_partitions(sky: Path, system: str) -> Steps:
    steps = timed_steps()
    with writing(sky, whole=True) as connection:
        plan = make_plan(connection, existing_sky(sky), system)
        for number in range(len(plan.stages)):
            bench.bench_of(plan.file).connection.execute("set threads = 1")
            for tile in plan.tiles:
                outcome = partition.do_stage(number, plan.file, tile)
                assert not outcome.fault, outcome.fault
            command.put_together(connection, plan, list(plan.tiles), number)
        started = time.process_time()
        list(command._publish(connection, existing_sky(sky), plan, [], 0.0))
        steps.seconds["publish"], steps.calls["publish"] = time.process_time() - started, 1
    return steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stars", type=int, default=1_000_000)
    parser.add_argument("--system", default="red_clump")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    limits["threads"] = "1"
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        one, parts = Path(folder) / "one", Path(folder) / "parts"
        SKIES.get(options.system, make_mock)(one, options.stars)
        shutil.copytree(one, parts)
        started = time.process_time()
        list(run_command(one, options.system, {}))
        single = time.process_time() - started
        started = time.process_time()
        steps = by_partitions(parts, options.system)
        print(f"one process {single:.1f} s of CPU, by partitions {time.process_time() - started:.1f} s; of these")
    for step, seconds in sorted(steps.seconds.items(), key=lambda item: -item[1])[:LINES]:
        print(f"{seconds:8.2f} s {steps.calls[step]:5} times  {step}")


if __name__ == "__main__":
    main()
