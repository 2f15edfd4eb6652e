-- Which labels and which inferred parameters mean red clump.
create or replace macro red_clump.is_red_clump(evolutionary_state, delta_p_label, delta_nu_label) as
coalesce(
    evolutionary_state = 'RC',
    if(
        delta_p_label is null or delta_nu_label is null,
        null,
        delta_p_label > cuts.rc_min_delta_p() and delta_nu_label < cuts.rc_max_delta_nu()
    )
);

create or replace macro red_clump.is_giant(teff_all, logg_all) as
logg_all < cuts.lucey_max_logg()
and teff_all > cuts.lucey_min_teff()
and teff_all < cuts.lucey_max_teff();

-- Table 1 of Lucey et al. 2020; by P(RC) where the networks were trained on evolutionary states and give no DeltaP.
create or replace macro red_clump.tier(teff_inferred, delta_nu_inferred, delta_p_inferred, p_rc_inferred) as
case
    when
        delta_p_inferred > cuts.tier1_min_delta_p()
        and delta_nu_inferred < cuts.tier1_max_delta_nu()
        and teff_inferred > cuts.tier1_min_teff()
        then 1
    when delta_p_inferred > cuts.tier2_min_delta_p() and delta_nu_inferred < cuts.tier2_max_delta_nu() then 2
    when delta_p_inferred is null and p_rc_inferred > cuts.tier1_min_p_rc() then 1
    when delta_p_inferred is null and p_rc_inferred > cuts.tier2_min_p_rc() then 2
end::tinyint;
