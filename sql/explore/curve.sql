-- A point of contamination against completeness of the labelled giants, by P(RC) of the network for any bands; of the label table with
-- most of them.
with most as (
    select labels
    from red_clump.binned
    where p_rc is not null
    group by labels
    order by count(*) desc, labels
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
inner join most using (labels)
where roc.method = 'any_bands' and roc.truth = 'label' and roc.bands = 'all'
