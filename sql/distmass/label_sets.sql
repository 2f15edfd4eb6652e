-- A pair of mass sets, as labels and as predictions, on the stars that have both: how they differ by bin of log g.
with carbon_nitrogen as (
    select * from distmass.carbon_nitrogen
),

pairs as (
    select
        'labels, APOKASC-3 over APOKASC-2' as pair,
        logg_low,
        mass_apokasc3_label / mass_apokasc2_label - 1 as difference
    from carbon_nitrogen
    union all
    select
        'predictions, APOKASC-3 over APOKASC-2' as pair,
        logg_low,
        mass_apokasc3_msun / mass_apokasc2_msun - 1 as difference
    from carbon_nitrogen
    union all
    select
        'ensemble over paper, APOKASC-2' as pair,
        logg_low,
        mass_apokasc2_msun / paper_mass_apokasc2_msun - 1 as difference
    from carbon_nitrogen
)

select
    pair,
    logg_low,
    count(*) as n,
    median(difference) as bias,
    stats.robust_scatter(difference) as robust_scatter
from pairs
where difference is not null
group by all
order by all
