"""A mock sky with stars planted where partitions meet, run on one machine and by partitions."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest
from astropy import units as u
from astropy.coordinates import Distance, SkyCoord, get_body_barycentric
from astropy.time import Time
from astropy_healpix import HEALPix

SEED, STARS = 5, 3000
#: Stars planted: identifier in every survey, and where Gaia and the others see it [deg].
FIRST = 7_000_000_000_000_000_000
#: The identifier of the first star in the table that LSDB has matched.
OWN = 8_000_000_000_000_000_000
#: The survey that LSDB's crossmatch is: a wide table, in which 2MASS has names with a suffix.
PAIRS = """
title = "Stars that LSDB has matched with 2MASS"
citation = "LSDB"
like = "wide"

[columns]
j_m = { aka = ["j_m_2mass"], required = true }
h_m = { aka = ["h_m_2mass"], required = true }
ks_m = { aka = ["ks_m_2mass"], required = true }
""" + "\n".join(
    f"{name} = {{}}"
    for name in (
        *("source_id", "ra", "dec", "l", "b", "parallax", "parallax_error", "w1mpro", "w2mpro"),
        *(f"phot_{band}_mean_mag" for band in ("g", "bp", "rp")),
        *(f"{band}_mean_psf_mag" for band in "grizy"),
    )
)


class Runs(NamedTuple):
    """The same workspace after a run on one machine and after one by partitions, and what the latter printed.

    What LSDB wrote is ingested in the one, and read in place in the other.
    """

    single: Path
    tiles: Path
    lines: list[str]
    killed: list[int]


def seen_from_earth(
    star: SkyCoord, pmra: float, pmdec: float, parallax: float, velocity: float, date: float
) -> SkyCoord:
    """Where a star that Gaia DR2 has at `star` is seen at a Julian date, by astropy; in mas, years and km/s."""
    moving = SkyCoord(
        star.ra,
        star.dec,
        Distance(parallax=parallax * u.mas),
        pm_ra_cosdec=pmra * u.mas / u.yr,
        pm_dec=pmdec * u.mas / u.yr,
        radial_velocity=velocity * u.km / u.s,
        obstime=Time(2015.5, format="jyear", scale="tdb"),
    )
    when = Time(date, format="jd", scale="tdb")
    there = moving.apply_space_motion(new_obstime=when).cartesian.without_differentials()
    seen = SkyCoord(there - get_body_barycentric("earth", when))
    return SkyCoord(seen.ra, seen.dec)


def planted_places() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """ra, dec of stars and of their neighbours 0.6 arcsec away on the other side of an edge, a pole or RA 0 [deg]."""
    step = 0.3 / 3600
    ra, dec, ra_seen, dec_seen = [], [], [], []
    for order in (0, 1, 3):
        sphere = HEALPix(2**order, order="nested")
        pixels = np.arange(0, sphere.npix, max(1, sphere.npix // 6))
        lon, lat = (angle.to_value(u.deg).ravel() for angle in sphere.boundaries_lonlat(pixels, step=2))
        inside = np.abs(lat) < 89
        ra += [*lon[inside]]
        dec += [*(lat[inside] - step)]
        ra_seen += [*lon[inside]]
        dec_seen += [*(lat[inside] + step)]
    for pole in (90.0, -90.0):
        ra += [10.0, 200.0]
        dec += [pole - np.sign(pole) * step, pole - np.sign(pole) * 2 * step]
        ra_seen += [190.0, 200.0]
        dec_seen += [pole - np.sign(pole) * step, pole - np.sign(pole) * 3 * step]
    for latitude in (-60.0, -0.1, 0.2, 45.0):
        ra += [360 - step]
        ra_seen += [step / np.cos(np.radians(latitude))]
        dec += [latitude]
        dec_seen += [latitude]
    places = np.array([ra, dec, ra_seen, dec_seen])
    _, once = np.unique(np.round(places[:2], 6), axis=1, return_index=True)
    return tuple(places[:, np.sort(once)])


def plant(files: dict[str, Path]) -> None:
    """Add copies of a red clump star that all surveys see well at the planted places, a third of them fast."""
    truth = pl.read_parquet(files["mock_truth"]).filter(
        (pl.col("phase") == 3)
        & pl.all_horizontal(pl.col("twomass_designation", "allwise_designation", "panstarrs1_obj_id").is_not_null())
    )
    star = truth.row(0, named=True)
    ra, dec, ra_seen, dec_seen = planted_places()
    number = np.arange(len(ra))
    fast = (number % 3 == 0) & (dec < 80)
    keys = {"gaia_dr2": "source_id", "twomass": "designation", "allwise": "designation", "panstarrs1": "obj_id"}
    ours = {
        "gaia_dr2": star["source_id"],
        "twomass": star["twomass_designation"],
        "allwise": star["allwise_designation"],
        "panstarrs1": star["panstarrs1_obj_id"],
    }
    for survey, key in keys.items():
        table = pl.read_parquet(files[survey])
        model = table.filter(pl.col(key) == ours[survey]).head(1)
        names = [f"planted {n}" for n in number] if key == "designation" else FIRST + number
        columns = {key: names, "ra": ra_seen, "dec": dec_seen}
        if survey == "gaia_dr2":
            # 3 arcsec/yr northwards in the 15 years since the others looked.
            columns = {key: names, "ra": ra, "dec": dec + np.where(fast, 45 / 3600, 0.0)}
            columns |= {"pmra": np.zeros(len(ra)), "pmdec": np.where(fast, 3000.0, 0.0)}
        mjd = 51544.5 + 0.5 * 365.25
        epochs = {"j_date": mjd + 2_400_000.5, "epoch_mean": mjd, "w1mjd_mean": mjd}
        columns |= {name: np.full(len(ra), value) for name, value in epochs.items() if name in table.columns}
        copies = pl.concat([model] * len(ra)).with_columns(pl.Series(n, v) for n, v in columns.items())
        pl.concat([table, copies.cast(pl.Schema(table.schema))]).write_parquet(files[survey])


def write_with_lsdb(files: dict[str, Path], folder: Path) -> None:
    """What LSDB writes: the 2MASS stars in `twomass.hats`, and in `pairs.hats` its crossmatch of them with red clump
    stars that have the other surveys' photometry."""
    import dask
    import lsdb

    known = ["twomass_designation", "allwise_designation", "panstarrs1_obj_id"]
    truth = pl.read_parquet(files["mock_truth"]).filter(pl.col("phase") == 3).drop_nulls(known)
    table = pl.read_parquet(files["gaia_dr2"]).join(truth.select("source_id", *known), on="source_id")
    for survey, key in (("allwise", "designation"), ("panstarrs1", "obj_id")):
        other = pl.read_parquet(files[survey]).drop("ra", "dec")
        table = table.join(other, left_on=f"{survey}_{key}", right_on=key)
    table = table.with_columns(source_id=OWN + pl.int_range(pl.len()))
    with dask.config.set(scheduler="synchronous"):
        stars, twomass = (
            lsdb.from_dataframe(
                rows.to_pandas(use_pyarrow_extension_array=True),
                catalog_name=name,
                highest_order=0,
                margin_threshold=None,
            )
            for name, rows in (("table", table), ("twomass", pl.read_parquet(files["twomass"])))
        )
        twomass.write_catalog(folder / "twomass.hats", progress_bar=False)
        pairs = stars.crossmatch(twomass, radius_arcsec=1, suffixes=("", "_2mass"), require_right_margin=False)
        pairs.write_catalog(folder / "pairs.hats", progress_bar=False)


