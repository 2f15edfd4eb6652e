"""Full disks: commands in a workspace on a small file system, with less and less room, or with files that end early."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from skies import COMMANDS, Command, Skies
from table import Tally

HERE = Path(__file__).with_name("command.py")
#: In a mount namespace of its own: mount, copy, fill up to the given room [kB], run; the result is copied out.
SCRIPT = """
mount -t tmpfs -o size=$SIZE tmpfs "$DISK" || exit 97
cp -a "$SKY/." "$DISK/" || exit 98
free=$(df -k --output=avail "$DISK" | tail -1)
[ "$free" -gt "$ROOM" ] && head -c $(( (free - ROOM) * 1024 )) /dev/zero > "$DISK/filler"
"$@"
code=$?
rm -f "$DISK/filler"
rm -rf "$SKY"; cp -a "$DISK" "$SKY"
exit $code
"""


def tried(tally: Tally, skies: Skies, folder: Path, seed: int, until: float, number: int) -> None:
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        tally.add("disks", "all", "not tried: no mount namespaces here")
        return
    rng, sky = random.Random(seed), folder / "sky"
    chosen = [c for c in COMMANDS if c.start and c.name not in ("export", "join")]
    rng.shuffle(chosen)
    able: list[Command] = []
    (folder / "disk").mkdir()
    for tries in range(number):
        if time.time() > until:
            break
        if chosen and skies.measured(command := chosen.pop(), sky):
            able.append(command)
        command = able[tries % len(able)]
        skies.fresh(command, sky)
        room = rng.choice([0, 50, 500, rng.randrange(30_000), rng.randrange(120_000)])
        environment = os.environ | {
            "SIZE": "400m",
            "DISK": str(folder / "disk"),
            "SKY": str(sky),
            "ROOM": str(room),
        }
        script = [sys.executable, str(HERE), *skies.arguments(command, folder / "disk")]
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", SCRIPT, "sh", *script], env=environment, capture_output=True, text=True
        )
        lines = done.stderr.strip().splitlines()
        outcome = {0: "had room", 2: "refused in a line"}.get(done.returncode, f"code {done.returncode}")
        tally.add("disks", command.name, outcome)
        said = f"{room} kB of room: {done.stderr[-500:]}"
        if done.returncode not in (0, 2) or "Traceback" in done.stderr or (done.returncode == 2 and len(lines) != 1):
            tally.fault("disks", command.name, "not told", said)
        elif done.returncode == 2 and not any(
            word in done.stderr for word in ("disk is full", "No space left", "not enough room")
        ):
            tally.fault("disks", command.name, "blames something else", said)
        if done.returncode == 0 and skies.seen(sky) != command.after:
            tally.fault("disks", command.name, "other result", said)
        for what, which in skies.judge(command, sky):
            tally.fault("disks", command.name, what, f"{said}: {which}")
        shutil.rmtree(sky)
