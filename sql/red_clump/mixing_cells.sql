-- A cell of Teff and log g with models of red_clump.mixing, or five or more stars of the mock sky: medians of the change of [C/N], mass
-- and [Fe/H]; Lucey et al. 2020, figure 12.
select
    floor(teff_k / 50) * 50 as teff_low_k,
    floor(logg / 0.05) * 0.05 as logg_low,
    any_value(origin) as origin,
    count(*) as n,
    median(change_cn_dex) as change_cn_dex,
    median(mass_msun) as mass_msun,
    median(feh) as feh
from red_clump.mixing
group by teff_low_k, logg_low
having count(*) >= 5 or any_value(origin) = 'models'
order by teff_low_k, logg_low
