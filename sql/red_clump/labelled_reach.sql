-- Half a kiloparsec and a table of labels: the stars that it calls red clump from there on, as far as they are in the catalogue, by
-- the catalogue's distance; what figure 7 of Lucey et al. 2020 shows of LAMOST and APOGEE.
with steps as (
    select
        labels.label_table,
        floor(distances.distance_kpc * 2) / 2 as distance_low_kpc,
        count(*) as n_here
    from red_clump.distances as distances
    inner join red_clump.labels as labels using (survey, source_id)
    where labels.is_rc
    group by labels.label_table, distance_low_kpc
)

select
    label_table,
    distance_low_kpc,
    n_here,
    (sum(n_here) over beyond)::bigint as n_beyond
from steps
window
    beyond as (partition by label_table order by distance_low_kpc desc)
order by label_table, distance_low_kpc
