-- Half a kiloparsec: the red clump stars from there on, and how many of them gain on Gaia; the unreddened W1 that they
-- have there; Lucey et al. 2020, figure 7.
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
    cuts.m_w1_red_clump() + 5 * log10(nullif(distance_low_kpc, 0)) + 10 as w1_low_mag,
    (sum(n_here) over beyond)::bigint as n_beyond,
    (sum(n_gain_here) over beyond)::bigint as n_gain_beyond
from steps
window
    beyond as (order by distance_low_kpc desc)
order by distance_low_kpc
