-- A star that passes every quality cut that its tables allow to judge, with what the networks read: Gaia's magnitudes in the
-- passbands of DR2, whichever release they come from.
select
    source_id,
    survey,
    ra,
    "dec",
    l,
    b,
    parallax,
    parallax_error,
    parallax_zero_point,
    g_mean_psf_mag,
    r_mean_psf_mag,
    i_mean_psf_mag,
    z_mean_psf_mag,
    y_mean_psf_mag,
    j_m,
    h_m,
    ks_m,
    w1mpro,
    w2mpro,
    j_m_error,
    h_m_error,
    ks_m_error,
    w1mpro_error,
    w2mpro_error,
    g_error_ratio,
    photometric.in_gaia_passband(
        'g', gaia_passband, 'Gaia DR2', phot_g_mean_mag, phot_bp_mean_mag - phot_rp_mean_mag
    )::real
        as phot_g_mean_mag,
    photometric.in_gaia_passband(
        'bp', gaia_passband, 'Gaia DR2', phot_bp_mean_mag, phot_bp_mean_mag - phot_rp_mean_mag
    )::real
        as phot_bp_mean_mag,
    photometric.in_gaia_passband(
        'rp', gaia_passband, 'Gaia DR2', phot_rp_mean_mag, phot_bp_mean_mag - phot_rp_mean_mag
    )::real
        as phot_rp_mean_mag
from red_clump.stars
where
    passes_excess_factor is not false
    and passes_ruwe is not false
    and passes_twomass is not false
    and passes_allwise is not false
    and passes_saturation is not false
    and has_panstarrs1 is not false
