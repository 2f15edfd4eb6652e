-- A star with what the networks read, Gaia's magnitudes in the passbands of DR2, whichever release they come from. A measurement
-- that fails its quality cut is NULL, so that it loses a band, not its row; with lucey_quality_cuts a star that fails any cut is
-- left out, as in Lucey et al. 2020, section 2.2.
with stars as (
    select
        *,
        phot_bp_mean_mag - phot_rp_mean_mag as bp_rp
    from red_clump.stars
    where
        not cuts.lucey_quality_cuts()
        or (
            passes_excess_factor is not false
            and passes_ruwe is not false
            and passes_twomass is not false
            and passes_allwise is not false
            and passes_saturation is not false
            and has_panstarrs1 is not false
        )
),

measured as (
    select
        source_id,
        survey,
        ra,
        "dec",
        l,
        b,
        parallax_error,
        parallax_zero_point,
        g_mean_psf_mag,
        r_mean_psf_mag,
        i_mean_psf_mag,
        z_mean_psf_mag,
        y_mean_psf_mag,
        j_m_error,
        h_m_error,
        ks_m_error,
        w1mpro_error,
        w2mpro_error,
        g_error_ratio,
        if(passes_ruwe is not false, parallax, null) as parallax,
        if(
            passes_saturation is not false,
            photometric.in_gaia_passband('g', gaia_passband, 'Gaia DR2', phot_g_mean_mag, bp_rp),
            null
        )::real as phot_g_mean_mag,
        if(
            passes_excess_factor is not false,
            photometric.in_gaia_passband('bp', gaia_passband, 'Gaia DR2', phot_bp_mean_mag, bp_rp),
            null
        )::real as phot_bp_mean_mag,
        if(
            passes_excess_factor is not false,
            photometric.in_gaia_passband('rp', gaia_passband, 'Gaia DR2', phot_rp_mean_mag, bp_rp),
            null
        )::real as phot_rp_mean_mag,
        if(passes_j is not false, j_m, null) as j_m,
        if(passes_h is not false, h_m, null) as h_m,
        if(passes_ks is not false, ks_m, null) as ks_m,
        if(passes_w1 is not false, w1mpro, null) as w1mpro,
        if(passes_w2 is not false, w2mpro, null) as w2mpro
    from stars
)

select
    *,
    parallax - parallax_zero_point as corrected_parallax,
    red_clump.band_list(
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
        parallax
    ) as bands
from measured
