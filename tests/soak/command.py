"""The command line as a script, so that processes of Dask can start from it; with SOAK_POINTS it keeps every state.

At each rename, removal, new folder and opening for writing below the folder SOAK_SKY, that folder is copied as it
stands into SOAK_POINTS: what a kill at that moment leaves. States that are the same are kept once.
"""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

EVENTS = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "open")


def watch(sky: str, points: str) -> None:
    seen, busy = set(), threading.local()

    def state() -> tuple:
        found = []
        for folder, _, files in os.walk(sky):
            for name in (*files, "."):
                try:
                    at = os.lstat(os.path.join(folder, name))
                except FileNotFoundError:
                    continue
                found.append((folder, name, at.st_ino, at.st_size, at.st_mtime_ns if name != "." else 0))
        return tuple(sorted(found))

    def look(event: str, arguments: tuple) -> None:
        if event not in EVENTS or getattr(busy, "now", False):
            return
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            return
        is_below = any(str(path).startswith(sky) for path in arguments[:2])
        by_descriptor = event != "open" and isinstance(arguments[-1], int) and arguments[-1] >= 0
        if not (is_below or by_descriptor):
            return
        busy.now = True
        try:
            now = state()
            if now in seen or not os.path.isdir(sky):
                return
            seen.add(now)
            place = f"{points}/{len(seen):04}"
            subprocess.run(["cp", "-a", sky, place], capture_output=True)
            Path(f"{place}.txt").write_text(f"{event} {arguments[0]}")
        finally:
            busy.now = False

    sys.addaudithook(look)


if __name__ == "__main__":
    from candlesql.cli import main

    if os.environ.get("SOAK_POINTS"):
        os.makedirs(os.environ["SOAK_POINTS"], exist_ok=True)
        shutil.rmtree  # noqa: B018 - loaded before the hook
        watch(os.environ.pop("SOAK_SKY"), os.environ.pop("SOAK_POINTS"))
    main()
