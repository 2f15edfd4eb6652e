-- A cell of Galactic latitude and (sigma_G - zero point) / G in a tier: the stars of the catalogue in it, how many of them are no
-- red clump by P(RC) as labels have it (red_clump.clump_odds), and the labelled giants there with their completeness, pooled
-- with that of the whole tier where they are few; Lucey et al. 2020, figure 6.
with tier_numbers as (
    select unnest([1, 2]) as tier
),

labelled as (
    select
        tier_numbers.tier,
        red_clump.latitude_cell(labelled.b) as abs_b_low_deg,
        red_clump.g_error_cell(labelled.g_error_ratio) as g_error_ratio_low,
        count(*) filter (where labelled.tier <= tier_numbers.tier) as n_selected,
        count(*) filter (where labelled.tier <= tier_numbers.tier and labelled.is_rc) as n_true,
        count(*) filter (where labelled.is_rc) as n_rc
    from tier_numbers
    cross join red_clump.binned as labelled
    group by all
),

wholes as (
    select
        tier,
        sum(n_true) / nullif(sum(n_rc), 0) as tier_completeness
    from labelled
    group by tier
),

stars as (
    select
        tier_numbers.tier,
        odds.shift_error,
        red_clump.latitude_cell(giants.b) as abs_b_low_deg,
        red_clump.g_error_cell(giants.g_error_ratio) as g_error_ratio_low,
        red_clump.shifted_share(red_clump.log_odds(giants.p_rc), odds.shift) as share
    from tier_numbers
    inner join red_clump.giants as giants on tier_numbers.tier >= giants.tier
    inner join red_clump.clump_odds as odds
        on
            'tier ' || tier_numbers.tier = odds.stratum
            and odds.region = if(abs(giants.b) > cuts.high_latitude(), '|b| > 30 deg', 'all')
),

final as (
    select
        tier,
        abs_b_low_deg,
        g_error_ratio_low,
        count(*) as n,
        1 - stats.steady_mean(share) as contamination,
        stats.hypot(
            stats.steady_mean(share * (1 - share) * shift_error),
            sqrt(stats.steady_mean(share * (1 - share)) / count(*))
        )
            as contamination_error
    from stars
    group by tier, abs_b_low_deg, g_error_ratio_low
)

select
    final.*,
    coalesce(labelled.n_selected, 0) as n_selected,
    coalesce(labelled.n_true, 0) as n_true,
    coalesce(labelled.n_rc, 0) as n_rc,
    red_clump.pooled_share(labelled.n_true, labelled.n_rc, wholes.tier_completeness) as completeness,
    red_clump.pooled_error(completeness, labelled.n_rc) as completeness_error
from final
left join wholes on final.tier = wholes.tier
left join labelled
    on
        final.tier = labelled.tier
        and final.abs_b_low_deg = labelled.abs_b_low_deg
        and final.g_error_ratio_low is not distinct from labelled.g_error_ratio_low
