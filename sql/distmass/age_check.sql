-- A giant of APO-K2 with its published age and the one that distmass.log10_age gives its seismic mass.
select
    "EPIC" as epic,
    mass as mass_msun,
    fe_h as m_h,
    alpha_m,
    logg,
    log10(age_gyr) + 9 as log_age_published,
    distmass.log10_age(mass, fe_h, alpha_m) as log_age_apo_k2
from staging.apo_k2_ages
