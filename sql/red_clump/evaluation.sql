-- A labelled giant with scores from networks that were not trained on it, beside its labels and, on the mock, its truth. Those
-- that the catalogue would refuse are here, with the reason; red_clump.binned holds the others.
select
    held_out.*,
    labels.teff_k as teff_label_k,
    labels.logg as logg_label,
    labels.delta_nu_uhz as delta_nu_label_uhz,
    labels.delta_p_s as delta_p_label_s,
    labels.is_rc,
    truth.teff_k as teff_true_k,
    truth.logg as logg_true,
    truth.delta_nu_uhz as delta_nu_true_uhz,
    truth.delta_p_s as delta_p_true_s,
    scores.b,
    scores.g_error_ratio,
    scores.phot_g_mean_mag,
    scores.bands,
    labels.label_table,
    red_clump.is_known(scores.inside_hull, held_out.any_teff_k) as is_known,
    red_clump.is_in_label_range(
        coalesce(held_out.any_logg, held_out.logg), coalesce(held_out.any_feh, held_out.joint_feh)
    ) as is_in_label_range,
    stats.fold(held_out.source_id, 'rank', 5) as fold,
    truth.phase = 3 as is_rc_by_phase,
    scores.j_m - scores.ks_m as j_ks,
    if(
        is_in_label_range and is_known,
        red_clump.tier(
            coalesce(held_out.any_teff_k, held_out.teff_k),
            coalesce(held_out.any_delta_nu_uhz, held_out.delta_nu_uhz),
            coalesce(held_out.any_delta_p_s, held_out.delta_p_s),
            coalesce(held_out.p_rc, held_out.joint_p_rc)
        ),
        null
    ) as tier,
    red_clump.refusal(true, is_known, is_in_label_range, tier) as refusal
from red_clump.held_out as held_out
inner join red_clump.labels as labels using (survey, source_id)
left join red_clump.scores as scores using (survey, source_id)
left join red_clump.truth as truth using (survey, source_id)
where
    red_clump.is_giant(
        coalesce(held_out.any_teff_k, held_out.teff_all_k, held_out.teff_k),
        coalesce(held_out.any_logg, held_out.logg_all, held_out.logg)
    ) is not false
