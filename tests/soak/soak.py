"""Kills commands, mutates files, fills disks, and prints what came of it.

    python tests/soak/soak.py [--minutes 5] [--seed 1] [--number N] [--only points kills mutants bombs disks workers]

`points` tries every state of the disk in which a kill can leave a workspace: at each rename, removal, new folder and
opening for writing of every command that writes, the workspace is copied as it stands. `kills` ends commands at random
moments (by four signals), `workers` ends processes of Dask. After each the workspace must open, every product must be
one that a command finished, the ledger must say the same as the files, nothing may lie about, and the command must then
give what it gives without a kill. `mutants` are damaged files of every format: each is refused in one line, or read as
astropy reads it. `bombs` are small files that ask for much, `disks` are full ones. The parts share the time; the table
is all that is claimed; exit code 1 if anything in it is wrong.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import bombs
import disks
import kills
import mutants
import points
import workers
from skies import Skies
from table import Tally

PARTS: dict[str, Callable[..., None]] = {
    "points": points.tried,
    "kills": kills.tried,
    "workers": workers.tried,
    "disks": disks.tried,
    "bombs": bombs.tried,
    "mutants": mutants.tried,
}
#: The parts that need workspaces.
KILLED = {"points", "kills", "workers", "disks"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, default=10**9, help="of kills, mutants, disks, killed workers, each")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    folder = Path(tempfile.mkdtemp(prefix="candlesql-soak-"))
    tally = Tally()
    skies = Skies(folder / "skies") if set(options.only) & KILLED else None
    ends = time.time() + 60 * options.minutes
    for number, name in enumerate(options.only):
        share = (ends - time.time()) / (len(options.only) - number)
        own = folder / name
        own.mkdir()
        PARTS[name](tally, skies, own, options.seed, time.time() + share, options.number)
        print(tally.text(), flush=True)
        if not any(said.startswith(name) for said in tally.wrong):
            shutil.rmtree(own)
    if skies:
        skies.server.close()
    for said in tally.wrong:
        print(said)
    if tally.wrong:
        sys.exit(f"{len(tally.wrong)} wrong; what was kept of it is in {folder}")
    shutil.rmtree(folder)
    print("nothing wrong" if tally.text().strip() else "nothing tried: the time was too short")


if __name__ == "__main__":
    main()
