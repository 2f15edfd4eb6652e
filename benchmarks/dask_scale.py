"""`candlesql run` by partitions on two Dask workers against one process, and against LSDB, on the same mock stars.

    python benchmarks/dask_scale.py [--stars N] [--sky FOLDER] [--folder FOLDER]

Wall and CPU seconds of each, children included; the limit is twice the wall time of one process. LSDB crossmatches Gaia
with 2MASS (nearest within 1 arcsec, without proper motion), and scores by `map_partitions(score("red_clump"))` what
candlesql has matched. `--sky` takes a workspace with catalogs in it that nothing has been run on.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 2.0
COMMAND = "from candlesql.cli import main; main()"
SURVEYS = {"gaia_dr2": "", "twomass": "_2mass", "allwise": "_wise", "panstarrs1": "_ps1"}
CLUSTER = """
import logging, sys
from distributed import Client, LocalCluster
import lsdb
from candlesql.scale import score
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as c, Client(c):
"""
MATCH = (
    CLUSTER
    + """
        gaia = lsdb.open_catalog(sys.argv[1] + "/gaia_dr2.hats", columns=["source_id", "ra", "dec"])
        twomass = lsdb.open_catalog(sys.argv[1] + "/twomass.hats", columns=["designation", "ra", "dec"])
        pairs = gaia.crossmatch(twomass, radius_arcsec=1, suffixes=("", "_2mass"), require_right_margin=False)
        pairs.to_hats(sys.argv[1] + "/pairs", catalog_name="pairs")
"""
)
SCORE = (
    CLUSTER
    + f"""
        stars = lsdb.open_catalog(sys.argv[1] + "/wide.hats", columns="all")
        stars.map_partitions(score("red_clump", surveys={SURVEYS!r})).to_hats(
            sys.argv[1] + "/scored", catalog_name="scored")
"""
)


def make_sky(path: Path, stars: int) -> None:
    """Mock catalogs, ingested; nothing run."""
    from candlesql.catalogs.mock import make_sky as make_mock
    from candlesql.catalogs.prepare import ingest
    from candlesql.catalogs.survey import load_survey
    from candlesql.sql.open import make_sky as make_workspace

    sky = make_workspace(path)
    with tempfile.TemporaryDirectory(dir=path) as folder:
        for name, file in make_mock(Path(folder), stars, 7).items():
            ingest(load_survey(name), [file], sky.catalog(name))


def timed(label: str, *command: str | Path) -> float:
    """Run a command; prints and gives its wall time."""
    before, started = os.times(), time.perf_counter()
    done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{label}: {done.stderr[-2000:]}")
    seconds, after = time.perf_counter() - started, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    memory = [line for line in done.stdout.splitlines() if "GB" in line]
    print(f"{label:<42} {seconds:7.1f} s of wall, {cpu:7.1f} s of CPU  {' '.join(memory)}", flush=True)
    return seconds


def write_hats(sky: Path, folder: Path) -> None:
    """Gaia, 2MASS and what candlesql matched to Gaia, side by side, as HATS for LSDB."""
    from candlesql import open_sky
    from candlesql.catalogs.survey import Column, load_survey
    from candlesql.catalogs.writers.hats import write
    from candlesql.sql.describe import view_columns

    with open_sky(sky) as connection:
        for name in ("gaia_dr2", "twomass"):
            columns = [c for c in view_columns(connection, f"staging.{name}") if c.name != "epoch_yr"]
            write(connection, f"from staging.{name}", columns, "benchmark", folder / f"{name}.hats")
        wide, fields = [], []
        for survey, suffix in SURVEYS.items():
            for column in view_columns(connection, f"staging.{survey}"):
                if column.name in load_survey(survey).columns:
                    wide.append(Column(column.name + suffix, column.type))
                    fields.append(f'{survey}."{column.name}" as "{column.name}{suffix}"')
        joins = "".join(
            f" left join match.gaia_dr2_{survey} as to_{survey} on to_{survey}.source_id = gaia_dr2.source_id"
            f" left join staging.{survey} as {survey} on {survey}.{key} = to_{survey}.{key}"
            for survey, key in (("twomass", "designation"), ("allwise", "designation"), ("panstarrs1", "obj_id"))
        )
        joined = folder / "wide.parquet"
        connection.execute(
            f"copy (select {', '.join(fields)} from staging.gaia_dr2 as gaia_dr2{joins}) to '{joined}' (format parquet)"
        )
        write(connection, f"from '{joined}'", wide, "benchmark", folder / "wide.hats")
        joined.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stars", type=int, default=5_000_000)
    parser.add_argument("--sky", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--without-lsdb", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        folder = Path(temporary)
        sky = options.sky or folder / "sky"
        if not options.sky:
            make_sky(sky, options.stars)
        from candlesql import open_sky

        open_sky(sky).close()
        for name in ("one", "two"):
            shutil.copytree(sky, folder / name)
            open_sky(folder / name).close()
        single = timed("candlesql, one process", "-c", COMMAND, "run", folder / "one", "red_clump")
        tiles = timed("candlesql, two workers", "-c", COMMAND, "run", folder / "two", "red_clump", "--workers", "2")
        verdict = "within" if tiles <= LIMIT * single else "beyond"
        print(
            f"two workers take {tiles / single:.2f} times the wall time of one process, {verdict} the limit {LIMIT:g}"
        )
        if options.without_lsdb:
            return
        write_hats(folder / "one", folder)
        for name, script in (("match", MATCH), ("score", SCORE)):
            (folder / f"{name}.py").write_text(script)
        pairs = timed("LSDB, Gaia with 2MASS, two workers", folder / "match.py", folder)
        scored = timed("LSDB, map_partitions(score), two workers", folder / "score.py", folder)
        print(
            f"LSDB's one crossmatch takes {pairs / tiles:.2f}, its scoring {scored / tiles:.2f} of the whole run here"
        )


if __name__ == "__main__":
    main()
