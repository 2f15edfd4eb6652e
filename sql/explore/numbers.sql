-- A tier and what the page says of it: its stars, contamination and completeness with their intervals, how many labels stand behind
-- them, and the same among the labelled giants alone, with the share of red clump among them; NULL where labels are too few.
with tier_numbers as (
    select unnest([1, 2]) as tier
),

stars as (
    select
        tier_numbers.tier,
        count(giants.source_id) as n
    from tier_numbers
    left join red_clump.giants as giants on tier_numbers.tier >= giants.tier
    group by tier_numbers.tier
),

labelled as (
    select
        tier_numbers.tier,
        count(*) filter (where binned.tier <= tier_numbers.tier) as n_selected,
        count(*) filter (where binned.tier <= tier_numbers.tier and binned.is_rc) as n_true,
        count(*) filter (where binned.is_rc) as n_rc,
        count(binned.is_rc) as n_labelled
    from tier_numbers
    left join red_clump.binned as binned on true
    group by tier_numbers.tier
)

select
    stars.tier,
    stars.n,
    final.contamination,
    final.contamination_low,
    final.contamination_high,
    final.completeness,
    final.completeness_low,
    final.completeness_high,
    final.note,
    coalesce(final.n_labelled, 0) as n_labelled,
    labelled.n_rc / nullif(labelled.n_labelled, 0) as base_rate,
    1 - labelled.n_true / nullif(labelled.n_selected, 0) as contamination_labelled,
    labelled.n_true / nullif(labelled.n_rc, 0) as completeness_labelled
from stars
inner join labelled using (tier)
left join red_clump.final_contamination as final on stars.tier = final.tier and final.region = 'all'
