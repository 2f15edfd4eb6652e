"""The demo of 200,000 stars against its limits: 60 s of wall time and 2 GB of memory once installed."""

import resource
import subprocess
import sys
import tempfile
import time

SECONDS, GIGABYTES = 60, 2.0


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        command = [sys.executable, "-c", "from candlesql.cli import main; main()", "demo", f"{folder}/sky"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - started
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    gigabytes = usage.ru_maxrss / 1e6
    cpu = usage.ru_utime + usage.ru_stime
    print(f"wall   {seconds:5.1f} s   {seconds / SECONDS:.2f} of the limit   (CPU {cpu:.1f} s)")
    print(f"memory {gigabytes:5.2f} GB  {gigabytes / GIGABYTES:.2f} of the limit")


if __name__ == "__main__":
    main()
