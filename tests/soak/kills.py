"""Commands that are killed at random moments."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from skies import CLI, COMMANDS, Command, Facts, Skies, facts, judge
from table import Tally

RERUN = 0.1
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def tried(tally: Tally, skies: Skies, folder: Path, seed: int, until: float) -> None:
    rng, sky = random.Random(seed), folder / "sky"
    commands = list(COMMANDS)
    rng.shuffle(commands)
    able: list[Command] = []
    for command in commands:
        if time.time() < until - 0.7 * (until - time.time()) or not able:
            able += skies.measured([command], sky)
    while time.time() < until:
        command = rng.choice(able)
        skies.fresh(command, sky)
        after, number = rng.uniform(0.2, 1.05) * command.seconds, rng.choice(SIGNALS)
        process = subprocess.Popen(
            [*CLI, *skies.arguments(command, sky)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        said = f"{number.name} after {after:.2f} s"
        try:
            process.wait(after)
            tally.add("kills", command.name, "ended before")
        except subprocess.TimeoutExpired:
            tally.add("kills", command.name, number.name)
            process.send_signal(number)
        _, err = process.communicate()
        end_group(process.pid)
        if "Traceback" in err:
            tally.fault("kills", command.name, "traceback", f"{said}: {err[-600:]}")
        if "is unchanged" in err and sky.exists() and seen(sky) != command.before:
            tally.fault("kills", command.name, "'unchanged' was false", said)

        def again(sky: Path, command=command) -> str:
            tally.add("kills", command.name, "run again")
            return subprocess.run([*CLI, *skies.arguments(command, sky)], capture_output=True, text=True).stderr[-300:]

        for what, which in judge(command, sky, again if rng.random() < RERUN else None):
            tally.fault("kills", command.name, what, f"{said}: {which}")


def end_group(pid: int) -> None:
    """End what a killed command has left running of its own."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def seen(sky: Path) -> Facts:
    return facts(sky) if (sky / "sky.duckdb").exists() else {}
