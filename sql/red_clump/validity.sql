-- A rule by which stars that are not like the training stars are refused: the hull of Lucey et al. 2020, section 2.2, or the density
-- of the training stars (cuts.validity_by_density). Of the scored stars that both can judge, how many it refuses, and which share of
-- the red clump by label and, on the mock sky, by truth.
with judged as (
    select
        density.inside_hull,
        labels.is_rc,
        truth.phase,
        density.log_density >= cuts.min_log_density() as is_dense
    from red_clump.training_density as density
    left join red_clump.labels as labels using (survey, source_id)
    left join red_clump.truth as truth using (survey, source_id)
    where density.inside_hull is not null and density.log_density is not null
),

by_rule as (
    select
        is_rc,
        phase,
        unnest(['hull', 'density']) as rule,
        unnest([inside_hull, is_dense]) as is_known
    from judged
)

select
    rule,
    count(*) as n,
    count(*) filter (where not is_known) as n_refused,
    count(*) filter (where is_rc) as n_rc,
    count(*) filter (where phase = 3) as n_clump,
    count(*) filter (where not is_known and is_rc) / nullif(n_rc, 0) as share_of_rc,
    count(*) filter (where not is_known and phase = 3) / nullif(n_clump, 0) as share_of_clump
from by_rule
group by rule
order by rule desc
