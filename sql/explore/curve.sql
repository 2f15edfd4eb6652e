-- A point of contamination against completeness of the labelled giants, by P(RC): of the network for any bands where it has them, else
-- of the joint networks; of the label table with most of them.
with curves as (
    select
        method,
        labels,
        max(n_selected) as n_most
    from red_clump.roc
    where truth = 'label' and bands = 'all' and method in ('any_bands', 'joint')
    group by method, labels
),

chosen as (
    select
        method,
        labels
    from curves
    order by method = 'any_bands' desc, n_most desc
    limit 1
)

select
    roc.method,
    roc.labels,
    roc.completeness,
    roc.contamination,
    roc.contamination_low,
    roc.contamination_high,
    roc.n_selected
from red_clump.roc as roc
inner join chosen on roc.method = chosen.method and roc.labels = chosen.labels
where roc.truth = 'label' and roc.bands = 'all'
