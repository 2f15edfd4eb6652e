-- A star that passes every quality cut that its tables allow to judge, with what the networks read.
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
    phot_g_mean_mag,
    phot_bp_mean_mag,
    phot_rp_mean_mag,
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
    g_error_ratio
from red_clump.stars
where
    passes_excess_factor is not false
    and passes_ruwe is not false
    and passes_twomass is not false
    and passes_allwise is not false
    and passes_saturation is not false
    and has_panstarrs1 is not false
