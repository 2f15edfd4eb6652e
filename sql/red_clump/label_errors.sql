-- A table of labels: the chance that a red clump star is labelled as another (missed) and that another is labelled as red clump
-- (false_clump): cuts.label_error, and what the spacings, as far as they scatter in this table about the medians of both states,
-- carry over the limit between them. Scatter is taken on the far side of the median, which the limit does not cut.
with spacings as (
    select
        label_table,
        if(evolutionary_state is null and is_rc, delta_p_s, null) as clump_delta_p_s,
        if(evolutionary_state is null and not is_rc, delta_p_s, null) as other_delta_p_s
    from red_clump.labels
    where is_rc is not null
),

medians as (
    select
        label_table,
        count(*) as n_labelled,
        median(clump_delta_p_s) as clump_delta_p_s,
        median(other_delta_p_s) as other_delta_p_s,
        quantile_cont(clump_delta_p_s, 0.84) - median(clump_delta_p_s) as clump_scatter_s,
        median(other_delta_p_s) - quantile_cont(other_delta_p_s, 0.16) as other_scatter_s
    from spacings
    group by label_table
)

select
    label_table,
    n_labelled,
    cuts.label_error()
    + coalesce(stats.normal_tail((clump_delta_p_s - cuts.rc_min_delta_p()) / nullif(clump_scatter_s, 0)), 0) as missed,
    cuts.label_error()
    + coalesce(stats.normal_tail((cuts.rc_min_delta_p() - other_delta_p_s) / nullif(other_scatter_s, 0)), 0)
        as false_clump
from medians
order by label_table
