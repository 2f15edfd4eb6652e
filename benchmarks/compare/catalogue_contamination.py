"""Contamination and completeness of the catalogue against the truth of mock skies: how often 68 % intervals hold it.

    python benchmarks/compare/catalogue_contamination.py --skies 50 --seed 5000 --folder build/skies
    python benchmarks/compare/catalogue_contamination.py --skies 25 --seed 1000 --folder build/skies --calibrate

Each sky is made as `candlesql demo` makes it; what the estimates rest on is kept in the folder (a megabyte a sky), so
that a second run takes seconds. Prints for each tier and region the share of intervals that hold the truth, mean and
scatter of the differences in units of the stated errors. `--calibrate` prints the cuts under which the estimates of
these skies are right on average and 68 % of the intervals hold the truth; judge them on skies of other seeds. Runs at
low priority.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import duckdb
from candlesql.sql import files
from skies import scored_sky

#: What the estimates read of a sky, and the truth.
KEPT = {
    "evaluation": "select is_rc, label_table, tier, refusal, b, p_rc from red_clump.evaluation",
    "label_errors": "from red_clump.label_errors",
    "judged": "select tier, refusal, b, w1mpro, ks_m, p_rc from red_clump.judged",
    "binned": "select is_rc, tier, b from red_clump.binned",
    "final_truth": "from red_clump.final_truth",
}
VIEWS = ("red_clump.clump_odds", "red_clump.clump_shares", "red_clump.final_contamination")
#: The cuts that mock skies say; `far_shift` and its error are seen directly in the refused stars.
FITTED = ("clump_shift_error", "transfer_error", "high_latitude_shift", "unselected_shift", "refused_shift_error")
QUERY = """
    select tier, region, unnest([
        {'quantity': 'contamination', 'found': final.contamination, 'error': final.contamination_error,
            'low': final.contamination_low, 'high': final.contamination_high, 'true': truth.contamination},
        {'quantity': 'completeness', 'found': final.completeness, 'error': final.completeness_error,
            'low': final.completeness_low, 'high': final.completeness_high, 'true': truth.completeness}
        ], recursive := true)
    from red_clump.final_contamination as final inner join red_clump.final_truth as truth using (tier, region)
"""


class Estimate(NamedTuple):
    """A figure of a sky beside its truth."""

    tier: int
    region: str
    quantity: str
    found: float
    error: float
    low: float
    high: float
    true: float


def keep(folder: Path, stars: int, seed: int) -> Path:
    """The folder of what is kept of a sky, made if it is not there."""
    kept = folder / f"{stars}_{seed}"
    if not (kept / "final_truth.parquet").exists():
        kept.mkdir(parents=True, exist_ok=True)
        with scored_sky(folder / f"sky_{seed}", stars, seed) as connection:
            for name, query in KEPT.items():
                connection.execute(f"copy ({query}) to '{kept / name}.parquet' (format parquet)")
    return kept


def database_of(kept: Path) -> duckdb.DuckDBPyConnection:
    """The views of the catalogue's contamination over what is kept of a sky."""
    connection = duckdb.connect(config={"threads": 1})
    items = {item.name: item for item in files.items()}
    wanted, waiting = set[str](), [*VIEWS]
    while waiting:
        name = waiting.pop()
        if name not in wanted and (items[name].is_macro or name in VIEWS):
            wanted.add(name)
            waiting += items[name].needs & items.keys()
    for schema in sorted({"cuts", *(name.split(".")[0] for name in wanted)}):
        connection.execute(f"create schema {schema}")
    for name in KEPT:
        connection.execute(f"create table red_clump.{name} as from '{kept / name}.parquet'")
    for name, item in items.items():  # in the order in which they need each other
        if name in wanted:
            connection.execute(item.body if item.is_macro else f"create view {name} as {item.body}")
    return connection


def judge(connection: duckdb.DuckDBPyConnection) -> list[Estimate]:
    """The estimates of one sky that there are."""
    rows = [Estimate(*row) for row in connection.execute(QUERY).fetchall()]
    return [row for row in rows if row.found is not None and row.true is not None and row.error > 0]


