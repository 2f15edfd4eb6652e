-- A red clump star of models (staging.cn_models), or of the mock sky where there are none, and the change of [C/N] from the lower red
-- giant branch to it; Lucey et al. 2020, figure 12, by Lagarde et al. 2012.
select
    teff_k,
    logg,
    feh,
    mass_msun,
    change_cn_dex,
    'models' as origin
from staging.cn_models
union all
select
    teff_k,
    logg,
    feh,
    mass_msun,
    red_clump.mock_cn_change(feh, mass_msun) as change_cn_dex,
    'mock sky' as origin
from staging.mock_truth
where phase = 3 and red_clump.is_giant(teff_k, logg) and not exists (select 1 from staging.cn_models)
