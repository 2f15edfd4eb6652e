-- A Gaia DR2 star and whether it passes each cut of Lucey et al. 2020, section 2.2 (i), (ii), (iv).
with errors as (
    select
        source_id,
        phot_g_mean_mag,
        phot_bp_rp_excess_factor,
        ruwe,
        phot_bp_mean_mag - phot_rp_mean_mag as bp_rp,
        quality.g_error(phot_g_mean_flux_over_error) as phot_g_mean_mag_error
    from staging.gaia_dr2
)

select
    source_id,
    bp_rp,
    phot_g_mean_mag_error,
    quality.g_error_ratio(phot_g_mean_mag_error, phot_g_mean_mag) as g_error_ratio,
    coalesce(quality.passes_excess_factor(phot_bp_rp_excess_factor, bp_rp), false) as passes_excess_factor,
    coalesce(ruwe < cuts.max_ruwe(), false) as passes_ruwe,
    coalesce(g_error_ratio < cuts.max_g_error_ratio(), false) as passes_saturation
from errors
