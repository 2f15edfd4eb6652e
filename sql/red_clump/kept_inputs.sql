-- A scored star with what the networks read of it by the quality cuts in force, as the scores keep it: the rows of red_clump.inputs
-- that are scored, without its joins.
select
    survey,
    source_id,
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
    bands,
    parallax - parallax_zero_point as corrected_parallax
from red_clump.scored
where
    red_clump.is_by_cuts(
        uses_parallax, uses_g, uses_bp_rp, ruwe, g_error_ratio, phot_bp_rp_excess_factor, bp_rp,
        passes_twomass, passes_allwise, has_panstarrs1
    )
