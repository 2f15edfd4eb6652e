-- A star, what its distance is made of, and what the networks infer of it by the quality cuts in force; standard deviations end in
-- _error. With lucey_quality_cuts a star that fails any cut is left out, as in Lucey et al. 2020, section 2.2.
select
    * exclude (
        uses_parallax, uses_g, uses_bp_rp, ruwe, phot_bp_rp_excess_factor, bp_rp,
        passes_twomass, passes_allwise, has_panstarrs1
    )
from red_clump.scored
where
    red_clump.is_by_cuts(
        uses_parallax, uses_g, uses_bp_rp, ruwe, g_error_ratio, phot_bp_rp_excess_factor, bp_rp,
        passes_twomass, passes_allwise, has_panstarrs1
    )
