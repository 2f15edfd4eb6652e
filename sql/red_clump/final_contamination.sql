-- A tier of the catalogue: its contamination and completeness, integrated over latitude and (sigma_G - zero point) / G with
-- the catalogue's own numbers of stars (Lucey et al. 2020, section 4.1), beside those of the labelled giants as they are.
with regions as (select unnest(['all', '|b| > 30 deg']) as region)

select
    tier,
    region,
    sum(n)::bigint as n,
    sum(n * contamination) / sum(n) as contamination,
    sqrt(sum(pow(n * contamination_error, 2))) / sum(n) as contamination_error,
    1 - sum(n_true) / nullif(sum(n_selected), 0) as contamination_labelled,
    sum(n * (1 - contamination)) / sum(n * (1 - contamination) / completeness) as completeness,
    sqrt(sum(pow(n * (1 - contamination) / completeness * completeness_error / completeness, 2)))
    / sum(n * (1 - contamination) / completeness) as completeness_error,
    sum(n_true) / nullif(sum(n_rc), 0) as completeness_labelled
from red_clump.final_cells
inner join regions
    on regions.region = 'all' or abs_b_low_deg >= 30
where completeness > 0
group by tier, region
order by region, tier
