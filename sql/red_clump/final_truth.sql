-- A tier of the catalogue of a mock sky by its truth: the share that is not core helium burning, and the share found of all
-- core-helium-burning stars that pass the quality cuts; what `final_contamination` estimates from labels.
with regions as (
    select unnest(['all', '|b| > 30 deg']) as region
),

tier_numbers as (
    select unnest([1, 2]) as tier
),

stars as (
    select
        scores.b,
        giants.tier,
        truth.phase = 3 as is_rc_by_phase
    from red_clump.scores as scores
    inner join red_clump.truth as truth using (survey, source_id)
    left join red_clump.giants as giants using (survey, source_id)
)

select
    tier_numbers.tier,
    regions.region,
    count(*) filter (where stars.tier <= tier_numbers.tier) as n,
    count(*) filter (where stars.tier <= tier_numbers.tier and stars.is_rc_by_phase) as n_clump_selected,
    count(*) filter (where stars.is_rc_by_phase) as n_clump,
    1 - n_clump_selected / nullif(n, 0) as contamination,
    n_clump_selected / nullif(n_clump, 0) as completeness
from tier_numbers
cross join regions
inner join stars on regions.region = 'all' or abs(stars.b) > 30
group by tier_numbers.tier, regions.region
order by regions.region, tier_numbers.tier
