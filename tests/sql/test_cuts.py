"""Thresholds pinned to the values of their sources, and to the papers' own words where their texts are at hand."""

from pathlib import Path

import pytest
from candlesql.sql import files

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

LUCEY_2020 = {
    # section 2.2: 1.0 + 0.015 c^2 < excess factor < 1.3 + 0.060 c^2, RUWE < 1.4, (sigma_G - 0.0018) / G < 0.0002
    "excess_factor_low": 1.0, "excess_factor_low_slope": 0.015, "excess_factor_high": 1.3,
    "excess_factor_high_slope": 0.060, "max_ruwe": 1.4, "max_g_error_ratio": 0.0002, "g_zero_point_error": 0.0018,
    # section 2.1: S/N of LAMOST; the hull of 10,000 stars; numbers of training stars
    "lucey_min_snr": 50, "lucey_min_snr_seismology": 75, "lucey_hull_stars": 10_000,
    "lucey_training_stars": 200_000, "lucey_training_seismology": 30_000,
    # section 3.2 and table 1
    "lucey_max_logg": 3.5, "lucey_min_teff": 2500, "lucey_max_teff": 5500, "tier1_min_delta_p": 265,
    "tier1_max_delta_nu": 5.25, "tier1_min_teff": 4700, "tier2_min_delta_p": 225, "tier2_max_delta_nu": 5.5,
    # section 3.3, bins of figure 4
    "teff_bin": 50, "logg_bin": 0.1, "delta_nu_bin": 1, "delta_p_bin": 20,
    # section 3.4: parallaxes better than 5 percent, minus -0.04 mas; Hawkins et al. 2017
    "max_parallax_error_ratio": 0.05, "gaia_dr2_parallax_zero_point": -0.04, "m_w1_red_clump": -1.68,
    "a_g_over_a_w1": 16,
    # section 5.2 and figure 11
    "gradient_step": 0.001, "gradient_min_teff": 4100, "gradient_max_teff": 5100, "gradient_min_logg": 2.3,
    "gradient_max_logg": 2.7,
}  # fmt: skip
RIELLO_2021 = {
    "gaia_dr3_g_zero_point_error": 0.0027553202, "gaia_dr3_bp_zero_point_error": 0.0027901700,
    "gaia_dr3_rp_zero_point_error": 0.0037793818,
}  # fmt: skip
EVANS_2018 = {"gaia_dr2_bp_zero_point_error": 0.0014, "gaia_dr2_rp_zero_point_error": 0.0019}
GREEN_2020 = {
    # sections 3.1 to 3.3
    "green_min_parallax_snr": 5, "green_max_magnitude_error": 0.2, "green_magnitude_floor": 0.02,
    "green_max_teff_error": 200, "green_max_logg_error": 0.5, "green_max_feh_error": 0.5, "green_ebv_floor": 0.02,
    "green_teff_floor": 10, "green_logg_floor": 0.05, "green_feh_floor": 0.03,
    # figures 7, 10, 12, 13
    "residual_teff_bin": 250, "residual_logg_bin": 0.25, "residual_feh_bin": 0.25, "residual_ebv_bin": 0.1,
}  # fmt: skip
HOGG_2018 = {
    # section 4: 0 < log g < 2.2, equations 6 to 10, the offset; figure 2
    "hogg_min_logg": 0, "hogg_max_logg": 2.2, "hogg_jk_intercept": 0.4, "hogg_jk_slope": 0.45, "hogg_min_h_w2": -0.05,
    "hogg_max_parallax_error": 0.1, "hogg_min_visibility_periods": 8, "hogg_max_astrometric_chi": 35,
    "hogg_parallax_offset": 0.048, "hogg_gaia_parallax_offset": 0.029,
}  # fmt: skip
STONE_MARTINEZ_2024 = {
    # sections 2, 4.1, 5.3, 5.5, 6.1, 6.2; Majewski et al. 2011
    "distmass_rjce_slope": 0.918, "distmass_rjce_irac_colour": 0.08, "distmass_max_abs_b_rjce": 16,
    "distmass_max_parallax_error_ratio": 0.15, "distmass_max_a_k": 0.5, "distmass_max_mass_error_ratio": 0.10,
    "distmass_mass_error_ratio": 0.10, "distmass_max_logg_age": 3.5, "distmass_min_mass_age": 0.8,
    "distmass_max_mass_age": 8, "distmass_max_abs_feh_age": 0.5, "distmass_mass_loss": 0.03,
}  # fmt: skip
OTHERS = {
    # Lindegren et al. 2021, quasars; Wang & Chen 2019; Drimmel & Poggio 2018; Riello et al. 2021, section 9.4
    "gaia_dr3_parallax_zero_point": -0.017, "distmass_edr3_parallax_zero_point": -0.017, "a_g_over_a_v": 0.789,
    "hogg_sun_vx_km_s": 12.9, "hogg_sun_vy_km_s": 245.6, "hogg_sun_vz_km_s": 7.78, "max_corrected_excess_sigma": 5,
    # development scripts of Green et al. 2020; passes after which no star of the published sample moves
    "green_ebv_relative_floor": 0.1, "green_max_ebv": 10, "green_ebv_passes": 5,
    # bits of APOGEE DR17: 7 and 23 of ASPCAPFLAG, 4 of EXTRATARG
    "green_apogee_bad": 2**7 + 2**23, "distmass_star_bad": 2**23, "hogg_duplicate_bit": 2**4,
}  # fmt: skip
PAPERS = LUCEY_2020 | RIELLO_2021 | EVANS_2018 | GREEN_2020 | HOGG_2018 | STONE_MARTINEZ_2024 | OTHERS


