"""Contamination and completeness of the catalogue against the truth of mock skies: how often 68 % intervals hold it.

    python benchmarks/compare/catalogue_contamination.py --skies 50 --stars 60000 --folder /tmp/skies

Each sky is made by `candlesql demo`, judged and thrown away; a line a sky, then for each tier and region the share of
intervals that hold the truth, with the mean difference in units of the stated errors. Runs at low priority; Ctrl-C
prints what there is.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from candlesql.commands.demo import run_demo
from candlesql.sql.open import open_sky

QUERY = """
    select tier, region, unnest([
        {'quantity': 'contamination', 'found': final.contamination, 'error': final.contamination_error,
            'low': final.contamination_low, 'high': final.contamination_high, 'true': truth.contamination},
        {'quantity': 'completeness', 'found': final.completeness, 'error': final.completeness_error,
            'low': final.completeness_low, 'high': final.completeness_high, 'true': truth.completeness}
        ], recursive := true)
    from red_clump.final_contamination as final inner join red_clump.final_truth as truth using (tier, region)
"""


def judge(folder: Path, stars: int, seed: int) -> list[tuple]:
    """Estimates of one sky beside its truth."""
    shutil.rmtree(folder, ignore_errors=True)
    for _ in run_demo(folder, stars, seed):
        pass
    with open_sky(folder) as connection:
        rows = connection.execute(QUERY).fetchall()
    shutil.rmtree(folder)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skies", type=int, default=50)
    parser.add_argument("--stars", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/catalogue_contamination"))
    arguments = parser.parse_args()
    os.nice(10)
    found = defaultdict(list)
    with suppress(KeyboardInterrupt):
        for number in range(arguments.skies):
            for tier, region, quantity, value, error, low, high, true in judge(
                arguments.folder / "sky", arguments.stars, arguments.seed + number
            ):
                if value is not None:
                    found[quantity, tier, region].append(
                        (low <= true <= high, (value - true) / error, value, true, error)
                    )
            print(f"sky {number + 1} of {arguments.skies}", flush=True)
    print(f"{'':<13} tier region          skies  held   mean of (found - true) / error, found, true, error")
    for (quantity, tier, region), rows in sorted(found.items()):
        held, pull, value, true, error = (sum(column) / len(rows) for column in zip(*rows, strict=True))
        name = f"{quantity:<13} {tier:>4} {region:<14}"
        print(f"{name} {len(rows):>6} {held:>5.0%} {pull:>+6.2f} {value:.3f} {true:.3f} {error:.3f}")


if __name__ == "__main__":
    main()
