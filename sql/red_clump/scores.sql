-- A star, what its distance is made of, and what the networks infer of it by the quality cuts in force; standard deviations end in
-- _error. With lucey_quality_cuts a star that fails any cut is left out, as in Lucey et al. 2020, section 2.2. inside_hull is by the
-- density of training stars where cuts.validity_by_density holds.
select
    * exclude (
        uses_parallax, uses_g, uses_bp_rp, ruwe, phot_bp_rp_excess_factor, bp_rp,
        passes_twomass, passes_allwise, has_panstarrs1, phot_bp_mean_mag, phot_rp_mean_mag,
        g_mean_psf_mag, r_mean_psf_mag, i_mean_psf_mag, z_mean_psf_mag, y_mean_psf_mag
    )
    replace (
        if(
            cuts.validity_by_density(),
            red_clump_density_net(phot_g_mean_mag, j_m, ks_m, w1mpro, w2mpro, parallax).log_density
            >= cuts.min_log_density(),
            inside_hull
        ) as inside_hull
    )
from red_clump.scored
where
    red_clump.is_by_cuts(
        uses_parallax, uses_g, uses_bp_rp, ruwe, g_error_ratio, phot_bp_rp_excess_factor, bp_rp,
        passes_twomass, passes_allwise, has_panstarrs1
    )
