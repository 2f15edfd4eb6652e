"""The catalogue of a run is a HATS catalog that LSDB works with, units and provenance in it."""

from __future__ import annotations

import duckdb
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table

lsdb = pytest.importorskip("lsdb", reason="needs the extra `scale`")


@pytest.fixture(scope="module")
def catalogue(runs):
    return runs.tiles / "results/red_clump/catalogue.hats"


@pytest.fixture(scope="module")
def rows(catalogue):
    return duckdb.sql(
        f"select source_id, ra, dec as \"dec\" from read_parquet('{catalogue}/dataset/*/*/*.parquet')"
    ).df()


def test_hats_validates_it_strictly(catalogue):
    from hats.io.validation import is_valid_catalog

    assert is_valid_catalog(catalogue, strict=True)


def test_lsdb_searches_a_cone(catalogue, rows):
    centre = rows.iloc[len(rows) // 2]
    found = lsdb.open_catalog(catalogue).cone_search(centre.ra, centre.dec, 36_000).compute()
    apart = SkyCoord(rows.ra, rows.dec, unit="deg").separation(SkyCoord(centre.ra, centre.dec, unit="deg"))
    assert sorted(found.source_id) == sorted(rows.source_id[apart.deg < 10])
    assert len(found) > 1


def test_lsdb_crossmatches_it(catalogue, rows):
    ours = lsdb.open_catalog(catalogue)
    pairs = ours.crossmatch(ours, radius_arcsec=0.01, suffixes=("", "_again"), require_right_margin=False).compute()
    assert len(pairs) >= len(rows) - 2
    assert (pairs.source_id == pairs.source_id_again).mean() > 0.99


def test_units_and_provenance_are_in_it(catalogue):
    file = next(catalogue.glob("dataset/*/*/*.parquet"))
    assert str(Table.read(file)["distance_kpc"].unit) == "kpc"
    note = (catalogue / "provenance.txt").read_text()
    assert "gaia_dr2.parquet:" in note
    assert "red_clump:" in note
    assert '"max_ruwe"' in note
