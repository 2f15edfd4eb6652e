-- A cell of latitude, G and J - Ks in a tier: the share of the labelled red clump giants that the tier finds.
-- Sum n_true and n_rc over cells for a coarser one.
select
    tier_numbers.tier,
    red_clump.latitude_cell(labelled.b) as abs_b_low_deg,
    floor(labelled.phot_g_mean_mag) as g_low_mag,
    floor(labelled.j_ks / 0.2) * 0.2 as j_ks_low_mag,
    count(*) as n_rc,
    count(*) filter (where labelled.tier <= tier_numbers.tier) as n_true,
    n_true / n_rc as completeness,
    stats.wilson_low(n_true, n_rc) as completeness_low,
    stats.wilson_high(n_true, n_rc) as completeness_high
from (select unnest([1, 2]) as tier) as tier_numbers
cross join red_clump.binned as labelled
where labelled.is_rc
group by all
order by all
