"""How quick the page of `candlesql explore` is: drives a real browser over a table of made-up stars.

python benchmarks/explore.py [--rows 20000000] [--brushes 40]

Needs chromium and playwright. The rows of `explore.stars` are made up: those of a small sky again and again, each step
moved by chance, so what is measured is the page, the server and DuckDB, not the making of the catalogue. Prints the
time from the address to the last first picture, the median from a brush's move to the last picture drawn, and the peak
memory of the server.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path

from candlesql.commands.demo import run_demo
from candlesql.explore.command import Explorer
from candlesql.workspace.query import first_row
from playwright.sync_api import sync_playwright

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PICTURES = 8
LAST_DRAWN = "nodes => Math.max(...nodes.map(node => Number(node.dataset.drawn)))"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--brushes", type=int, default=40)
    parser.add_argument("--sky", type=Path, help="a workspace whose rows are repeated; else a small demo")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sky = chosen.sky or Path(folder) / "sky"
        if chosen.sky is None:
            for _ in run_demo(sky, 20_000, 1):
                pass
        with Explorer(sky) as served:
            rows, seconds = grown(served, chosen.rows)
            print(f"{rows:,} made-up rows in memory after {seconds:.1f} s")
            measure(served, chosen.brushes, Path(folder) / "profile")
    print(f"peak memory of the server {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


def grown(served: Explorer, rows: int) -> tuple[int, float]:
    """Let the session's table of stars hold so many rows: those of the workspace, each step moved by up to two."""
    started = time.time()
    session = served._session
    name = session.stars({})
    with session.connection.cursor() as cursor:
        cursor.execute("use scratch")
        (have,) = first_row(cursor, f"select count(*) from {name}")
        steps = [
            column
            for column, kind, *_ in cursor.execute(f"describe {name}").fetchall()
            if kind == "UTINYINT" and column != "tier"
        ]
        moved = ", ".join(f"greatest(least({c} + floor(random() * 5) - 2, 63), 0)::utinyint as {c}" for c in steps)
        cursor.execute(
            f"create or replace table {name} as select * replace ({moved}) from {name}, range({max(1, rows // have)})"
        )
        return first_row(cursor, f"select count(*) from {name}")[0], time.time() - started


def measure(served: Explorer, brushes: int, profile: Path) -> None:
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(profile), executable_path="/usr/bin/chromium", args=FLAGS, viewport={"width": 1280, "height": 900}
        )
        context.set_default_timeout(300_000)
        page = context.new_page()
        started = time.time()
        page.goto(served.url)
        page.wait_for_selector(f"#panels .panel:nth-child({PICTURES})[data-drawn]")
        page.wait_for_selector("#selected[data-n]")
        print(f"first picture after {time.time() - started:.2f} s")
        for name in ("kiel", "p_rc", "sky"):
            plot = page.locator(f'.plot[aria-labelledby="title-{name}"]')
            plot.focus()
            page.keyboard.press("Enter")
            began = time.time()
            settled(page)
            first = time.time() - began
            taken = [brushed(page, key) for key in ("ArrowRight", "ArrowLeft") * (brushes // 2)]
            print(
                f"{name}: the first brush after {first:.2f} s, brush to redraw median "
                f"{statistics.median(taken):.0f} ms, worst of {len(taken)} {max(taken):.0f} ms"
            )
            page.keyboard.press("Escape")
            settled(page)
        context.close()


def settled(page) -> float:
    """When the last picture was drawn, once none has been for half a second [ms]."""
    last = -1.0
    while True:
        now = page.locator(".panel").evaluate_all(LAST_DRAWN)
        if now == last:
            return now
        last = now
        page.wait_for_timeout(500)


def brushed(page, key: str) -> float:
    """From a key that moves the brush to the last picture drawn after it [ms]."""
    before = page.locator("body").evaluate("() => performance.now()")
    page.keyboard.press(key)
    return settled(page) - before


if __name__ == "__main__":
    main()
