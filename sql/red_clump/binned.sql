-- A labelled giant that the catalogue can accept, the one population of tiers, thresholds, roc and calibration, and its bin in
-- each inferred parameter; evolutionary states give P(RC) in the place of DeltaP. red_clump.refusals counts the others.
select
    survey,
    source_id,
    fold,
    is_rc,
    is_rc_by_phase,
    p_rc,
    joint_p_rc,
    tier,
    b,
    g_error_ratio,
    phot_g_mean_mag,
    j_ks,
    teff_k,
    delta_nu_uhz,
    delta_p_s,
    label_table as labels,
    red_clump.band_set(bands) as band_set,
    floor(teff_k / cuts.teff_bin())::integer as teff_bin,
    floor(logg / cuts.logg_bin())::integer as logg_bin,
    floor(delta_nu_uhz / cuts.delta_nu_bin())::integer as delta_nu_bin,
    floor(coalesce(delta_p_s / cuts.delta_p_bin(), joint_p_rc / cuts.p_rc_bin()))::integer as delta_p_bin,
    floor(teff_label_k / cuts.teff_bin())::integer as teff_label_bin,
    floor(logg_label / cuts.logg_bin())::integer as logg_label_bin
from red_clump.evaluation
where is_rc is not null and is_in_label_range and is_known
