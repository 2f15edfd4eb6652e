-- A cell of a Kiel diagram, 50 K by 0.05 dex, and the labelled stars in it: by label, as inferred of any star, and, of giants, as
-- inferred by the refined and by the joint networks; Lucey et al. 2020, figure 2.
with stars as (
    select
        held_out.*,
        labels.teff_k as teff_label_k,
        labels.logg as logg_label,
        labels.is_rc,
        red_clump.is_giant(coalesce(teff_all_k, held_out.teff_k), coalesce(logg_all, held_out.logg)) as is_giant
    from red_clump.held_out as held_out
    inner join red_clump.labels as labels using (survey, source_id)
),

panels as (
    select
        is_rc,
        unnest(
            [
                { 'panel': 'label', 'teff_k': teff_label_k, 'logg': logg_label },
                { 'panel': 'any star', 'teff_k': teff_all_k, 'logg': logg_all },
                { 'panel': 'giants', 'teff_k': if(is_giant, teff_k, null), 'logg': if(is_giant, logg, null) },
                {
                    'panel': 'giants, joint',
                    'teff_k': if(is_giant, joint_teff_k, null),
                    'logg': if(is_giant, joint_logg, null)
                }
            ]
        ) as shown
    from stars
)

select
    shown.panel,
    floor(shown.teff_k / 50) * 50 as teff_low_k,
    floor(shown.logg / 0.05) * 0.05 as logg_low,
    count(*) as n,
    count(*) filter (where is_rc) as n_rc
from panels
where shown.teff_k is not null and shown.logg is not null
group by all
order by all