def test_thresholds_are_the_printed_ones(database):
    names = [name for name in PAPERS if name in files.cuts()]
    assert len(names) == len(PAPERS)
    found = database.execute("select " + ", ".join(f"cuts.{name}()::double" for name in names)).fetchone()
    assert dict(zip(names, found, strict=True)) == pytest.approx(PAPERS)


def test_letters_of_the_photometric_quality():
    assert files.cuts()["twomass_quality"].value == "'AAA'"
    assert files.cuts()["allwise_quality"].value == "'AA'"


#: What the papers' texts say of these thresholds, word for word.
QUOTES = {
    "lucey2020.txt": [
        ("1.0+0.015(BP− RP)2 <phot bp rp excess factor< 1.3 + 0.060(BP− RP)2", "excess_factor_low excess_factor_high"),
        ("(ii) RUWE (renormalized unit weight error) <1.4", "max_ruwe"),
        ("“A” quality photometry from 2MASS and AllWISE", "twomass_quality allwise_quality"),
        ("−0.0018)/G < 0.0002 to remove nearby stars", "max_g_error_ratio g_zero_point_error"),
        ("noise per pixel S/Npix >75 pixel−1", "lucey_min_snr_seismology"),
        ("OST g-band S/N > 50", "lucey_min_snr"),
        ("of 30,000 stars from this sample", "lucey_training_seismology"),
        ("we randomly select 10,000 stars from our training set", "lucey_hull_stars"),
        ("a random sample of 200,000 stars from the LAMOST DR3 catalog", "lucey_training_stars"),
        ("inferred log g < 3.5 dex and 2500 K < Teff <5500 K", "lucey_max_logg lucey_min_teff lucey_max_teff"),
        ("∆P >265 s, ∆ν < 5.25 µHz and Teff >4700 K", "tier1_min_delta_p tier1_max_delta_nu tier1_min_teff"),
        ("∆P >225 s and ∆ν < 5.5 µHz", "tier2_min_delta_p tier2_max_delta_nu"),
        ("1 µHz for ∆ν and 20 s for ∆P", "delta_nu_bin delta_p_bin"),
        ("AG/AW1=16 (Hawkins et al. 2017)", "a_g_over_a_w1"),
        ("we use a parallax offset of 0.04 mas", "gaia_dr2_parallax_zero_point"),
        ("|b|>30 degrees", "high_latitude"),
    ],
    "hogg2018.txt": [
        (r"$0 < \log g < 2.2$", "hogg_min_logg hogg_max_logg"),
        (r"(+0.4 \text{ mag}) + 0.45 * (G_{\text{BP}n} - G_{\text{RP}n})", "hogg_jk_intercept hogg_jk_slope"),
        (r"(H_n - W_{2n}) > (-0.05 \text{ mag})", "hogg_min_h_w2"),
        (r"\text{parallax_error} < 0.1", "hogg_max_parallax_error"),
        (r"\text{visibility_periods_used} \geq 8", "hogg_min_visibility_periods"),
        (r"\sqrt{\text{astrometric_n_good_obs_al} - 5} \leq 35", "hogg_max_astrometric_chi"),
        (r"we adopt $\varpi_0 = 0.048$ mas", "hogg_parallax_offset"),
        (r"all-sky-average value is $\varpi_0 = 0.029$ mas", "hogg_gaia_parallax_offset"),
    ],
    "green2020.txt": [
        ("by adding 0.02 mag in quadrature", "green_magnitude_floor"),
        ("standard deviation greater than 200 K in , or 0.5 dex", "green_max_teff_error green_max_logg_error"),
        ("an additional 0.02 mag in quadrature", "green_ebv_floor"),
    ],
    "stone_martinez2024_distmass.txt": [
        ("latitudes (b < 16°) are based on the RJCE method", "distmass_max_abs_b_rjce"),
        ("Gaia parallax uncertainties less than 15%", "distmass_max_parallax_error_ratio"),
        ("an extinction cutoff of Ak < 0.5", "distmass_max_a_k"),
        ("cut stars with an APOKASC uncertainty of > 10%", "distmass_max_mass_error_ratio"),
        ("a flat uncertainty of 10% for all of our predicted masses", "distmass_mass_error_ratio"),
        ("age estimations for stars with log g < 3.5", "distmass_max_logg_age"),
        ("a mass range of 0.8 to 8 My", "distmass_min_mass_age distmass_max_mass_age"),
        ("a metallicity range of -0.5 to 0.5 [Fe/H]", "distmass_max_abs_feh_age"),
        ("the possible mass-loss to < 0.03Mg", "distmass_mass_loss"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("paper", QUOTES)
def test_the_papers_say_so(paper):
    """Every number of a quote's cuts stands in it, and it in the paper."""
    path = DATA.parent / "papers" / paper
    if not path.exists():
        pytest.skip(f"{path} is not here")
    text = " ".join(path.read_text().split())
    for quote, names in QUOTES[paper]:
        assert quote in text, quote
        for name in names.split():
            value = files.cuts()[name].value.strip("'")
            number = float(value) if value[-1].isdigit() else None
            shown = (
                {"A"}
                if number is None
                else {f"{abs(number):g}", f"{abs(number):,g}", f"{number:.0%}", f"{int(number):,}"}
            )
            assert any(form in quote for form in shown), (name, value, quote)
