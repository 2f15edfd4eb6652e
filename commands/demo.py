"""`candlesql demo`: a mock sky through every room, from catalog files to a red clump catalogue judged by its truth."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from ..catalogs.mock import make_sky as make_mock
from ..catalogs.prepare import Ingested
from ..catalogs.survey import load_survey
from ..errors import UserError
from ..sql.open import make_sky, new_or_existing, refresh, settle, writing
from ..workspace.change import take_away
from ..workspace.connection import connect
from ..workspace.folder import Sky, find_sky
from ..workspace.progress import bar, run_with_bar
from ..workspace.query import first_row, literal_path, quoted
from .ingest import put_in, record_catalog
from .run import run_system

SYSTEM = "red_clump"
RELEASES = ("gaia_dr2", "gaia_dr3")
COMPLETENESS = (0.25, 0.5, 0.94)
NEXT = (
    "next:",
    "  candlesql shell {sky}                  # a prompt: .views lists what there is",
    "  candlesql explore {sky}                # a page in the browser, with the cuts to move",
    '  candlesql sql {sky} "from red_clump.tiers"',
    "  candlesql export {sky} red_clump.catalogue red_clump.fits",
    "  candlesql info {sky}                   # what made this; why some stars have no tier or distance",
)


def run_demo(path: Path, stars: int, seed: int, release: str = "gaia_dr2", overwrite: bool = False) -> Iterator[str]:
    """Make the sky, ingest it, run the red clump system, and say how it did and what to do next; a line at a time.

    `release` is the one that Gaia's table is of: gaia_dr2 or gaia_dr3, of the same stars.

    Raises
    ------
    UserError
        If the workspace already holds catalogs that the demo would replace, be they the user's or, without `overwrite`,
        those of a demo with other options.
    """
    sky = find_sky(path)
    if (sky.root / "catalogs").is_dir() and not _is_mock(sky.catalogs):
        raise UserError("holds catalogs of yours; give the demo a folder of its own", file=sky.root)
    if release not in RELEASES:
        raise UserError(f"--release {release}: it is one of {', '.join(RELEASES)}", value=release)
    said = f"demo --stars {stars} --seed {seed}" + f" --release {release}" * (release != RELEASES[0])
    if not overwrite:
        _refuse_other(sky, said)
    with new_or_existing(path):
        marks = sky.root / ".demo"
        marks.unlink(missing_ok=True)
        marks.write_text(said + "\n", encoding="utf-8")
        with writing(sky.root) as connection:
            ingested = make_mock_sky(path, stars, seed, release)
            yield from _run(connection, sky, said, ingested)
    yield from (line.format(sky=path) for line in NEXT)


def _refuse_other(sky: Sky, said: str) -> None:
    """Refuse to replace the sky that a demo with other options has made."""
    marks = sky.root / ".demo"
    before = marks.read_text(encoding="utf-8", errors="replace").strip() if marks.exists() else ""
    if any(sky.catalogs.glob("*.parquet")) and before != said:
        raise UserError(
            f"holds the sky of `candlesql {before or 'demo'}`",
            file=sky.root,
            hint="give this one a folder of its own, or say --overwrite",
        )


def _run(
    connection: duckdb.DuckDBPyConnection, sky: Sky, said: str, ingested: dict[str, tuple[Ingested, float]]
) -> Iterator[str]:
    refresh(connection, sky)
    for name, (done, seconds) in ingested.items():
        record_catalog(connection, sky, load_survey(name), said, [], done, seconds)
        yield f"staging.{name}: {done.rows:,} rows"
    settle(connection, sky)
    for product, rows in run_system(connection, sky, SYSTEM, run_with_bar("running")).items():
        yield f"{product}: {rows:,} rows"
    yield from _judge(connection)


def make_mock_sky(path: Path, stars: int, seed: int, release: str = "gaia_dr2") -> dict[str, tuple[Ingested, float]]:
    """Make a mock sky and ingest it into a workspace; returns what came of each survey and the seconds it took."""
    sky = make_sky(path)
    with tempfile.TemporaryDirectory(dir=sky.root, prefix=".making-") as folder:
        with bar() as progress:
            task = progress.add_task("making the sky", total=stars)
            files = make_mock(
                Path(folder),
                stars,
                seed,
                progress=lambda done, of: progress.update(task, completed=done, total=of),
            )
        if release == "gaia_dr3":
            dr2 = files.pop("gaia_dr2")
            files = {release: write_dr3(sky, dr2, files["mock_truth"], dr2.with_stem(release))} | files
        for other in set(RELEASES) - {release}:
            take_away(sky, sky.catalog(other))
        ingested = {}
        for name, file in files.items():
            started = time.time()
            done = put_in(sky, load_survey(name), file)
            ingested[name] = (done, time.time() - started)
        return ingested


def write_dr3(sky: Sky, dr2: Path, truth: Path, target: Path) -> Path:
    """Write the stars of a mock Gaia DR2 as DR3 would list them."""
    with connect(sky, read_only=True) as connection:
        for name, file in (("dr2_stars", dr2), ("true_stars", truth)):
            connection.execute(f"create temp view {name} as from read_parquet({literal_path(file)})")
        connection.execute(f"copy (from mock.gaia_dr3('dr2_stars', 'true_stars')) to {quoted(target)} (format parquet)")
    return target


def _is_mock(catalogs: Path) -> bool:
    found = [path.stem for path in catalogs.glob("*.parquet")]
    return not found or "mock_truth" in found or (catalogs.parent / ".demo").exists()


def _judge(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """What came out, held against labels and against truth."""
    giants, tier1, tier2 = first_row(
        connection,
        "select count(*), count(*) filter (where tier = 1), count(tier) from red_clump.giants",
    )
    yield f"{giants:,} giants, {tier2:,} red clump (tier 2), {tier1:,} of them tier 1"
    connection.execute("create or replace temp table judged as from red_clump.roc")
    base = first_row(connection, "select max(base_rate) from judged where truth = 'label' and bands = 'all'")[0]
    if base is None:
        yield "no labelled giants: contamination and completeness cannot be judged"
        return
    yield f"contamination at completeness, labelled giants that no network was trained on ({base:.0%} are red clump):"
    for truth in ("label", "phase"):
        for method in ("bins_4d", "joint", "any_bands"):
            yield f"  {method:<9} against {truth}: " + ", ".join(
                _at(connection, method, truth, c) for c in COMPLETENESS
            )
    rows = connection.execute(
        "select reference, n, bias, robust_scatter from red_clump.validation where parameter = 'distance' order by 1"
    ).fetchall()
    for reference, n, bias, scatter in rows:
        yield f"distance against {reference}: bias {bias:+.1%}, scatter {scatter:.1%} ({n:,} stars)"


def _at(connection: duckdb.DuckDBPyConnection, method: str, truth: str, completeness: float) -> str:
    row = first_row(
        connection,
        "select contamination, contamination_low, contamination_high from judged "
        "where method = ? and truth = ? and bands = 'all' and completeness >= ? order by completeness limit 1",
        [method, truth, completeness],
    )
    if not row:
        return f"none at {completeness:.0%}"
    return f"{row[0]:.1%} (+{row[2] - row[0]:.1%} -{row[0] - row[1]:.1%}) at {completeness:.0%}"
