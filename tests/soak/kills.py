"""Commands that are killed at random moments."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

from skies import COMMANDS, Command, Skies
from table import Tally

RERUN = 0.1
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
#: Done, stopped by a signal that is answered, or ended by the timer itself.
ENDINGS = (0, 130, -signal.SIGPROF, -signal.SIGALRM)


def tried(tally: Tally, skies: Skies, folder: Path, seed: int, until: float, number: int) -> None:
    rng, sky = random.Random(seed), folder / "sky"
    commands = list(COMMANDS)
    rng.shuffle(commands)
    able: list[Command] = []
    for command in commands:
        if (time.time() < until - 0.7 * (until - time.time()) or not able) and skies.measured(command, sky):
            able.append(command)
    for tries in range(number):
        if time.time() > until:
            break
        command = able[tries % len(able)]
        skies.fresh(command, sky)
        long = command.wall if command.by_workers else command.seconds
        after, sent = rng.uniform(0.05, 1.0) * long, rng.choice(SIGNALS)
        told = {"after": after, "signal": int(sent), "by_wall": command.by_workers}
        ended = skies.server.run(skies.arguments(command, sky), folder, **told)
        said = f"{sent.name} after {after:.2f} {'s' if command.by_workers else 'CPU s'}"
        tally.add("kills", command.name, "ended before" if ended.code == 0 else sent.name)
        if "Traceback" in ended.said or ended.code not in ENDINGS:
            tally.fault("kills", command.name, "traceback", f"{said}, code {ended.code}: {ended.said[-600:]}")
        if "is unchanged" in ended.said and skies.seen(sky) != command.before:
            tally.fault("kills", command.name, "'unchanged' was false", said)

        def again(command: Command = command) -> str:
            tally.add("kills", command.name, "run again")
            return skies.again(command, sky)

        for what, which in skies.judge(command, sky, again if rng.random() < RERUN else None):
            tally.fault("kills", command.name, what, f"{said}: {which}")
