-- Half a kiloparsec: the red clump stars from there on, and how many of them gain on Gaia; Lucey et al. 2020, figure 7.
with steps as (
    select
        floor(distance_kpc * 2) / 2 as distance_low_kpc,
        count(*) as n_here,
        count(*) filter (where error_ratio > 1) as n_gain_here,
        median(error_ratio) as error_ratio_median
    from red_clump.precision
    group by distance_low_kpc
)

select
    distance_low_kpc,
    n_here,
    error_ratio_median,
    (sum(n_here) over beyond)::bigint as n_beyond,
    (sum(n_gain_here) over beyond)::bigint as n_gain_beyond
from steps
window
    beyond as (order by distance_low_kpc desc)
order by distance_low_kpc
