-- A star and an outcome of the quality cuts, with what the networks then read, Gaia's magnitudes in the passbands of DR2, whichever
-- release they come from. A measurement that fails its cut is NULL, so that the star loses a band, not its row. Each star is here with
-- every outcome that cuts down to the tightest can have (`uses_parallax`, `uses_g`, `uses_bp_rp`; NULL where no cut judges it), so that
-- a cut can be moved without scoring again: red_clump.scores picks the outcome of the cuts in force.
with stars as (
    select
        *,
        phot_bp_mean_mag - phot_rp_mean_mag as bp_rp,
        passes_ruwe is not null as is_judged
    from red_clump.stars
),

by_parallax as (
    select
        *,
        unnest(
            quality.outcomes(
                is_judged, ruwe < least(cuts.tightest_ruwe(), cuts.max_ruwe()), ruwe is not null
            )
        ) as uses_parallax
    from stars
),

by_g as (
    select
        *,
        unnest(
            quality.outcomes(
                is_judged,
                g_error_ratio < least(cuts.tightest_g_error_ratio(), cuts.max_g_error_ratio()),
                g_error_ratio is not null
            )
        ) as uses_g
    from by_parallax
),

outcomes as (
    select
        *,
        unnest(
            quality.outcomes(
                is_judged,
                quality.surely_passes_excess_factor(phot_bp_rp_excess_factor, bp_rp),
                phot_bp_rp_excess_factor is not null and bp_rp is not null
            )
        ) as uses_bp_rp
    from by_g
),

measured as (
    select
        source_id,
        survey,
        uses_parallax,
        uses_g,
        uses_bp_rp,
        ruwe,
        phot_bp_rp_excess_factor,
        bp_rp,
        passes_twomass,
        passes_allwise,
        has_panstarrs1,
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
        if(uses_parallax is not false, parallax, null) as parallax,
        if(
            uses_g is not false,
            photometric.in_gaia_passband('g', gaia_passband, 'Gaia DR2', phot_g_mean_mag, bp_rp),
            null
        )::real as phot_g_mean_mag,
        if(
            uses_bp_rp is not false,
            photometric.in_gaia_passband('bp', gaia_passband, 'Gaia DR2', phot_bp_mean_mag, bp_rp),
            null
        )::real as phot_bp_mean_mag,
        if(
            uses_bp_rp is not false,
            photometric.in_gaia_passband('rp', gaia_passband, 'Gaia DR2', phot_rp_mean_mag, bp_rp),
            null
        )::real as phot_rp_mean_mag,
        if(passes_j is not false, j_m, null) as j_m,
        if(passes_h is not false, h_m, null) as h_m,
        if(passes_ks is not false, ks_m, null) as ks_m,
        if(passes_w1 is not false, w1mpro, null) as w1mpro,
        if(passes_w2 is not false, w2mpro, null) as w2mpro
    from outcomes
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
