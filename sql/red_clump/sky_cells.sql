-- A HEALPix cell of the sky in Galactic coordinates (ring order, cuts.sky_nside) in a tier: its stars in the catalogue, per square
-- degree too, and their median distance.
select
    tier_numbers.tier,
    sphere.healpix_ring(cuts.sky_nside(), catalogue.l, catalogue.b) as healpix_ring,
    count(*) as n,
    n * 12 * pow(cuts.sky_nside(), 2) / (4 * pi() * pow(degrees(1), 2)) as stars_per_deg2,
    median(catalogue.distance_kpc) as distance_median_kpc
from (select unnest([1, 2]) as tier) as tier_numbers
inner join red_clump.catalogue as catalogue on tier_numbers.tier >= catalogue.tier
group by all
order by all
