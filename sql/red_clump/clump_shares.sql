-- A stratum of scored stars in a region: how many of them are red clump by P(RC) as labels have it (red_clump.clump_odds), and
-- the three errors of that number: one by the shift of all, one by that of refused stars far from the plane, one by chance.
with counts as (
    select
        red_clump.strata(tier, refusal) as names,
        abs(b) > cuts.high_latitude() as is_high,
        red_clump.is_far_from_plane(w1mpro, ks_m, b) as is_far,
        round(red_clump.log_odds(p_rc), 1) as log_odds,
        count(*) as n
    from red_clump.judged
    group by all
),

stars as (
    select
        *,
        unnest(names) as stratum
    from counts
),

shares as (
    select
        odds.stratum,
        odds.region,
        odds.n_labelled,
        odds.shift_error,
        stars.n,
        stars.is_far and not starts_with(odds.stratum, 'tier') as is_far,
        red_clump.shifted_share(
            stars.log_odds, odds.shift + if(stars.is_far and not starts_with(odds.stratum, 'tier'), cuts.far_shift(), 0)
        ) as share
    from red_clump.clump_odds as odds
    inner join stars on odds.stratum = stars.stratum and (odds.region = 'all' or stars.is_high)
)

select
    stratum,
    region,
    any_value(n_labelled) as n_labelled,
    sum(n)::bigint as n,
    stats.steady_sum(n * share) as n_clump,
    any_value(shift_error) * stats.steady_sum(n * share * (1 - share)) as error_by_shift,
    cuts.far_shift_error() * coalesce(stats.steady_sum(if(is_far, n * share * (1 - share), null)), 0) as error_by_far,
    sqrt(stats.steady_sum(n * share * (1 - share))) as error_by_chance,
    sqrt(pow(error_by_shift, 2) + pow(error_by_far, 2) + pow(error_by_chance, 2)) as n_clump_error
from shares
group by stratum, region
