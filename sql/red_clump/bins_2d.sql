-- A bin of inferred Teff and log g in a tier: what is found there of the labelled red clump, and what of the found is none;
-- Lucey et al. 2020, figure 4.
with tier_numbers as (
    select unnest([1, 2]) as tier
)

select
    tier_numbers.tier,
    labelled.teff_bin * cuts.teff_bin() as teff_low_k,
    labelled.logg_bin * cuts.logg_bin() as logg_low,
    count(*) as n,
    count(*) filter (where labelled.is_rc) as n_rc,
    count(*) filter (where labelled.tier <= tier_numbers.tier) as n_selected,
    count(*) filter (where labelled.tier <= tier_numbers.tier and labelled.is_rc) as n_true,
    1 - n_true / nullif(n_selected, 0) as contamination,
    n_true / nullif(n_rc, 0) as completeness,
    n_rc / nullif(sum(n_rc) over (partition by tier_numbers.tier), 0) as share_of_rc
from tier_numbers
cross join red_clump.binned as labelled
group by tier_numbers.tier, labelled.teff_bin, labelled.logg_bin
