"""Small skies of systems whose stars stand anywhere."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
from candlesql.catalogs.mock import make_sky
from candlesql.commands.ingest import ingest_survey
from candlesql.commands.mock_clusters import write_clusters

#: Every so many stars one has no position.
WITHOUT_POSITION = 37

#: South of it the northernmost pixels of order 0 touch the ones of the equator; it leaves few partitions [deg].
NORTH = 45


def make_northern_sky(new_sky: Callable[[Path, dict[str, Path]], Path], folder: Path) -> Path:
    """The mock sky north of a declination, with all its surveys; nothing run."""
    files = make_sky(folder / "raw", 16_000, 3)
    for file in files.values():
        table = pl.read_parquet(file)
        if "dec" in table.columns:
            table.filter(pl.col("dec") > NORTH).write_parquet(file)
    return new_sky(folder / "sky", files)


def make_distmass_sky(empty: Path, folder: Path) -> Path:
    """Simulated giants of clusters, strewn over two pixels of order 0, in two tables, one with masses; nothing run.

    `empty` is a workspace without catalogs, to be copied.
    """
    clusters, stars = write_clusters(folder, 1)
    with stars.open() as given:
        rows: list[dict] = list(csv.DictReader(given))
    for number, row in enumerate(rows):
        row["ra"], row["dec"] = (45, 225)[number % 2] + number % 30, 40 + number % 20
        if number % WITHOUT_POSITION == 0:
            row["ra"] = row["dec"] = ""
        row["parallax_src"] = "Gaia"
        row["evolutionary_state"] = ("RC", "RGB", "")[number % 3]
        row["mass_apokasc2"], row["mass_apokasc2_err"] = 1 + number % 7 / 10, 0.05
        row["mass_apokasc3"], row["mass_apokasc3_err"] = 1.1 + number % 5 / 10, 0.05
    half = len(rows) // 2
    labels, kepler = folder / "labels.csv", folder / "kepler.csv"
    _write(
        labels,
        [{k: v for k, v in row.items() if not k.startswith(("mass", "evol", "parallax_src"))} for row in rows[:half]],
    )
    _write(kepler, rows[half:])
    sky = Path(shutil.copytree(empty, folder / "sky"))
    for survey, file in (("clusters", clusters), ("cn_labels", labels), ("kepler_apogee", kepler)):
        ingest_survey(sky, survey, [file], {}, {})
    return sky


def _write(file: Path, rows: list[dict]) -> None:
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
