"""Every system by partitions gives what it gives on one machine."""

from __future__ import annotations

import re
import shutil
import threading
from pathlib import Path

import duckdb
import pytest

pytest.importorskip("distributed", reason="needs the extra `scale`")

from candlesql import open_sky
from candlesql.commands.run import run_command
from candlesql.scale import command, plan, rates
from candlesql.scale.command import run_by_tiles
from candlesql.scale.forecast import forecast
from candlesql.scale.kinds import Kind, kinds_of_views
from candlesql.scale.rates import Rates, least_stars
from candlesql.scale.stages import stages_of
from candlesql.sql.systems import system_steps
from candlesql.tests.scale.both_ways import Made, differences, made_by_partitions, of_labels, of_lookups, views_of
from candlesql.tests.scale.conftest import kill_a_worker
from candlesql.tests.scale.skies import WITHOUT_POSITION, make_distmass_sky, make_northern_sky
from distributed import LocalCluster

RELATIVE = 2e-5


@pytest.fixture(scope="module")
def giants(empty_sky, tmp_path_factory) -> Path:
    """480 giants in two tables, run on one machine."""
    sky = make_distmass_sky(empty_sky, tmp_path_factory.mktemp("giants"))
    list(run_command(sky, "distmass", {}))
    return sky


@pytest.fixture
def scheduler():
    """The address of a cluster in this process."""
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


def not_run(sky: Path, folder: Path) -> Path:
    """A copy of a workspace without matches and scores."""
    copy = Path(shutil.copytree(sky, folder / "sky"))
    for made in ("matches", "scores"):
        shutil.rmtree(copy / made, ignore_errors=True)
    return copy


@pytest.mark.heavy
def test_giants_by_partitions_are_those_of_one_machine(giants, scheduler, tmp_path, monkeypatch):
    """Through the cluster and into the workspace: scores, catalogue, a sum and a view of the whole sky; stars without a
    position are in all but the HATS catalog."""
    stages = stages_of("distmass", ("distmass.funnel", "distmass.clusters"))
    monkeypatch.setattr(plan, "stages_of", lambda _: stages)
    sky = not_run(giants, tmp_path)
    lines = list(run_by_tiles(sky, "distmass", {}, None, scheduler, skip_bad=False))
    results = sky / "results/distmass"
    hats = list(results.glob("catalogue.hats/catalogue/dataset/Norder=*/Dir=*/Npix=*.parquet"))
    n_nowhere = len(range(0, 480, WITHOUT_POSITION))
    assert len(hats) == 2
    assert f"{results / 'catalogue.hats'}: {480 - n_nowhere} rows in 2 partitions" in lines
    assert "distmass.catalogue: 480 rows" in lines
    with open_sky(giants, trust=True) as single, open_sky(sky, trust=True) as tiles:
        made = [
            Made("distmass.funnel", Kind.SUM, [results / "distmass.funnel.parquet"]),
            Made("distmass.clusters", Kind.WHOLE, [results / "distmass.clusters.parquet"]),
            Made("distmass.scores", Kind.STARS, [*(sky / "scores/distmass").glob("*.parquet")]),
        ]
        assert differences(single, made, RELATIVE) == []
        placed = "select spectrum_id from distmass.stars where ra is not null"
        single.execute(f'create temp view placed as from distmass.catalogue where "SPECTRUM_ID" in ({placed})')
        assert differences(single, [Made("placed", Kind.STARS, hats)], RELATIVE) == []
        assert tiles.execute("select count(*) from distmass.scores").fetchall() == [(480,)]
    assert list(run_by_tiles(sky, "distmass", {}, None, scheduler, skip_bad=False)) == []
    assert list(run_command(sky, "distmass", {}))[:1] == ["distmass.catalogue: 480 rows"]


def test_few_stars_are_left_to_one_process(giants, tmp_path, monkeypatch):
    """By hand: 2 workers of 4 s and 12 partitions of 1 s are a fifth of 5 million stars of 20 microseconds."""
    monkeypatch.setattr(rates, "SECONDS_A_WORKER", 4.0)
    monkeypatch.setitem(rates.RATES, "distmass", Rates(20e-6, 1.0, 0))
    assert least_stars("distmass", 2) == 5_000_000
    monkeypatch.setattr(command, "client_of", None)
    said, *lines = run_by_tiles(not_run(giants, tmp_path), "distmass", {}, 2, None, skip_bad=False)
    assert re.fullmatch(r"480 stars are done sooner in one process.*: 2 workers .* are worth it from 5,000,000", said)
    assert "distmass.catalogue: 480 rows" in lines


