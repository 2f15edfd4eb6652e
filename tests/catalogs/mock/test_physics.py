"""The stars of the sky against published facts and real catalogs."""

import duckdb
import numpy as np
import pytest

RC, RGB = 3, 2


def test_phases_of_giants(sky):
    shares = dict(
        sky.sql(
            """
            select phase, count(*) / sum(count(*)) over ()
            from mock_truth where logg < 3.5 and teff_k < 5500 group by phase
            """
        ).fetchall()
    )
    assert 0.28 < shares[RC] < 0.40
    assert 0.50 < shares[RGB] < 0.70
    assert sky.sql(
        "select avg((logg < 3.5 and teff_k < 5500)::int) between 0.35 and 0.6 from mock_truth"
    ).fetchall() == [(True,)]


@pytest.mark.parametrize(
    ("table", "key", "column", "extinction", "published"),
    [
        ("twomass", "designation", "ks_m", 0.20, -1.61),  # Hawkins+2017
        ("allwise", "designation", "w1mpro", 0.15, -1.68),  # Hawkins+2017; PARSEC gives -1.59
    ],
)
def test_clump_is_a_standard_candle(sky, table, key, column, extinction, published):
    median, spread = sky.sql(
        f"""
        with clump as (
            select {column} - 5 * log10(100 * distance_kpc) - {extinction} * ebv as absolute
            from mock_truth join {table} on {key} = {table}_{key}
            where phase = {RC} and mass_msun < 1.8 and not is_binary
        )
        select median(absolute), (quantile_cont(absolute, 0.84) - quantile_cont(absolute, 0.16)) / 2
        from clump
        """
    ).fetchall()[0]
    assert median == pytest.approx(published, abs=0.12)
    assert 0.08 < spread < 0.20


def test_clump_is_hotter_than_the_branch(true_stars):
    """150 to 330 K at equal log g and [Fe/H]: what separates the two."""
    stars = true_stars
    near = (np.abs(stars.logg - 2.42) < 0.06) & (np.abs(stars.feh + 0.2) < 0.1)
    near &= stars.mass_msun < 1.8
    clump, branch = (np.median(stars.teff_k[near & (stars.phase == p)]) for p in (RC, RGB))
    assert 150 < clump - branch < 330


def test_label_share_and_purity(sky):
    share, agree = sky.sql(
        f"""
        select avg((phase = {RC})::int), avg(((delta_p_s > 200) = (t.phase = {RC}))::int)
        from (select star_id, delta_p_s as label from seismology where snr > 75) as s
            join mock_truth as t on star_id = lamost_obsid
        """.replace("delta_p_s > 200", "label > 200")
    ).fetchall()[0]
    assert 0.4 < share < 0.7
    assert agree > 0.9


def test_most_stars_know_their_component(sky):
    shares = dict(sky.sql("select component, count(*) / 120000 from mock_truth group by component").fetchall())
    assert set(shares) == {"thin_young", "thin_old", "thick", "bulge", "halo"}
    assert 0.02 < shares["halo"] < 0.06
    assert 0.5 < shares["thin_young"] + shares["thin_old"] < 0.8


def test_metallicity_falls_outwards(true_stars):
    thin = true_stars.component <= 1
    radial = np.radians(true_stars.lon)
    flat = true_stars.distance_kpc * np.cos(np.radians(true_stars.lat))
    radius = np.hypot(8.2 - flat * np.cos(radial), flat * np.sin(radial))
    slope = np.polyfit(radius[thin], true_stars.feh[thin], 1)[0]
    assert slope == pytest.approx(-0.05, abs=0.02)


