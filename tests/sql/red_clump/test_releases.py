"""What differs between the releases of Gaia: zero points, errors, excess factors and passbands."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from candlesql.commands.demo import run_demo
from candlesql.commands.steps.inputs import read_as
from candlesql.commands.steps.inputs import read_columns as read
from candlesql.errors import UserError
from candlesql.sql.open import open_sky
from candlesql.udfs.model import load_model

STAR = """
    select * from (values
        ('gaia_dr2', 1, null, null, null, 1.0),
        ('gaia_dr3', 2, 31, 1.5, null, 1.0),
        ('gaia_dr3', 3, 95, null, 1.5, 1.0),
        ('gaia_dr3', 4, null, null, null, 1.0),
        ('gaia_dr3', 5, null, null, null, null),
        ('gaia_dr4', 6, 31, 1.5, null, 1.0)
    ) as t(survey, source_id, astrometric_params_solved, nu_eff_used_in_astrometry, pseudocolour, bp_rp)
"""
STARS = f"""
    select * exclude (bp_rp), 90.0 as ra, 0.0 as dec, 14.0 as phot_g_mean_mag, 14.5 as phot_bp_mean_mag,
        14.5 - bp_rp as phot_rp_mean_mag, 1000.0 as phot_g_mean_flux_over_error, 500.0 as phot_bp_mean_flux_over_error,
        250.0 as phot_rp_mean_flux_over_error, 1.25 as phot_bp_rp_excess_factor, 1.0 as ruwe
    from ({STAR})
