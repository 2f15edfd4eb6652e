"""The mock sky: stars a second against the 200,000 that are wanted, and memory against the number of stars.

    python benchmarks/mock.py [STARS]

The second sky has four times the stars; each is made in a process of its own.
"""

import os
import subprocess
import sys
import tempfile
import time

WANTED = 200_000
MAKE = "import sys; from candlesql.catalogs.mock import make_sky; make_sky(sys.argv[1], stars=int(sys.argv[2]), seed=1)"


def measure(stars: int) -> tuple[float, float]:
    """Stars a second, and MB at the peak."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-c", MAKE, folder, str(stars)])
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{stars:,} stars: failed")
    return stars / seconds, usage.ru_maxrss / 1e3


def main() -> None:
    stars = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    first: float | None = None
    for n in (stars, 4 * stars):
        rate, megabytes = measure(n)
        first = first or megabytes
        print(
            f"{n:>11,} stars: {rate:,.0f} stars/s on {os.cpu_count()} cores, {rate / WANTED:.2f} of the wanted rate; "
            f"{megabytes:,.0f} MB, {megabytes / first:.2f} times the first"
        )


if __name__ == "__main__":
    main()
