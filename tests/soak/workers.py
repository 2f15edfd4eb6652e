"""Processes of a run by partitions that die, one or all of them, while the run goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from skies import CLI, COMMANDS, Skies, end_group
from table import Tally

#: No run of a few thousand stars takes longer, whoever dies.
LIMIT = 400


def tried(tally: Tally, skies: Skies, folder: Path, seed: int, until: float, number: int) -> None:
    rng, sky = random.Random(seed), folder / "sky"
    command = next(command for command in COMMANDS if command.name == "run --workers")
    if not skies.measured(command, sky):
        return
    for kill in range(number):
        if kill and time.time() > until:  # one at least, however long the first run took
            break
        skies.fresh(command, sky)
        with (folder / "said").open("w+") as said:
            process = subprocess.Popen(
                [*CLI, *skies.arguments(command, sky)], stdout=said, stderr=said, text=True, start_new_session=True
            )
            time.sleep(rng.uniform(0.2, 1.0) * command.wall)
            victims = children(process.pid)
            killed = rng.sample(victims, rng.randint(1, len(victims))) if victims else []
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            how = f"{len(killed)} of {len(victims)} processes killed"
            try:
                code = process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                code = None
            end_group(process.pid)
            process.wait()
            said.seek(0)
            text = said.read()
        outcome = {None: "WAITED FOR EVER", 0: "went on", 2: "stopped in one line"}.get(code, f"code {code}")
        tally.add("workers", "some" if len(killed) < len(victims) else "all", outcome)
        if code not in (0, 2) or "Traceback" in text:
            tally.fault("workers", "run --workers", outcome, f"{how}: {text[-3000:]}")
        for what, which in skies.judge(command, sky):
            tally.fault("workers", "run --workers", what, f"{how}: {which}")


def children(pid: int) -> list[int]:
    """All processes below one."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in map(int, path.read_text().split()):
                found += [child, *children(child)]
        except OSError:
            continue
    return found
