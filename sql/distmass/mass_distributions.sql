-- A bin of 0.1 Msun of labels or predictions by label set, distance and side of log g = 2.5: number of stars and, of the
-- group, the mean; Stone-Martinez et al. 2024, figures 12 and 14.
with masses as (
    unpivot (
        select
            logg,
            gaia_distance_kpc,
            mass_apokasc2_label,
            mass_apokasc3_label,
            mass_apokasc2_msun,
            mass_apokasc3_msun,
            paper_mass_apokasc2_msun
        from distmass.carbon_nitrogen
    )
    on mass_apokasc2_label, mass_apokasc3_label, mass_apokasc2_msun, mass_apokasc3_msun, paper_mass_apokasc2_msun
    into name masses value mass_msun
),

placed as (
    select
        masses,
        mass_msun,
        case when gaia_distance_kpc < 2 then 'nearer than 2 kpc' else 'farther' end as distance_bin,
        case when logg < 2.5 then 'low log g' else 'high log g' end as side,
        floor(mass_msun / 0.1) / 10 as mass_low
    from masses
    where gaia_distance_kpc is not null
)

select
    masses,
    distance_bin,
    side,
    mass_low,
    count(*) as n,
    sum(sum(mass_msun)) over whole / sum(count(*)) over whole as mean_mass
from placed
group by masses, distance_bin, side, mass_low
window whole as (partition by masses, distance_bin, side)
order by all
