"""The whole path at two sizes: five times the stars take no more memory, and everything they should give."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from candlesql import open_sky

pytestmark = pytest.mark.heavy
RUN = "from candlesql.cli import main; main()"


def demo(folder, stars: int) -> float:
    """Run the demo in a process of its own; GB of memory at its peak."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "demo", folder, "--stars", str(stars)], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1e6


def test_five_times_the_stars_take_no_five_times_the_memory(tmp_path):
    small, large = demo(tmp_path / "small", 200_000), demo(tmp_path / "large", 1_000_000)
    assert large < 2 * small
    counts = {}
    for name in ("small", "large"):
        with open_sky(tmp_path / name) as connection:
            counts[name] = connection.execute(
                "select count(*), count(tier), count(distance_kpc) from red_clump.catalogue"
            ).fetchall()[0]
    for few, many in zip(counts["small"], counts["large"], strict=True):
        assert many == pytest.approx(5 * few, rel=0.03)
