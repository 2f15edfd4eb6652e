-- A tier in a region of the sky: its stars in the catalogue, and its contamination and completeness among labelled giants that the
-- catalogue can accept.
with regions as (
    select unnest(['all', '|b| > 30 deg']) as region
),

tier_numbers as (
    select unnest([1, 2]) as tier
),

judged as (
    select
        tier_numbers.tier,
        regions.region,
        count(*) filter (where labelled.tier <= tier_numbers.tier) as n_selected,
        count(*) filter (where labelled.tier <= tier_numbers.tier and is_rc) as n_true,
        count(*) filter (where is_rc) as n_rc,
        count(labelled.is_rc) as n_labelled
    from tier_numbers
    cross join regions
    left join red_clump.binned as labelled on regions.region = 'all' or abs(labelled.b) > 30
    group by all
),

counted as (
    select
        tier_numbers.tier,
        regions.region,
        count(catalogue.source_id) as n
    from tier_numbers
    cross join regions
    left join red_clump.catalogue as catalogue
        on tier_numbers.tier >= catalogue.tier and (regions.region = 'all' or abs(catalogue.b) > 30)
    group by all
)

select
    tier,
    region,
    n,
    1 - n_true / nullif(n_selected, 0) as contamination,
    n_true / nullif(n_rc, 0) as completeness,
    n_rc / nullif(n_labelled, 0) as base_rate
from counted
inner join judged using (tier, region)
order by region, tier
