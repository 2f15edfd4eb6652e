-- A trend of [C/N]: with [Fe/H] for subgiants and for giants of 1.5 to 1.75 Msun (figure 8), with Galactocentric radius for
-- subgiants by [Fe/H] (figure 9), with log g for giants of 1.1 to 1.3 Msun (figure 10); Stone-Martinez et al. 2024.
with carbon_nitrogen as (
    select * from distmass.carbon_nitrogen
),

samples as (
    select
        'subgiants by [Fe/H]' as trend,
        m_h as x,
        c_n
    from carbon_nitrogen
    where stage = 'subgiant'
    union all
    select
        'giants of 1.5-1.75 Msun by [Fe/H]' as trend,
        m_h as x,
        c_n
    from carbon_nitrogen
    where stage = 'giant' and mass_apokasc2_label between 1.5 and 1.75
    union all
    select
        'subgiants by radius, [Fe/H] ' || round(m_h / 0.2) * 0.2 as trend,
        galactocentric_radius_kpc as x,
        c_n
    from carbon_nitrogen
    where stage = 'subgiant'
    union all
    select
        'giants of 1.1-1.3 Msun by log g' as trend,
        logg as x,
        c_n
    from carbon_nitrogen
    where mass_apokasc2_label between 1.1 and 1.3
)

select
    trend,
    count(*) as n,
    if(min(x) < max(x), regr_slope(c_n, x), null) as slope,
    if(min(x) < max(x), regr_intercept(c_n, x), null) as intercept,
    if(min(x) < max(x), corr(c_n, x), null) as correlation,
    min(x) as x_low,
    max(x) as x_high,
    stddev_samp(c_n) as c_n_scatter
from samples
where x is not null and c_n is not null
group by trend
order by trend
