"""Distances of selected red clump stars with and without the parallax against the truth of mock skies, by its error.

    python benchmarks/compare/distances.py --skies 4 --seed 6000 --folder build/skies

Each sky is made as `candlesql demo` makes it. Prints for each subset of `red_clump.distance_accuracy` on how many skies
the standard deviation is smaller with the parallax than without, and for each sky the number of stars and both. Runs at
low priority.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from skies import scored_sky

QUERY = """
    select
        subset,
        any_value(n) as n,
        any_value(standard_deviation) filter (where parameter = 'distance_bayesian') as with_parallax,
        any_value(standard_deviation) filter (where parameter = 'distance') as without_parallax
    from red_clump.distance_accuracy
    group by subset
    order by subset
"""


class Accuracy(NamedTuple):
    """Standard deviations of distance over the truth, less 1, in a subset of a sky."""

    subset: str
    n: int
    with_parallax: float
    without_parallax: float

    @property
    def is_better(self) -> bool:
        return self.with_parallax < self.without_parallax


def judge(folder: Path, stars: int, seed: int) -> Iterator[Accuracy]:
    """What a new sky says; the sky is deleted."""
    with scored_sky(folder / f"distances_{seed}", stars, seed) as connection:
        yield from (Accuracy(*row) for row in connection.execute(QUERY).fetchall())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skies", type=int, default=4)
    parser.add_argument("--stars", type=int, default=150_000)
    parser.add_argument("--seed", type=int, default=6000, help="of the first sky")
    parser.add_argument("--folder", type=Path, default=Path("build/skies"))
    arguments = parser.parse_args()
    os.nice(10)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[Accuracy]] = defaultdict(list)
    for seed in range(arguments.seed, arguments.seed + arguments.skies):
        for row in judge(arguments.folder, arguments.stars, seed):
            found[row.subset].append(row)
    print(f"{'subset':<26} better  stars: standard deviation with, without the parallax, for each sky")
    for subset, rows in sorted(found.items()):
        better = f"{sum(row.is_better for row in rows)} of {len(rows)}"
        each = "   ".join(f"{r.n}: {100 * r.with_parallax:.1f}, {100 * r.without_parallax:.1f} %" for r in rows)
        print(f"{subset:<26} {better:>6}  {each}")


if __name__ == "__main__":
    main()