def grouped(rows: Iterable[Estimate]) -> dict[tuple[str, int, str], list[Estimate]]:
    found: dict[tuple[str, int, str], list[Estimate]] = defaultdict(list)
    for row in rows:
        found[row.quantity, row.tier, row.region].append(row)
    return found


def calibrate(connections: list[duckdb.DuckDBPyConnection], steps: int) -> dict[str, float]:
    """The cuts under which these skies' estimates are right on average and 68 % of the intervals hold the truth."""
    from scipy.optimize import minimize

    published = files.cuts()

    def apply(values: list[float]) -> None:
        for name, value in zip(FITTED, values, strict=True):
            for connection in connections:
                connection.execute(f"create or replace macro cuts.{name}() as {_allowed(name, value)!r}")

    def apart(values: list[float]) -> float:
        apply(values)
        groups = grouped(row for connection in connections for row in judge(connection))
        return sum(_uncalibrated(rows) for rows in groups.values())

    start = [float(published[name].value) for name in FITTED]
    found = minimize(apart, start, method="Nelder-Mead", options={"maxfev": steps, "xatol": 0.01, "fatol": 0.2})
    apply(list(found.x))
    return {name: _allowed(name, value) for name, value in zip(FITTED, found.x, strict=True)}


def _uncalibrated(rows: list[Estimate]) -> float:
    """How far from right the estimates of one kind are: squares of their mean difference from the truth and of the
    share of intervals that hold it less 0.68, in units of what so many skies scatter by."""
    n = len(rows)
    differences = [row.found - row.true for row in rows]
    bias = statistics.fmean(differences) / (statistics.stdev(differences) / math.sqrt(n))
    if statistics.median(row.true for row in rows) == 0:  # every interval that begins at 0 holds it
        return bias**2
    # as a smooth function, for the search
    held = statistics.fmean(1 / (1 + math.exp((abs(row.found - row.true) / row.error - 1) / 0.08)) for row in rows)
    return bias**2 + (held - 0.68) ** 2 / (0.68 * 0.32 / n)


def _allowed(name: str, value: float) -> float:
    """Errors have no sign."""
    return abs(float(value)) if name.endswith("_error") else float(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skies", type=int, default=50)
    parser.add_argument("--stars", type=int, default=60_000)
    parser.add_argument("--seed", type=int, nargs="+", default=[1000], help="of the first sky, of each lot of skies")
    parser.add_argument("--folder", type=Path, default=Path("build/skies"))
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--steps", type=int, default=150, help="of the search")
    arguments = parser.parse_args()
    os.nice(10)
    connections = []
    seeds = [first + number for first in arguments.seed for number in range(arguments.skies)]
    for number, seed in enumerate(seeds, start=1):
        connections.append(database_of(keep(arguments.folder, arguments.stars, seed)))
        print(f"sky {number} of {len(seeds)}", end="\r", flush=True)
    if arguments.calibrate:
        print(*(f"{name} {value:.2f}" for name, value in calibrate(connections, arguments.steps).items()), sep="\n")
    found = grouped(row for connection in connections for row in judge(connection))
    print(f"{'':<13} tier region          skies  held   (found - true) / error: mean, scatter   found, true, error")
    for (quantity, tier, region), rows in sorted(found.items()):
        held = statistics.fmean(row.low <= row.true <= row.high for row in rows)
        pulls = [(row.found - row.true) / row.error for row in rows]
        means = [statistics.fmean(column) for column in zip(*((r.found, r.true, r.error) for r in rows), strict=True)]
        print(
            f"{quantity:<13} {tier:>4} {region:<14} {len(rows):>6} {held:>5.0%} {statistics.fmean(pulls):>+10.2f} "
            f"{statistics.pstdev(pulls):>8.2f} {means[0]:>21.3f} {means[1]:.3f} {means[2]:.3f}"
        )


if __name__ == "__main__":
    main()