@pytest.fixture(scope="session")
def planted_sky(new_sky, tmp_path_factory) -> Path:
    """A workspace with the planted stars in it, nothing run yet, beside what LSDB wrote; to be copied."""
    from candlesql.catalogs.mock import make_sky

    folder = tmp_path_factory.mktemp("planted")
    files = make_sky(folder / "raw", STARS, SEED)
    plant(files)
    write_with_lsdb(files, folder)
    (folder / "pairs.toml").write_text(PAIRS)
    return new_sky(folder / "sky", files, (folder / "pairs.toml",))


def kill_a_worker(parts: Path, killed: list[int]) -> None:
    """SIGKILL one worker process as soon as a partition is finished."""
    import psutil

    deadline = time.time() + 120
    while time.time() < deadline and not list(parts.glob("*/parts/[0-9]*")):
        time.sleep(0.05)
    workers = [p for p in psutil.Process().children(recursive=True) if "spawn_main" in " ".join(p.cmdline())]
    if workers:
        killed.append(workers[-1].pid)
        os.kill(workers[-1].pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def runs(planted_sky, tmp_path_factory) -> Runs:
    """One machine against two worker processes, one of which is killed in the middle."""
    from candlesql.commands.ingest import ingest_survey
    from candlesql.commands.run import run_command
    from candlesql.scale import plan
    from candlesql.scale.command import run_by_tiles

    folder = tmp_path_factory.mktemp("runs")
    single, tiles = (Path(shutil.copytree(planted_sky, folder / name)) for name in ("single", "tiles"))
    ingest_survey(single, "pairs", [planted_sky.parent / "pairs.hats"], {}, {})
    for name in ("pairs", "twomass"):
        (tiles / f"catalogs/{name}.parquet").unlink(missing_ok=True)
        (tiles / f"catalogs/{name}.hats").symlink_to(planted_sky.parent / f"{name}.hats")
    list(run_command(single, "red_clump", {}))
    killed: list[int] = []
    watcher = threading.Thread(target=kill_a_worker, args=(tiles / "scale", killed))
    before, plan.TILE_ROWS = plan.TILE_ROWS, 1000
    try:
        watcher.start()
        lines = list(run_by_tiles(tiles, "red_clump", {}, workers=2, scheduler=None, skip_bad=False))
    finally:
        plan.TILE_ROWS = before
        watcher.join()
    return Runs(single, tiles, lines, killed)
