-- A cell of the sky, 2 by 2 degrees of Galactic coordinates, in a tier: its stars in the catalogue and their median distance.
select
    tier_numbers.tier,
    floor(catalogue.l / 2) * 2 as l_low_deg,
    floor(catalogue.b / 2) * 2 as b_low_deg,
    count(*) as n,
    median(catalogue.distance_kpc) as distance_median_kpc
from (select unnest([1, 2]) as tier) as tier_numbers
inner join red_clump.catalogue as catalogue on tier_numbers.tier >= catalogue.tier
group by all
order by all
