"""A run by partitions gives what one machine gives, whatever happens to a worker, as a catalog that LSDB works with."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

pytest.importorskip("lsdb", reason="needs the extra `scale`")

import lsdb
from astropy.coordinates import SkyCoord
from astropy.table import Table
from candlesql import open_sky
from candlesql.commands.export import export
from candlesql.commands.join import join
from candlesql.explore.command import explore
from candlesql.tests.scale.conftest import FIRST, OWN, planted_places

#: The catalogue's own files among those of the collection.
ROWS = "catalogue/dataset/Norder=*/Dir=*/Npix=*.parquet"
MATCHES = [f"match.gaia_dr2_{name}" for name in ("twomass", "allwise", "panstarrs1", "lamost", "seismology")]


def table(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, np.ma.MaskedArray]:
    found = connection.execute(f"{query} order by all").fetchnumpy()
    return {name: np.ma.asarray(values) for name, values in found.items()}


def assert_equal(ours: dict, theirs: dict, relative: float) -> None:
    assert list(ours) == list(theirs)
    for name, values in ours.items():
        assert len(values) == len(theirs[name]), name
        np.testing.assert_array_equal(np.ma.getmaskarray(values), np.ma.getmaskarray(theirs[name]), err_msg=name)
        if values.dtype.kind == "f":
            rounding = 2**-24 if values.dtype == np.float32 else 1e-9
            if "covariance" in name:  # a sum that cancels
                rounding = relative * np.abs(theirs[name]).max()
            np.testing.assert_allclose(
                values.compressed(), theirs[name].compressed(), rtol=relative, atol=rounding, err_msg=name
            )
        else:
            np.testing.assert_array_equal(values.compressed(), theirs[name].compressed(), err_msg=name)


def test_a_worker_was_killed_and_the_run_is_complete(runs):
    assert len(runs.killed) == 1
    assert any(line.startswith("red_clump.scores: ") for line in runs.lines)
    assert not [line for line in runs.lines if "left out" in line]
    assert not list((runs.tiles / "scale").iterdir())


@pytest.mark.parametrize("view", MATCHES)
def test_matches_are_those_of_one_machine_to_the_last_bit(runs, view):
    with open_sky(runs.single, trust=True) as single, open_sky(runs.tiles, trust=True) as tiles:
        assert_equal(table(tiles, f"from {view}"), table(single, f"from {view}"), 0)


@pytest.mark.parametrize("survey", ["twomass", "allwise", "panstarrs1"])
def test_every_planted_star_finds_its_neighbour_across_the_edge(runs, survey):
    n = len(planted_places()[0])
    key = "obj_id" if survey == "panstarrs1" else "designation"
    with open_sky(runs.tiles, trust=True) as tiles:
        rows = dict(
            tiles.execute(f"select source_id, {key} from match.gaia_dr2_{survey} where source_id >= {FIRST}").fetchall()
        )
    expected = {FIRST + k: FIRST + k if survey == "panstarrs1" else f"planted {k}" for k in range(n)}
    assert rows == expected


def test_scores_are_those_of_one_machine(runs):
    with open_sky(runs.single, trust=True) as single, open_sky(runs.tiles, trust=True) as tiles:
        ours, theirs = (table(sky, "from red_clump.scores") for sky in (tiles, single))
        assert_equal(ours, theirs, 2e-5)


def test_the_catalogue_is_that_of_one_machine(runs):
    hats = runs.tiles / "results/red_clump/catalogue.hats" / ROWS
    with open_sky(runs.single, trust=True) as single:
        theirs = table(single, "from red_clump.catalogue")
        rows = f"select * exclude (_healpix_29) from read_parquet('{hats}', hive_partitioning = false)"
        assert_equal(table(single, rows), theirs, 2e-5)
        assert (theirs["tier"] >= 1).sum() > 20


@pytest.mark.parametrize("view", ["funnel", "kiel_cells", "seismic_cells", "bins"])
def test_counts_of_the_whole_sky_are_exact(runs, view):
    with open_sky(runs.single, trust=True) as single:
        made = f"from '{runs.tiles}/results/red_clump/red_clump.{view}.parquet'"
        assert_equal(table(single, made), table(single, f"from red_clump.{view}"), 1e-12)


@pytest.mark.parametrize("view", ["intrinsic_colours", "absolute_magnitudes", "calibration", "anchor", "training"])
def test_fits_of_the_whole_sky_are_those_of_one_machine(runs, view):
    with open_sky(runs.single, trust=True) as single:
        made = f"from '{runs.tiles}/results/red_clump/red_clump.{view}.parquet'"
        assert_equal(table(single, made), table(single, f"from red_clump.{view}"), 1e-5)


def test_the_same_run_again_has_nothing_to_do(runs, monkeypatch):
    from candlesql.scale import plan
    from candlesql.scale.command import run_by_tiles

    monkeypatch.setattr(plan, "TILE_ROWS", 1000)
    assert list(run_by_tiles(runs.tiles, "red_clump", {}, workers=2, scheduler=None, skip_bad=False)) == []


@pytest.mark.parametrize("product", ["baseline", "gradients", "expected_changes"])
def test_what_is_made_of_labelled_stars_is_that_of_one_machine(runs, product):
    """Also of those whose photometry is in a catalog that is read in place; the small steps of a derivative round."""
    assert [line for line in runs.lines if line.startswith(f"red_clump.{product}: ")]
    with open_sky(runs.single, trust=True) as single, open_sky(runs.tiles, trust=True) as tiles:
        query = f"select columns(lambda c: not starts_with(c, 'step_')) from red_clump.{product}"
        theirs = table(single, query)
        assert_equal(table(tiles, query), theirs, 2e-5)
    assert all(len(values) for values in theirs.values())


def test_what_one_machine_tells_of_its_results_is_told(runs):
    """What distances rest on, and tables in which something is off; only tables that are read in place tell less."""
    from candlesql.commands.run import run_command

    said = list(run_command(runs.single, "red_clump", {}))
    told = [line for line in said if not line.startswith(("red_clump.catalogue: ", "note: pairs: "))]
    assert told[0].startswith("red_clump distances: ")
    assert runs.lines[-len(told) :] == told
    with open_sky(runs.single, trust=True) as single, open_sky(runs.tiles, trust=True) as tiles:
        query = "from red_clump.band_offsets"
        assert tiles.execute(query).fetchall() == single.execute(query).fetchall()
        made = "select count(*) from candlesql.runs where product = 'red_clump.band_offsets'"
        assert tiles.execute(made).fetchall() == [(1,)]


def test_one_machine_finds_nothing_left_to_do(runs):
    from candlesql.commands.run import run_system
    from candlesql.workspace.folder import existing_sky

    with open_sky(runs.tiles, read_only=False) as connection:
        assert run_system(connection, existing_sky(runs.tiles), "red_clump") == {}


def test_what_lsdb_matched_is_scored_like_other_stars(runs):
    """Its pairs, all of them, whatever bands they lack, and the same whether ingested or read in place."""
    with open_sky(runs.single, trust=True) as single, open_sky(runs.tiles, trust=True) as tiles:
        ours, theirs = (
            sky.execute(
                f"select survey, count(*) from red_clump.scores where source_id >= {OWN} group by all"
            ).fetchall()
            for sky in (tiles, single)
        )
        pairs, without_j = single.execute("select count(*), count_if(j_m is null) from staging.pairs").fetchone()
    assert ours == theirs == [("pairs", pairs)]
    assert pairs > 100
    assert without_j > 0, "a band is missing somewhere, and its star is scored all the same"


@pytest.fixture(scope="module")
def catalogue(runs):
    return runs.tiles / "results/red_clump/catalogue.hats"


@pytest.fixture(scope="module")
def rows(catalogue):
    return duckdb.sql(f"select source_id, ra, dec as \"dec\" from read_parquet('{catalogue}/{ROWS}')").df()


def test_hats_validates_it_strictly(catalogue):
    from hats.io.validation import is_valid_collection

    assert is_valid_collection(catalogue, strict=True)


def test_lsdb_finds_a_star_by_its_identifier(catalogue, rows):
    one = int(rows.source_id[7])
    assert lsdb.open_catalog(catalogue).id_search({"source_id": one}).compute().source_id.tolist() == [one]


def test_it_goes_into_other_commands(runs, catalogue, rows, tmp_path):
    """As a file that is joined, and as the view that is exported and explored, although 2MASS is read in place."""
    out, exported = tmp_path / "joined.parquet", tmp_path / "again.hats"
    with open_sky(runs.tiles, trust=True) as connection:
        assert join(connection, catalogue, out, "red_clump.catalogue", on="source_id") == (len(rows), len(rows))
        assert export(connection, "red_clump.catalogue", exported) == len(rows)
    with explore(runs.tiles) as page:
        assert page.url
    joined = duckdb.sql(f"select count(*), count_if(tier is not distinct from tier_candlesql) from '{out}'").fetchall()
    assert joined == [(len(rows), len(rows))]
    again = lsdb.open_catalog(exported)
    assert again.margin is not None
    assert sorted(again.compute().source_id) == sorted(rows.source_id)


def test_lsdb_searches_a_cone(catalogue, rows):
    centre = rows.iloc[len(rows) // 2]
    found = lsdb.open_catalog(catalogue).cone_search(centre.ra, centre.dec, 36_000).compute()
    apart = SkyCoord(rows.ra, rows.dec, unit="deg").separation(SkyCoord(centre.ra, centre.dec, unit="deg"))
    assert sorted(found.source_id) == sorted(rows.source_id[apart.deg < 10])
    assert len(found) > 1


@pytest.mark.heavy
def test_lsdb_crossmatches_it(catalogue, rows):
    ours = lsdb.open_catalog(catalogue)
    pairs = ours.crossmatch(ours, radius_arcsec=0.01, suffixes=("", "_again"), require_right_margin=False).compute()
    assert len(pairs) >= len(rows) - 2
    assert (pairs.ra - pairs.ra_again).abs().max() < 1e-9


def test_units_and_provenance_are_in_it(catalogue):
    for file in (next(catalogue.glob(ROWS)), next(catalogue.glob("catalogue_10arcs/dataset/*/*/*.parquet"))):
        assert str(Table.read(file)["distance_kpc"].unit) == "kpc"
    note = (catalogue / "catalogue/provenance.txt").read_text()
    assert "gaia_dr2.parquet:" in note
    assert "red_clump:" in note
    assert '"max_ruwe"' in note
