"""What docs/photometry.md says of the published sample's held-out stars, by the command and the views."""

import shutil
from pathlib import Path

import pytest
from candlesql import open_sky
from candlesql.catalogs.prepare import ingest
from candlesql.catalogs.survey import load_survey
from candlesql.commands.run import run_command
from candlesql.workspace.folder import find_sky

FILE = Path(__file__).resolve().parents[4] / "shared" / "data" / "green2020" / "stars_13band.parquet"
PAIRS = """
    from photometry.inferred as inferred
    inner join photometry.stars as stars using (survey, source_id)
    where held_out
"""


@pytest.fixture(scope="module")
def connection(empty_sky, tmp_path_factory):
    if not FILE.exists():
        pytest.skip(f"{FILE} is not here")
    sky = find_sky(shutil.copytree(empty_sky, tmp_path_factory.mktemp("held") / "sky"))
    ingest(load_survey("green2020"), [FILE], sky.catalog("green2020"))
    list(run_command(sky.root, "photometry", {}))
    with open_sky(sky.root) as opened:
        yield opened


@pytest.mark.heavy
def test_errors_hold_the_labels(connection):
    found = connection.execute(
        "select quantity, sum(n), sum(n * within_one_error) / sum(n), sum(n * within_two_errors) / sum(n) "
        "from photometry.pulls where held_out group by quantity order by quantity"
    ).fetchall()
    assert [row[:2] for row in found] == [("feh", 596), ("logg", 647), ("teff_k", 647)]
    assert [row[2] for row in found] == pytest.approx([0.65, 0.67, 0.69], abs=0.02)
    assert [row[3] for row in found] == pytest.approx([0.94, 0.92, 0.93], abs=0.01)


@pytest.mark.heavy
def test_metal_poor_stars_get_no_metallicity(connection):
    """Those whose posterior is not two errors above -1: 15 of the 17 whose label is below, and 48 of 642 others."""
    found = connection.execute(
        f"select stars.feh < -1 as is_poor, count(*), count(*) - count(inferred.feh) {PAIRS} group by all order by all"
    ).fetchall()
    assert found == [(False, 642, 48), (True, 17, 15)]


@pytest.mark.heavy
def test_errors_of_cool_stars_hold_their_temperatures(connection):
    ((n, one, two),) = connection.execute(
        f"""select count(*), avg((miss < sigma)::integer), avg((miss < 2 * sigma)::integer) from (
                select abs(inferred.teff_k - stars.teff_k) as miss, stats.hypot(inferred.teff_k_error, l_teff) as sigma
                {PAIRS} and inferred.teff_k < 4500)"""
    ).fetchall()
    assert n == 73
    assert (one, two) == pytest.approx((0.67, 0.92), abs=0.02)


@pytest.mark.heavy
def test_distances_are_those_of_precise_parallaxes(connection):
    """0.04 mas above Gaia DR2's."""
    ((n, miss),) = connection.execute(
        f"select count(*), median(abs(distance_kpc * (parallax + 0.04) - 1)) {PAIRS} and parallax > 30 * parallax_error"
    ).fetchall()
    assert n > 150
    assert miss < 0.003
