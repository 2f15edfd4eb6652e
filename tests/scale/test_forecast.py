"""What `run --plan` says, against DuckDB's reading of the footers and figures by hand; it leaves no trace."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

pytest.importorskip("cdshealpix", reason="needs the extra `scale`")

from candlesql import open_sky
from candlesql.catalogs.survey import load_survey
from candlesql.cli import app
from candlesql.errors import UserError
from candlesql.scale import forecast as module
from candlesql.scale.forecast import Footers, Forecast, forecast
from candlesql.scale.plan import run_name
from candlesql.scale.rates import Rates
from candlesql.scale.sources import Source
from candlesql.scale.tiles import Tile
from candlesql.workspace.folder import existing_sky

GAIA = load_survey("gaia_dr2")


def lines(sky: Path, **said) -> list[str]:
    return list(forecast(sky, "red_clump", said.get("cuts", {}), said.get("workers", 2), said.get("scheduler")))


def contents(folder: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def sorted_catalog(tmp_path_factory) -> Path:
    """Forty row groups and more over the whole sky; a column that no survey knows is in it."""
    file = tmp_path_factory.mktemp("footers") / "gaia_dr2.parquet"
    duckdb.execute(
        f"""copy (
                select (i * 12 * 4::ubigint ** 29 / 100000)::bigint as _healpix_29, i as source_id, random() as ra,
                    random() as unheard_of
                from range(100000) as t(i) order by 1
            ) to '{file}' (format parquet, row_group_size 2048)"""
    )
    return file


@pytest.mark.parametrize("tile", [Tile(0, 0), Tile(0, 11), Tile(2, 77), Tile(4, 1234)])
def test_row_groups_are_those_that_reach_into_the_ranges(sorted_catalog, tile):
    ranges = tile.with_margin(1.0)
    reaches = " or ".join(
        f"(max(stats_max_value::bigint) filter (path_in_schema = '_healpix_29') >= {first} "
        f"and min(stats_min_value::bigint) filter (path_in_schema = '_healpix_29') <= {last})"
        for first, last in ranges
    )
    ((expected,),) = duckdb.sql(
        f"""select sum(size) from (
                select sum(total_compressed_size) filter (path_in_schema <> 'unheard_of') as size
                from parquet_metadata('{sorted_catalog}') group by row_group_id having {reaches})"""
    ).fetchall()
    footers = Footers(Source(GAIA, sorted_catalog))
    assert footers.size_in(ranges) == expected
    assert footers.rows == 100_000
    assert footers.size_in([module.WHOLE_SKY]) > expected > 0


def test_the_figures_are_those_of_the_rates(sorted_catalog, monkeypatch):
    """By hand: 1 of 4 partitions left of 100,000 stars; 2MASS to be matched, as many rows as stars."""
    monkeypatch.setattr(module, "MATCH_BYTES", 20)
    gaia, twomass = Source(GAIA, sorted_catalog), Source(load_survey("twomass"), sorted_catalog)
    footers = {source.survey.name: Footers(source) for source in (gaia, twomass)}
    tiles = [Tile(1, pixel) for pixel in range(4)]
    plan = Forecast(tiles, tiles[:1], [gaia], [twomass], ["twomass"], footers, Rates(1e-3, 5.0, 100))
    assert plan.seconds == pytest.approx(25 + 5)
    assert plan.written == 100_000 * 120
    said = list(module._lines(plan, 3))
    assert said[0] == "partitions: 4, with 100,000 stars; 3 are finished and stay"
    assert said[2] == "to be written: about 3.0 MB, matches and scores"
    assert said[4] == "time: about 30 s on 1 worker (30 s of CPU), once they run"


def test_a_plan_is_said_and_nothing_is_done(own_sky, capsys):
    before = contents(own_sky)
    app(["run", str(own_sky), "red_clump", "--workers", "2", "--plan"], standalone_mode=False)
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said[:5]] == [
        "partitions",
        "to be read",
        "to be written",
        "memory",
        "time",
    ]
    assert re.match(r"partitions: \d+, with 4 stars$", said[0])
    assert said[5].startswith("the whole of Gaia on paper, 1.8 billion stars like these: ")
    assert contents(own_sky) == before


def test_finished_partitions_are_taken_up_unless_a_cut_moves(own_sky):
    sky = existing_sky(own_sky)
    with open_sky(own_sky) as connection:
        name = run_name(connection, sky, "red_clump")
    ((pixel,),) = duckdb.sql(f"select min(_healpix_29 >> 58) from '{own_sky}/catalogs/gaia_dr2.parquet'").fetchall()
    (own_sky / "scale" / name / "parts" / f"0-{pixel}").mkdir(parents=True)
    assert lines(own_sky)[0].endswith("; 1 are finished and stay")
    assert "finished" not in lines(own_sky, cuts={"max_ruwe": "1.1"})[0]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"workers": None}, "either --workers N, or --scheduler URL"),
        ({"scheduler": "tcp://nobody:1"}, "either --workers N, or --scheduler URL"),
        ({"cuts": {"max_rue": "1.2"}}, "--cut max_rue: there is no such cut"),
    ],
)
def test_what_a_run_would_refuse_is_refused(own_sky, said, message):
    with pytest.raises(UserError, match=message):
        lines(own_sky, **said)


def test_hats_partitions_that_are_unreadable_or_large_are_said(own_sky, monkeypatch):
    file, hats = own_sky / "catalogs/gaia_dr2.parquet", own_sky / "catalogs/gaia_dr2.hats"
    (hats / "dataset/Norder=0/Dir=0").mkdir(parents=True)
    (hats / "hats.properties").write_text("catalog_type=object\n")
    ((pixel,),) = duckdb.sql(f"select min(_healpix_29 >> 58) from '{file}'").fetchall()
    good = hats / f"dataset/Norder=0/Dir=0/Npix={pixel}.parquet"
    duckdb.execute(f"copy (from '{file}' where _healpix_29 >> 58 = {pixel} order by _healpix_29) to '{good}'")
    bad = hats / "dataset/Norder=0/Dir=0/Npix=11.parquet"
    bad.write_text("no Parquet")
    file.unlink()
    monkeypatch.setattr(module, "TILE_ROWS", 0.5)
    said = lines(own_sky)
    assert f"cannot be read, and stops the run unless it is told --skip-bad: {bad}" in said
    assert any(line.startswith("memory: not known: the largest partition has ") for line in said)
