-- A labelled giant with scores from networks that were not trained on it, beside its labels and, on the mock, its truth.
with held_out as (
    select * from red_clump.cross_validation
    union all by name
    select scores.*
    from red_clump.scores as scores
    where not exists (select 1 from red_clump.cross_validation)
)

select
    held_out.*,
    labels.teff_k as teff_label_k,
    labels.logg as logg_label,
    labels.delta_nu_uhz as delta_nu_label_uhz,
    labels.delta_p_s as delta_p_label_s,
    labels.is_rc,
    stats.fold(held_out.source_id, 'rank', 5) as fold,
    truth.phase = 3 as is_rc_by_phase,
    red_clump.tier(held_out.teff_k, held_out.delta_nu_uhz, held_out.delta_p_s, held_out.p_rc) as tier
from held_out
inner join red_clump.labels as labels using (source_id)
left join staging.mock_truth as truth using (source_id)
where
    red_clump.is_giant(coalesce(held_out.teff_all_k, held_out.teff_k), coalesce(held_out.logg_all, held_out.logg))
    is not false
