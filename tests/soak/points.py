"""Every state of the disk in which a kill can leave a workspace, for every command that writes."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

from skies import COMMANDS, Command, Skies
from table import Tally

#: Of how many states the command is run once more, and another one that writes.
RERUN, SWEPT = 0.05, 0.3


def tried(tally: Tally, skies: Skies, folder: Path, seed: int, until: float, number: int) -> None:
    rng, sky, kept = random.Random(seed), folder / "sky", folder / "points"
    commands = list(COMMANDS)
    rng.shuffle(commands)
    for command in commands:
        if time.time() > until:
            tally.add("points", command.name, "no time left")
        elif skies.measured(command, sky, kept):
            _judge_all(tally, command, skies, kept, sky, rng)
        shutil.rmtree(kept, ignore_errors=True)


def _judge_all(tally: Tally, command: Command, skies: Skies, kept: Path, sky: Path, rng: random.Random) -> None:
    for place in sorted(path for path in kept.iterdir() if path.is_dir()):
        said = place.with_suffix(".txt").read_text()
        shutil.rmtree(sky, ignore_errors=True)
        place.rename(sky)

        def again() -> str:
            tally.add("points", command.name, "run again")
            return skies.again(command, sky)

        tally.add("points", command.name, "crash points")
        for what, which in skies.judge(command, sky, again if rng.random() < RERUN else None, rng.random() < SWEPT):
            tally.fault("points", command.name, what, f"at {place.name}, {said}: {which}")
