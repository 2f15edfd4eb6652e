-- A cell of the Delta nu - DeltaP plane, 0.25 uHz by 5 s, and the labelled giants in it: by label, as inferred by the paper's
-- networks and by the joint ones; Lucey et al. 2020, figure 3, lower panels.
with panels as (
    select
        is_rc,
        unnest(
            [
                { 'panel': 'label', 'delta_nu_uhz': delta_nu_label_uhz, 'delta_p_s': delta_p_label_s },
                { 'panel': 'inferred', 'delta_nu_uhz': delta_nu_uhz, 'delta_p_s': delta_p_s },
                { 'panel': 'joint', 'delta_nu_uhz': joint_delta_nu_uhz, 'delta_p_s': joint_delta_p_s }
            ]
        ) as shown
    from red_clump.evaluation
    where is_rc is not null
)

select
    shown.panel,
    floor(shown.delta_nu_uhz / 0.25) * 0.25 as delta_nu_low_uhz,
    floor(shown.delta_p_s / 5) * 5 as delta_p_low_s,
    count(*) as n,
    count(*) filter (where is_rc) as n_rc
from panels
where shown.delta_nu_uhz is not null and shown.delta_p_s is not null
group by all
order by all
