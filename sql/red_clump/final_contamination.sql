-- A tier of the catalogue: its contamination, and its completeness among all red clump stars that pass the quality cuts, refused
-- ones too (Lucey et al. 2020, section 4.1), by P(RC) as the labels have it, with 68 % intervals, beside those of the labelled
-- giants as they are. NULL where labels are too few, which `note` says.
with clump_shares as (
    select * from red_clump.clump_shares
),

tier_numbers as (
    select unnest([1, 2]) as tier
),

regions as (
    select unnest(['all', '|b| > 30 deg']) as region
),

selected as (
    select
        shares.*,
        tier_numbers.tier
    from tier_numbers
    inner join clump_shares as shares on 'tier ' || tier_numbers.tier = shares.stratum
),

others as (
    select
        region,
        stats.steady_sum(n_clump) as n_clump,
        sqrt(stats.steady_sum(pow(n_clump_error, 2))) as n_clump_error
    from clump_shares
    where stratum not in ('tier 1', 'tier 2')
    group by region
),

whole as (
    select
        shares.region,
        shares.n_clump + coalesce(others.n_clump, 0) as n_clump,
        coalesce(others.n_clump_error, 0) as n_clump_error
    from clump_shares as shares
    left join others using (region)
    where shares.stratum = 'tier 2'
),

labelled as (
    select
        tier_numbers.tier,
        regions.region,
        count(*) filter (where labelled.tier <= tier_numbers.tier) as n_selected,
        count(*) filter (where labelled.tier <= tier_numbers.tier and labelled.is_rc) as n_true,
        count(*) filter (where labelled.is_rc) as n_rc
    from tier_numbers
    cross join regions
    inner join red_clump.binned as labelled
        on regions.region = 'all' or abs(labelled.b) > cuts.high_latitude()
    group by all
),

everywhere as (
    select
        stratum,
        n_labelled >= cuts.min_labels() as is_known
    from red_clump.clump_odds
    where region = 'all'
)

select
    selected.tier,
    selected.region,
    selected.n,
    selected.n_labelled,
    if(everywhere.is_known, 1 - selected.n_clump / selected.n, null) as contamination,
    if(everywhere.is_known, selected.n_clump_error / selected.n, null) as contamination_error,
    if(contamination is not null, greatest(contamination - contamination_error, 0), null) as contamination_low,
    if(contamination is not null, least(contamination + contamination_error, 1), null) as contamination_high,
    1 - labelled.n_true / nullif(labelled.n_selected, 0) as contamination_labelled,
    if(everywhere.is_known, selected.n_clump / whole.n_clump, null) as completeness,
    completeness * sqrt(
        pow((1 - completeness) * selected.n_clump_error / selected.n_clump, 2)
        + pow(whole.n_clump_error / whole.n_clump, 2)
    ) as completeness_error,
    if(completeness is not null, greatest(completeness - completeness_error, 0), null) as completeness_low,
    if(completeness is not null, least(completeness + completeness_error, 1), null) as completeness_high,
    labelled.n_true / nullif(labelled.n_rc, 0) as completeness_labelled,
    case
        when not everywhere.is_known then 'too few labels'
        when selected.n_labelled < cuts.min_labels() then 'few labels here: mostly those of the whole sky'
    end as note
from selected
inner join whole on selected.region = whole.region
inner join everywhere on selected.stratum = everywhere.stratum
left join labelled on selected.tier = labelled.tier and selected.region = labelled.region
order by selected.region, selected.tier
