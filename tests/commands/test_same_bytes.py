"""The same seed gives the same bytes, on one core, on two, and twice in a row."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from candlesql import open_sky
from candlesql.catalogs.survey import load_survey
from candlesql.commands.match import match
from candlesql.sql.open import writing
from candlesql.workspace.folder import find_sky


@pytest.mark.parametrize("kind", ["best", "all", "outer"])
def test_a_match_has_the_same_bytes_on_one_core_and_two(mock_sky, tmp_path, kind):
    sky = find_sky(shutil.copytree(mock_sky, tmp_path / "sky"))
    left, right = load_survey("gaia_dr2"), load_survey("allwise")
    seen = set()
    with writing(sky.root) as connection:
        for threads in (1, 2, 2):
            connection.execute(f"set threads = {threads}")
            match(connection, sky, left, right, 2.0, kind)
            seen.add(sky.match("gaia_dr2", "allwise").read_bytes())
    assert len(seen) == 1


@pytest.mark.parametrize(
    "view",
    [
        "validation",
        "clump_odds",
        "clump_shares",
        "final_contamination",
        "final_cells",
        "final_curves",
        "bayesian_distances",
    ],
)
def test_sums_of_many_stars_have_the_same_digits_on_one_core_and_two(mock_sky, view):
    """Rows that come in another order give another last digit, unless they are added in an order of their own."""
    seen = set()
    with open_sky(mock_sky) as connection:
        for threads in (1, 2, 2):
            connection.execute(f"set threads = {threads}")
            seen.add(repr(connection.execute(f"from red_clump.{view} order by all").fetchall()))
    assert len(seen) == 1


@pytest.mark.heavy
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2, reason="one core only")
def test_all_products_of_a_demo_have_the_same_bytes_on_one_core_and_two(tmp_path):
    """The two are made in processes of their own, which see one core and all of them."""
    cores = sorted(os.sched_getaffinity(0))
    made = []
    for number, allowed in enumerate((cores[:1], cores)):
        sky = tmp_path / str(number)
        code = f"import os; os.sched_setaffinity(0, {allowed}); from candlesql.cli import main; main()"
        command = [sys.executable, "-c", code, "demo", str(sky), "--stars", "4000", "--seed", "3"]
        subprocess.run(command, check=True, capture_output=True)
        made.append({str(file.relative_to(sky)): file.read_bytes() for file in Path(sky).rglob("*.parquet")})
    assert made[0].keys() == made[1].keys()
    assert [name for name in made[0] if made[0][name] != made[1][name]] == []
