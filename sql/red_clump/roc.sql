-- A point of contamination against completeness for a selection method, of labelled giants that the catalogue can
-- accept, on rows neither trained nor ranked on; one curve for each label table and, for the network for any bands, each
-- set of bands.
with ranked as (
    select * from red_clump.ranked
),

judged as (
    select
        method,
        labels,
        unnest(list_distinct(['all', bands])) as bands,
        'label' as truth,
        worth,
        is_rc
    from ranked
    union all
    select
        method,
        labels,
        unnest(list_distinct(['all', bands])) as bands,
        'phase' as truth,
        worth,
        is_rc_by_phase as is_rc
    from ranked
    where is_rc_by_phase is not null
),

levels as (
    select
        method,
        labels,
        bands,
        truth,
        worth,
        count(*) as n,
        count(*) filter (where is_rc) as n_rc
    from judged
    group by all
),

cumulative as (
    select
        method,
        labels,
        bands,
        truth,
        worth,
        sum(n) over best_first as n_selected,
        sum(n_rc) over best_first as n_true,
        sum(n_rc) over whole as n_rc_all,
        sum(n_rc) over whole / sum(n) over whole as base_rate
    from levels
    window
        best_first as (partition by method, labels, bands, truth order by worth desc),
        whole as (partition by method, labels, bands, truth)
),

percents as (
    select
        *,
        n_true / n_rc_all as completeness
    from cumulative
    where n_rc_all > 0 and n_true > 0
    qualify
        row_number()
            over (partition by method, labels, bands, truth, floor(100 * completeness) order by worth desc)
        = 1
)

select
    method,
    truth,
    labels,
    bands,
    completeness,
    n_selected::bigint as n_selected,
    base_rate,
    1 - n_true / n_selected as contamination,
    stats.wilson_low(n_selected - n_true, n_selected) as contamination_low,
    stats.wilson_high(n_selected - n_true, n_selected) as contamination_high
from percents
order by method, truth, labels, bands, completeness