"""


@pytest.fixture
def judged(view) -> dict[int, dict]:
    view("quality.gaia_releases")
    return {row["source_id"]: row for row in view("quality.gaia", **{"staging.gaia": STARS})}


def test_errors_hold_those_of_the_release_s_zero_points(judged):
    pogson = 2.5 / math.log(10)
    for star, (g, bp, rp) in {
        1: (0.0018, 0.0014, 0.0019),
        2: (0.0027553202, 0.0027901700, 0.0037793818),
        6: (0.0027553202, 0.0027901700, 0.0037793818),
    }.items():
        row = judged[star]
        assert row["phot_g_mean_mag_error"] == pytest.approx(math.hypot(pogson / 1000, g))
        assert row["phot_bp_mean_mag_error"] == pytest.approx(math.hypot(pogson / 500, bp))
        assert row["phot_rp_mean_mag_error"] == pytest.approx(math.hypot(pogson / 250, rp))
        assert row["g_error_ratio"] == pytest.approx((math.hypot(pogson / 1000, g) - g) / 14)


def test_each_star_has_a_zero_point_and_says_how_it_came(judged):
    zpt = pytest.importorskip("zero_point.zpt", reason="gaiadr3-zeropoint is not installed")
    zpt.load_tables()
    beta = -23.43928  # of ra 90, dec 0: the obliquity, south
    wavenumbers = [1.5, np.nan, 1.76 - 1.61 / math.pi * math.atan(0.531)]
    five, six, by_colour = zpt.get_zpt([14.0] * 3, wavenumbers, [np.nan, 1.5, np.nan], [beta] * 3, [31, 95, 31])
    wanted = {
        1: (-0.04, "constant of Lucey+2020"),
        2: (five, "Lindegren+2021, five parameters"),
        3: (six, "Lindegren+2021, six parameters"),
        4: (by_colour, "Lindegren+2021, five parameters, wavenumber of BP - RP"),
        5: (-0.017, "constant of Lindegren+2021, for want of a colour"),
        6: (five, "Lindegren+2021, five parameters"),
    }
    assert five != six != by_colour
    for star, (zero_point, recipe) in wanted.items():
        assert judged[star]["parallax_zero_point"] == pytest.approx(zero_point, abs=2e-6), star
        assert judged[star]["zero_point_recipe"] == recipe


def test_the_corrected_excess_factor_by_hand(judged, connection):
    """Riello+2021, table 2 and equation 18; a star of DR2 has none."""
    assert judged[1]["corrected_excess_factor"] is None
    assert judged[1]["passes_corrected_excess_factor"] is None
    f = 1.162004 + 0.011464 + 0.049255 - 0.005879
    assert judged[2]["corrected_excess_factor"] == pytest.approx(1.25 - f)
    scatter = 0.0059898 + 8.817481e-12 * 14**7.618399
    assert judged[2]["passes_corrected_excess_factor"] is ((1.25 - f) < 5 * scatter)
    for colour, expected in ((0.0, 1.154360), (0.4, 1.154360 + 0.033772 * 0.4 + 0.032277 * 0.16), (5, 1.760257)):
        (found,) = connection.execute(f"select -quality.corrected_excess_factor(0, {colour})").fetchone()
        assert found == pytest.approx(expected)


@pytest.mark.parametrize("band", ["g", "bp", "rp"])
def test_transformations_between_releases_undo_each_other(connection, band):
    for colour in np.arange(0.3, 2.3, 0.1):
        forth = [
            connection.execute(f"select photometric.gaia_dr2_to_dr3('{name}', 12, {colour})::double").fetchone()[0]
            for name in (band, "bp", "rp")
        ]
        (back,) = connection.execute(
            f"select photometric.gaia_dr3_to_dr2('{band}', {forth[0]}, {colour + forth[1] - forth[2]})"
        ).fetchone()
        assert back == pytest.approx(12, abs=5e-4)


def test_transformations_are_of_the_size_that_clusters_and_kepler_s_giants_show(connection):
    """EDR3 minus DR2: -0.009, +0.003, +0.007 mag in open clusters; BP - RP of giants at 1.3 mag -0.018."""

    def moved(band, colour):
        return connection.execute(f"select photometric.gaia_dr2_to_dr3('{band}', 0, {colour})").fetchone()[0]

    for band, seen in (("g", -0.009), ("bp", 0.003), ("rp", 0.007)):
        assert moved(band, 1.0) == pytest.approx(seen, abs=0.006)
    assert moved("bp", 1.3) - moved("rp", 1.3) == pytest.approx(-0.018, abs=0.003)


def test_transformed_colours_are_those_of_kepler_s_giants(connection, real_data):
    """Stars whose BP and RP are of EDR3 and that have the colour of DR2 too."""
    file = real_data("kepler/kepler_seismic.parquet")
    n, before, after, scatter = connection.execute(
        f"""with pairs as (
                select BP - RP - bp_rp_dr2 as difference, photometric.gaia_dr3_to_dr2('bp', BP, BP - RP)
                    - photometric.gaia_dr3_to_dr2('rp', RP, BP - RP) - bp_rp_dr2 as left_over
                from '{file}' where state = 'RGB' and bp_rp_dr2 is not null and BP is not null and RP is not null)
            select count(*), median(difference), median(left_over), mad(left_over) from pairs"""
    ).fetchone()
    assert n > 1500
    assert before == pytest.approx(-0.018, abs=0.001)
    assert abs(after) < 0.004
    assert scatter < 0.003


def test_what_cannot_be_transformed_is_said(connection):
    assert connection.execute(
        "select photometric.in_gaia_passband('g', 'Gaia DR2', 'Gaia DR2', 12, null)"
    ).fetchone() == (12,)
    with pytest.raises(Exception, match="no transformation from the passbands of Gaia DR9 to Gaia DR2"):
        connection.execute("select photometric.in_gaia_passband('g', 'Gaia DR9', 'Gaia DR2', 12, 1.0)").fetchone()


def test_a_model_reads_what_it_states_or_is_refused(connection):
    there = ("parallax_zero_point",)

    def value(name, wanted):
        sql = read_as(name, wanted, there)
        return connection.execute(
            f"select ({sql})::double from (select 1.0 as parallax, -0.02 as parallax_zero_point, "
            "12.0 as phot_g_mean_mag, 12.5 as phot_bp_mean_mag, 11.5 as phot_rp_mean_mag, 9.0 as j_m)"
        ).fetchone()[0]

    assert value("parallax", "Gaia DR2") == pytest.approx(1 + 0.02 - 0.04)
    assert value("parallax", "zero point corrected") == pytest.approx(1.02)
    assert value("phot_g_mean_mag", "Gaia DR2") == 12
    assert value("phot_g_mean_mag", "Gaia DR3") == pytest.approx(12 - 0.009, abs=1e-4)
    assert value("j_m", "2MASS") == 9
    for name, wanted in (("parallax", "Gaia DR3"), ("phot_g_mean_mag", "Gaia DR1"), ("j_m", "UKIDSS")):
        assert read_as(name, wanted, there) is None


def test_a_model_of_a_system_that_nothing_leads_to_is_named(tmp_path):
    model = load_model(Path(shutil.copy(Path(__file__).parents[3] / "udfs/models/red_clump.onnx", tmp_path)))
    model.metadata["input_systems"] = json.dumps({"j_m": "UKIDSS"})
    with pytest.raises(UserError, match=r"red_clump\.onnx: reads j_m of UKIDSS, and nothing turns 2MASS into that"):
        read(model, ())


@pytest.fixture(scope="module")
def dr3_sky(empty_sky, tmp_path_factory) -> Path:
    sky = Path(shutil.copytree(empty_sky, tmp_path_factory.mktemp("dr3") / "sky"))
    list(run_demo(sky, 4000, 3, "gaia_dr3"))
    return sky


def test_the_mock_of_dr3_is_the_same_sky_and_red_clump_runs_on_it(dr3_sky, mock_sky):
    with open_sky(dr3_sky) as dr3, open_sky(mock_sky) as dr2:
        assert dr3.execute("select distinct survey from red_clump.catalogue").fetchall() == [("gaia_dr3",)]
        assert dr3.execute("select count(*) from staging.gaia_dr2").fetchone() == (0,)
        assert dr3.execute("select distinct epoch_yr from staging.gaia_dr3").fetchall() == [(2016.0,)]
        counts = [
            [
                connection.execute(query).fetchone()[0]
                for query in (
                    "select count(*) from red_clump.scores",
                    "select count(*) from red_clump.training",
                    "select count(*) from red_clump.catalogue",
                )
            ]
            for connection in (dr2, dr3)
        ]
        assert np.allclose(*counts, rtol=0.1)
        ids = [
            {row[0] for row in c.execute("select source_id from red_clump.catalogue where p_rc > 0.8").fetchall()}
            for c in (dr2, dr3)
        ]
        assert len(ids[0] & ids[1]) > 0.8 * len(ids[0] | ids[1])


def test_the_mock_s_parallaxes_of_dr3_come_out_right_with_its_zero_points(dr3_sky):
    with open_sky(dr3_sky) as connection:
        n, pull, zero_point = connection.execute(
            """select count(*), avg((s.parallax - s.parallax_zero_point - 1 / t.distance_kpc) / s.parallax_error),
                   avg(s.parallax_zero_point)
               from red_clump.stars as s inner join staging.mock_truth as t using (source_id)"""
        ).fetchone()
    assert n == 4000
    assert abs(pull) < 5 / math.sqrt(n)
    assert -0.045 < zero_point < -0.025
