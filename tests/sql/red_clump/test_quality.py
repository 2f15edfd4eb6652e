"""The quality cuts of section 2.2 at their boundaries, and as a funnel over real, fast-moving stars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from candlesql import open_sky
from candlesql.commands.ingest import ingest_survey
from candlesql.commands.match import match_surveys

CUTS = ["passes_excess_factor", "passes_ruwe", "passes_twomass", "passes_allwise", "passes_saturation"]


def macro(connection, call: str):
    return connection.execute(f"select {call}").fetchone()[0]


@pytest.mark.parametrize(
    ("factor", "colour", "passes"),
    [(1.016, 1, True), (1.014, 1, False), (1.359, 1, True), (1.361, 1, False), (1.539, 2, True), (1.541, 2, False)],
)
def test_excess_factor_lies_between_two_parabolas(connection, factor, colour, passes):
    """(i): 1.0 + 0.015 (BP - RP)^2 < factor < 1.3 + 0.060 (BP - RP)^2."""
    assert macro(connection, f"quality.passes_excess_factor({factor}, {colour})") is passes


def test_g_error_has_that_of_the_zero_point(connection):
    """Footnote 6: sigma_G^2 = (2.5 / ln 10 / S/N)^2 + 0.0018^2."""
    expected = np.hypot(2.5 / np.log(10) / 500, 0.0018)
    assert macro(connection, "quality.magnitude_error(500, cuts.g_zero_point_error())") == pytest.approx(
        expected, rel=1e-12
    )
    assert macro(connection, "quality.g_error_ratio(0.0048, 15, cuts.g_zero_point_error())") == pytest.approx(0.0002)


@pytest.mark.parametrize(("letters", "passes"), [("AAA", True), ("AAB", False), ("AA", False), ("", False)])
def test_letters_must_be_the_wanted_ones(connection, letters, passes):
    assert macro(connection, f"quality.passes_letters('{letters}', cuts.twomass_quality())") is passes


@pytest.fixture(scope="module")
def dwarfs() -> pl.DataFrame:
    path = Path(__file__).resolve().parents[4] / "shared" / "data" / "carmenes" / "cif20.csv"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    table = pl.read_csv(path, infer_schema_length=None, null_values=[""])
    return table.drop_nulls(["gaia_id_1", "ra_1", "parallax_1", "GG_mag", "eGG_mag"]).unique("gaia_id_1", keep="none")


@pytest.fixture(scope="module")
def funnel(dwarfs, tmp_path_factory) -> dict:
    """Real M dwarfs as three surveys, each at its own epoch, matched by us."""
    folder = tmp_path_factory.mktemp("dwarfs")
    gaia = dwarfs.select(
        source_id="gaia_id_1",
        ra="ra_1",
        dec="dec_1",
        parallax="parallax_1",
        parallax_error="parallax_error_1",
        pmra="pmra_1",
        pmdec="pmdec_1",
        phot_g_mean_mag="GG_mag",
        phot_bp_mean_mag="BP_mag",
        phot_rp_mean_mag="RP_mag",
        phot_g_mean_flux_over_error=2.5 / np.log(10) / pl.col("eGG_mag"),
        phot_bp_rp_excess_factor="phot_bp_rp_excess_factor_1",
        ruwe="RUWE",
    )
    place = {"designation": "Karmn", "ra": "RA_J2000", "dec": "DE_J2000"}
    twomass = dwarfs.select(**place, j_date=pl.lit(2451545.0), j_m="J_mag", ph_qual="QFlag_2M")
    allwise = dwarfs.select(**place, w1mjd_mean=pl.lit(51544.5), w1mpro="W1_mag", ph_qual="QFlag_WISE")
    for name, table in (("gaia_dr2", gaia), ("twomass", twomass), ("allwise", allwise)):
        table.write_csv(folder / f"{name}.csv")
        ingest_survey(folder / "sky", name, [folder / f"{name}.csv"], {}, {})
    for name in ("twomass", "allwise"):
        match_surveys(folder / "sky", "gaia_dr2", name, 5.0, "best")
    with open_sky(folder / "sky") as connection:
        rows = connection.execute("from red_clump.funnel").fetchall()
        matched = connection.sql("select count(*) as n from match.gaia_dr2_twomass").pl()["n"][0]
    return {"matched": matched} | {cut: counts for cut, *counts in rows}


def test_nearly_every_fast_star_is_matched(dwarfs, funnel):
    assert funnel["matched"] > 0.97 * len(dwarfs)


def test_funnel_of_real_stars_agrees_with_polars(dwarfs, funnel):
    colour = pl.col("BP_mag") - pl.col("RP_mag")
    factor = pl.col("phot_bp_rp_excess_factor_1")
    passes = dwarfs.select(
        passes_excess_factor=(factor > 1 + 0.015 * colour**2) & (factor < 1.3 + 0.06 * colour**2),
        passes_ruwe=pl.col("RUWE") < 1.4,
        passes_twomass=pl.col("QFlag_2M").str.starts_with("AAA"),
        passes_allwise=pl.col("QFlag_WISE").str.starts_with("AA"),
        passes_saturation=(pl.col("eGG_mag").pow(2) + 0.0018**2).sqrt() - 0.0018 < 0.0002 * pl.col("GG_mag"),
    ).fill_null(False)
    lost_in_matching = len(dwarfs) - funnel["matched"]
    left = pl.lit(True)
    for cut in CUTS:
        slack = 2 * lost_in_matching + 3 if cut in ("passes_twomass", "passes_allwise") else 3
        n_alone = passes.filter(~pl.col(cut)).height
        n_in_order = passes.filter(left & ~pl.col(cut)).height
        assert abs(funnel[cut][0] - n_alone) <= slack, cut
        assert abs(funnel[cut][1] - n_in_order) <= slack, cut
        left = left & pl.col(cut)
    assert funnel["passes_ruwe"][0] > 100
