"""Gaia as a HATS catalog that is read in place, one partition of it damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

pytest.importorskip("distributed", reason="needs the extra `scale`")

from candlesql.catalogs.survey import load_survey
from candlesql.catalogs.writers.hats import partition_file, write_index
from candlesql.commands.steps.pairs import Epochs
from candlesql.errors import UserError
from candlesql.scale.command import run_by_tiles
from candlesql.scale.plan import epochs
from candlesql.scale.sources import Source
from candlesql.sql.open import open_sky
from candlesql.workspace.folder import find_sky

BAD = 1
#: Bits below a pixel of order 0 in an index of order 29.
BELOW = 58


def as_hats(file: Path, folder: Path) -> None:
    """The rows of an ingested catalog as a HATS catalog of twelve partitions."""
    pixels = []
    for pixel in range(12):
        part = partition_file(folder, 0, pixel)
        part.parent.mkdir(parents=True, exist_ok=True)
        duckdb.sql(
            f"copy (from '{file}' where _healpix_29 >> {BELOW} = {pixel} order by _healpix_29) to '{part}' "
            "(format parquet, compression zstd)"
        )
        pixels.append((0, pixel, pq.read_metadata(part).num_rows))
    write_index(folder, pixels, "test")


def damage(file: Path) -> None:
    """Zeros in the place of all rows; what the file says of itself stays."""
    content = bytearray(file.read_bytes())
    end = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    content[4:end] = bytes(end - 4)
    file.write_bytes(content)


def test_epochs_pass_over_what_cannot_be_read(new_sky, write_rows, tmp_path):
    """One star of 2000.0 in pixel 4, which is right at ra 0; one of 2001.0 in the damaged pixel 5, which is at 90."""
    rows = [
        {"designation": "a", "ra": 0.0, "dec": 0.0, "j_date": 2451545.0},
        {"designation": "b", "ra": 90.0, "dec": 0.0, "j_date": 2451910.25},
    ]
    sky = find_sky(new_sky(tmp_path / "sky", {"twomass": write_rows(tmp_path / "twomass.csv", rows)}))
    source = Source(load_survey("twomass"), tmp_path / "twomass.hats")
    as_hats(sky.catalog("twomass"), source.path)
    with open_sky(sky.root) as connection:
        assert epochs(connection, source) == Epochs(2000.5, 2000.0, 2001.0)
        damage(partition_file(source.path, 0, 5))
        assert epochs(connection, source) == Epochs(2000.0, 2000.0, 2000.0)


@pytest.mark.heavy
def test_a_bad_partition_is_named_and_the_rest_completes(planted_sky, runs, tmp_path):
    sky = find_sky(shutil.copytree(planted_sky, tmp_path / "sky"))
    file = sky.catalog("gaia_dr2")
    folder = file.with_suffix(".hats")
    as_hats(file, folder)
    file.unlink()
    damage(partition_file(folder, 0, BAD))

    with pytest.raises(UserError, match=rf"Npix={BAD}: .*Npix={BAD}.parquet.*finished and stay.*--skip-bad"):
        list(run_by_tiles(sky.root, "red_clump", {}, workers=2, scheduler=None, skip_bad=False))
    finished = {part: part.stat().st_mtime_ns for part in sky.root.glob("scale/*/parts/[0-9]*/*.scored.parquet")}
    inodes = {part.stat().st_ino for part in finished}

    lines = list(run_by_tiles(sky.root, "red_clump", {}, workers=2, scheduler=None, skip_bad=True))
    assert [line for line in lines if line.startswith("left out: ") and f"Npix={BAD}.parquet" in line]
    scores = list(sky.scores.glob("red_clump/*.parquet"))
    assert len(scores) == 11
    assert inodes <= {part.stat().st_ino for part in scores}, "what was finished was done again"

    where = f"where source_id in (select source_id from '{runs.single}/catalogs/gaia_dr2.parquet' where "
    where += f"_healpix_29 >> {BELOW} <> {BAD})"
    for name in ("twomass", "allwise", "panstarrs1"):
        pairs = f"(select * exclude (separation_arcsec) from '{{}}' {where} order by all)"
        ours, theirs = (
            duckdb.sql(pairs.format(root)).fetchall()
            for root in (
                sky.matches / f"gaia_dr2_{name}/*.parquet",
                runs.single / f"matches/gaia_dr2_{name}.parquet",
            )
        )
        assert ours == theirs
        assert ours
