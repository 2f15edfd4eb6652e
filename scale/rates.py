"""What has been measured of runs by partitions of mock stars: `python benchmarks/partition_cost.py --system SYSTEM`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rates:
    """CPU time of a star and of a partition, all stages and the views of the whole sky included [s]; what a run keeps
    of a star's scores [bytes]; the largest worker with partitions of at most a million stars [GB], if it is known."""

    seconds_a_star: float
    seconds_a_partition: float
    score_bytes: int
    memory_gb: float | None = None


RATES = {
    "red_clump": Rates(36e-6, 1.2, 288, 1.9),
    "photometry": Rates(119e-6, 4.1, 53),
    "distmass": Rates(58e-6, 2.1, 80),
    "parallax": Rates(878e-6, 0.4, 26),
}
#: A row of a match [bytes].
MATCH_BYTES = 21
#: CPU time until a worker process of this machine has its views and networks [s].
SECONDS_A_WORKER = 4.0
#: A sky of all directions is cut into at least the pixels of order 0.
FEWEST_PARTITIONS = 12
#: How much longer than one process workers of the same machine may take, so that they are worth it.
WORTH = 1.2


def least_stars(system: str, workers: int) -> int:
    """The stars from which workers of this machine are worth their start and the partitions' own cost, to two digits; 0
    where nothing has been measured."""
    rates = RATES.get(system)
    if rates is None:
        return 0
    own = workers * SECONDS_A_WORKER + FEWEST_PARTITIONS * rates.seconds_a_partition
    return int(float(f"{own / ((WORTH - 1) * rates.seconds_a_star):.1e}"))