def test_giant_colors_are_those_of_real_stars(sky, real_data):
    """Little-reddened giants of equal Teff and log g: medians within 0.04 mag."""
    colors = {
        "bp_mag - rp_mag": "phot_bp_mean_mag - phot_rp_mean_mag - 1.3 * ebv",
        "g_mag - ks_mag": "phot_g_mean_mag - ks_m - 2.2 * ebv",
        "j_mag - ks_mag": "j_m - ks_m - 0.53 * ebv",
    }
    dust = {"bp_mag - rp_mag": 1.3, "g_mag - ks_mag": 2.2, "j_mag - ks_mag": 0.53}
    path = real_data("green2020/stars_13band.parquet")
    for color, mock_color in colors.items():
        ours = _medians(
            sky,
            mock_color,
            """teff_k""",
            """mock_truth join gaia_dr2 using (source_id)
            join twomass on designation = twomass_designation where ebv < 0.15""",
        )
        theirs = _medians(
            duckdb.connect(),
            f"{color} - {dust[color]} * published_reddening",
            "teff",
            f"'{path}' where published_reddening < 0.15 and not isnan({color})",
        )
        bins = ours.keys() & theirs.keys()
        assert len(bins) >= 4
        offsets = [ours[b] - theirs[b] for b in bins]
        assert np.median(np.abs(offsets)) < 0.04


def _medians(connection, color, teff, source):
    rows = connection.sql(
        f"""
        select round({teff} / 200) * 200, round(logg * 2) / 2, median({color})
        from {source} and logg < 3.25 and feh between -0.6 and 0.4 and {teff} between 4300 and 5300
        group by all having count(*) >= 12
        """
    ).fetchall()
    return {(t, g): c for t, g, c in rows}


def test_clump_magnitude_is_that_of_k2_and_kepler(sky, real_data):
    """M_Ks by parallax, without dust correction (E(B-V) is a few hundredths there)."""
    k2, kepler = real_data("apo_k2/apo_k2.csv"), real_data("kepler/kepler_giants.parquet")
    real = duckdb.connect()
    by_k2 = real.sql(
        f"""select median(kmag + 5 * log10((para + 0.03) / 100)) from '{k2}'
        where ev = 'RC' and para > 0.8 and mass < 1.8"""
    ).fetchall()[0][0]
    by_kepler = real.sql(
        f"""select median(k + 5 * log10((parallax + 0.05) / 100)) from '{kepler}'
        where evstate = 'RC' and parallax_src = 'DR2' and parallax > 15 * parallax_error"""
    ).fetchall()[0][0]
    ours = sky.sql(
        f"""select median(ks_m - 5 * log10(100 * distance_kpc) - 0.2 * ebv)
        from mock_truth join twomass on designation = twomass_designation
        where phase = {RC} and mass_msun < 1.8"""
    ).fetchall()[0][0]
    assert ours == pytest.approx(by_k2, abs=0.2)
    assert ours == pytest.approx(by_kepler, abs=0.1)


def test_delta_nu_is_that_of_kepler(sky, real_data):
    """Clump stars: quantiles; giant branch: the relation of delta nu and nu max."""
    path = real_data("kepler/kepler_giants.parquet")
    real = duckdb.connect()
    quantiles = "quantile_cont({}, [0.16, 0.5, 0.84])"
    theirs = real.sql(f"select {quantiles.format('dnu')} from '{path}' where evstate = 'RC'").fetchall()[0][0]
    ours = sky.sql(
        f"""select {quantiles.format("delta_nu_uhz")} from mock_truth
        where phase = {RC} and component = 'thin_old'"""
    ).fetchall()[0][0]
    assert ours[1] == pytest.approx(theirs[1], abs=0.3)
    assert ours[0] == pytest.approx(theirs[0], abs=0.5)
    assert ours[2] == pytest.approx(theirs[2], abs=0.7)

    fit = "regr_slope(log10({d}), log10({n})), regr_avgy(log10({d}), log10({n}))"
    slope, mean = real.sql(
        f"""select {fit.format(d="dnu", n="numax")} from '{path}'
        where evstate = 'RGB' and numax between 20 and 200"""
    ).fetchall()[0]
    our_slope, our_mean = sky.sql(
        f"""
        with giants as (
            select delta_nu_uhz, 3090 * 10 ** (logg - 4.438) / sqrt(teff_k / 5772) as nu_max
            from mock_truth where phase = {RGB}
        )
        select {fit.format(d="delta_nu_uhz", n="nu_max")} from giants
        where nu_max between 20 and 200
        """
    ).fetchall()[0]
    assert our_slope == pytest.approx(slope, abs=0.03)
    assert our_mean == pytest.approx(mean, abs=0.15)
