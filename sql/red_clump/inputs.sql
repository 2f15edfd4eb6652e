-- A star with what the networks read of it, by the quality cuts in force: a measurement that fails its cut is NULL, so that it loses a
-- band, not its row; with lucey_quality_cuts a star that fails any cut is left out, as in Lucey et al. 2020, section 2.2.
select *
from red_clump.scored_inputs
where
    red_clump.is_by_cuts(
        uses_parallax, uses_g, uses_bp_rp, ruwe, g_error_ratio, phot_bp_rp_excess_factor, bp_rp,
        passes_twomass, passes_allwise, has_panstarrs1
    )
