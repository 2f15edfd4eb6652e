-- A pair of surveys and a separation: the pairs of `candlesql match --statistics` in its bin, and what is true up to there.
with summed as (
    select
        "left",
        "right",
        low_arcsec,
        high_arcsec,
        n_pairs,
        n_random,
        n_left,
        sum(n_pairs) over closer as n_pairs_within,
        sum(n_random) over closer as n_random_within,
        sum(n_pairs - n_random) over (partition by "left", "right") as n_counterparts
    from candlesql.match_statistics
    window closer as (partition by "left", "right" order by high_arcsec)
)

select
    "left",
    "right",
    low_arcsec,
    high_arcsec,
    n_pairs::bigint as n_pairs,
    n_random::bigint as n_random,
    n_left::bigint as n_rows_left,
    (n_pairs_within - n_random_within) / n_counterparts as counterpart_completeness,
    n_random_within / n_pairs_within as random_fraction,
    n_counterparts / n_left as matched_fraction
from summed
order by "left", "right", high_arcsec
