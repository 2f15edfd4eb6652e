-- A labelled giant and its worth by a selection method: the share of red clump among the labelled giants of its bin in other
-- folds, drawn towards that of the coarser bin, and that towards the base rate, where they are few; or its P(RC): by the joint
-- networks on 13 bands, or by the network for any bands, which says which set of bands it had.
with bin_sets as (
    select * from red_clump.bin_sets
),

binned as (
    select * from red_clump.binned
),

counts as (
    select
        method,
        coarse_bin,
        bin,
        fold,
        count(*) as n,
        count(*) filter (where is_rc) as n_rc
    from bin_sets
    group by all
),

summed as (
    select
        *,
        sum(n) over same_bin - n as n_others,
        sum(n_rc) over same_bin - n_rc as n_rc_others,
        sum(n) over same_coarse - sum(n) over same_coarse_fold as n_coarse,
        sum(n_rc) over same_coarse - sum(n_rc) over same_coarse_fold as n_rc_coarse,
        sum(n_rc) over whole / sum(n) over whole as base_rate
    from counts
    window
        same_bin as (partition by method, bin),
        same_coarse as (partition by method, coarse_bin),
        same_coarse_fold as (partition by method, coarse_bin, fold),
        whole as (partition by method)
),

worths as (
    select
        method,
        bin,
        fold,
        red_clump.pooled_share(n_rc_coarse, n_coarse, base_rate) as coarse_share,
        red_clump.pooled_share(n_rc_others, n_others, coarse_share) as worth
    from summed
)

select
    method,
    survey,
    source_id,
    labels,
    'all' as bands,
    is_rc,
    is_rc_by_phase,
    worth
from bin_sets
inner join worths using (method, bin, fold)
union all by name
select
    'joint' as method,
    survey,
    source_id,
    labels,
    'all' as bands,
    is_rc,
    is_rc_by_phase,
    joint_p_rc as worth
from binned
where joint_p_rc is not null
union all by name
select
    'any_bands' as method,
    survey,
    source_id,
    labels,
    band_set as bands,
    is_rc,
    is_rc_by_phase,
    p_rc as worth
from binned
where p_rc is not null
union all by name
select
    'lightgbm' as method,
    survey,
    source_id,
    labels,
    'all' as bands,
    is_rc,
    is_rc_by_phase,
    p_rc_baseline as worth
from binned
inner join red_clump.baseline using (survey, source_id)
