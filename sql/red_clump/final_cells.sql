-- A cell of Galactic latitude and (sigma_G - zero point) / G in a tier: contamination and completeness of its labelled giants,
-- pooled with those of the whole tier where they are few, and the stars of the catalogue in it; Lucey et al. 2020, figure 6.
with labelled as (
    select
        tier_numbers.tier,
        red_clump.latitude_cell(labelled.b) as abs_b_low_deg,
        red_clump.g_error_cell(labelled.g_error_ratio) as g_error_ratio_low,
        count(*) filter (where labelled.tier <= tier_numbers.tier) as n_selected,
        count(*) filter (where labelled.tier <= tier_numbers.tier and labelled.is_rc) as n_true,
        count(*) filter (where labelled.is_rc) as n_rc
    from (select unnest([1, 2]) as tier) as tier_numbers
    cross join red_clump.binned as labelled
    group by all
),

wholes as (
    select
        tier,
        1 - sum(n_true) / nullif(sum(n_selected), 0) as tier_contamination,
        sum(n_true) / nullif(sum(n_rc), 0) as tier_completeness
    from labelled
    group by tier
),

final as (
    select
        tier_numbers.tier,
        red_clump.latitude_cell(giants.b) as abs_b_low_deg,
        red_clump.g_error_cell(giants.g_error_ratio) as g_error_ratio_low,
        count(*) as n
    from (select unnest([1, 2]) as tier) as tier_numbers
    inner join red_clump.giants as giants on tier_numbers.tier >= giants.tier
    group by all
)

select
    final.*,
    coalesce(labelled.n_selected, 0) as n_selected,
    coalesce(labelled.n_true, 0) as n_true,
    coalesce(labelled.n_rc, 0) as n_rc,
    red_clump.pooled_share(labelled.n_selected - labelled.n_true, labelled.n_selected, wholes.tier_contamination)
        as contamination,
    red_clump.pooled_share(labelled.n_true, labelled.n_rc, wholes.tier_completeness) as completeness,
    red_clump.pooled_error(contamination, labelled.n_selected) as contamination_error,
    red_clump.pooled_error(completeness, labelled.n_rc) as completeness_error
from final
inner join wholes on final.tier = wholes.tier
left join labelled
    on
        final.tier = labelled.tier
        and final.abs_b_low_deg = labelled.abs_b_low_deg
        and final.g_error_ratio_low is not distinct from labelled.g_error_ratio_low
