-- A scored star, how densely the training stars of the networks lie around it in G, J, Ks, W1, W2 and parallax, and whether it is in
-- their hull. Both are NULL where a band is missing. What each rule costs stands in red_clump.validity.
select
    survey,
    source_id,
    inside_hull,
    red_clump_density_net(phot_g_mean_mag, j_m, ks_m, w1mpro, w2mpro, parallax).log_density as log_density
from red_clump.scored
where
    red_clump.is_by_cuts(
        uses_parallax, uses_g, uses_bp_rp, ruwe, g_error_ratio, phot_bp_rp_excess_factor, bp_rp,
        passes_twomass, passes_allwise, has_panstarrs1
    )
