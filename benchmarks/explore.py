"""How quick the page of `candlesql explore` is: drives a real browser over a table of made-up stars.

python benchmarks/explore.py [--rows 20000000] [--brushes 20]

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
from playwright.sync_api import Page, sync_playwright

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PICTURES = 8
UNTIL_DRAWN = """(plot, key) => new Promise(done => {
    const before = performance.now();
    const others = [...document.querySelectorAll('.panel')].filter(panel => !panel.contains(plot));
    const watch = new MutationObserver(() => {
        const drawn = others.map(panel => Number(panel.dataset.drawn));
        if (Math.min(...drawn) < before) return;
        watch.disconnect();
        done(Math.max(...drawn) - before);
    });
    others.forEach(panel => watch.observe(panel, { attributes: true }));
    plot.dispatchEvent(new KeyboardEvent('keydown', { key }));
})"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--brushes", type=int, default=20, help="22 at most: each is another place")
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
        started, spent = time.time(), time.process_time()
        page.goto(served.url)
        page.wait_for_selector(f"#panels .panel:nth-child({PICTURES})[data-drawn]")
        page.wait_for_selector("#selected[data-n]")
        print(
            f"first picture after {time.time() - started:.2f} s, {time.process_time() - spent:.2f} s CPU of the server"
        )
        for name in ("kiel", "p_rc", "sky"):
            before = time.process_time()
            first = brushed(page, name, "Enter")
            counted, before = time.process_time() - before, time.process_time()
            taken = [brushed(page, name, "ArrowRight") for _ in range(brushes)]
            cpu = (time.process_time() - before) / len(taken)
            print(
                f"{name}: first brush after {first / 1000:.2f} s ({counted:.2f} s CPU), then brush to redraw "
                f"median {statistics.median(taken):.0f} ms, longest of {len(taken)} {max(taken):.0f} ms; "
                f"{1000 * cpu:.0f} ms CPU of the server each"
            )
            brushed(page, name, "Escape")
        context.close()


def brushed(page: Page, name: str, key: str) -> float:
    """From a key that moves the brush of a picture until every other picture is drawn anew [ms]."""
    return page.locator(f'.plot[aria-labelledby="title-{name}"]').evaluate(UNTIL_DRAWN, key)


if __name__ == "__main__":
    main()