def test_a_plan_of_what_is_not_measured_says_so(giants, monkeypatch):
    monkeypatch.delitem(rates.RATES, "distmass", raising=False)
    said = list(forecast(giants, "distmass", {}, 2, None))
    assert re.fullmatch(r"partitions: 3, with 480 stars", said[0])
    assert "time: not known: not measured for this system" in said


@pytest.fixture(scope="module")
def mock(new_sky, tmp_path_factory) -> Path:
    """The north of the mock sky, with the red clump and photometry run."""
    sky = make_northern_sky(new_sky, tmp_path_factory.mktemp("both"))
    for system in ("red_clump", "photometry"):
        list(run_command(sky, system, {}))
    return sky


@pytest.fixture(scope="module")
def spectra(empty_sky, tmp_path_factory) -> Path:
    """Simulated APOGEE, trained on and scored."""
    pytest.importorskip("torch")
    from candlesql.commands.mock_apogee import simulate
    from candlesql.training.parallax.fit import Settings
    from candlesql.training.parallax.train import train_sky

    sky = Path(shutil.copytree(empty_sky, tmp_path_factory.mktemp("spectra") / "sky"))
    simulate(sky, 800, 7)
    train_sky(sky, 0, {}, settings=Settings(iterations=60), strengths=(100.0,))
    list(run_command(sky, "parallax", {}))
    return sky


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("'inf', 1e-4, 2.0", ""),
        ("'inf', 2e-4, 2.0", "covariance differs"),
        ("1e30, 1e-4, 2.0", "covariance differs"),
        ("'-inf', 1e-4, 2.0", "covariance differs"),
    ],
)
def test_an_infinite_covariance_hides_no_difference(values, said, tmp_path):
    """The finite ones are at most 2, and so held to 4e-5."""
    single, file = duckdb.connect(), tmp_path / "rows.parquet"
    rows = "select unnest([1, 2, 3]) as star, unnest([{}]::double[]) as covariance"
    single.execute("create view covariances as " + rows.format("'inf', 1e-4, 2.0"))
    single.execute(f"copy ({rows.format(values)}) to '{file}'")
    found = differences(single, [Made("covariances", Kind.STARS, [file])], RELATIVE)
    assert found == ([f"covariances ({Kind.STARS}): {said}"] if said else [])


@pytest.mark.heavy
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("system", "sky", "tile_rows"),
    [
        ("red_clump", "mock", 1000),
        ("photometry", "mock", 1000),
        ("distmass", "giants", 100),
        ("parallax", "spectra", 200),
    ],
)
def test_every_view_of_every_system_is_that_of_one_machine(system, sky, tile_rows, request, tmp_path, monkeypatch):
    """Row for row: those of stars united, numbers summed, the others made of what is gathered."""
    base = request.getfixturevalue(sky)
    kinds = kinds_of_views(system)
    made = made_by_partitions(not_run(base, tmp_path), system, tile_rows, monkeypatch)
    there = {one.view for one in made}
    for view in views_of(system):
        elsewhere = of_lookups(system, view) or of_labels(system, view)
        assert view in there or kinds[view] in (Kind.FIXED, Kind.LOOKUP) or elsewhere, view
    with open_sky(base, trust=True) as single:
        assert differences(single, made, RELATIVE) == []


@pytest.mark.heavy
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("system", "sky", "tile_rows"),
    [("photometry", "mock", 1000), ("distmass", "giants", 100), ("parallax", "spectra", 200)],
)
def test_a_worker_that_dies_in_mid_run_changes_nothing(system, sky, tile_rows, request, tmp_path, monkeypatch):
    base = request.getfixturevalue(sky)
    copy = not_run(base, tmp_path)
    monkeypatch.setattr(plan, "TILE_ROWS", tile_rows)
    monkeypatch.setattr(command, "too_few", lambda *_: "")
    killed: list[int] = []
    watcher = threading.Thread(target=kill_a_worker, args=(copy / "scale", killed))
    watcher.start()
    list(run_by_tiles(copy, system, {}, 2, None, skip_bad=False))
    watcher.join()
    assert len(killed) == 1
    view, file = system_steps(system).catalogue, tmp_path / "catalogue.parquet"
    with open_sky(copy, trust=True) as tiles, open_sky(base, trust=True) as single:
        tiles.execute(f"copy (from {view}) to '{file}'")
        assert differences(single, [Made(view, Kind.STARS, [file])], RELATIVE) == []
    assert not (copy / "scale").exists() or not list((copy / "scale").iterdir())
