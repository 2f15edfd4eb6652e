-- A star with spectroscopic labels and their covariance; where several surveys have it, the one that the paper's scale is
-- tied to comes first (GALAH, then APOGEE, then LAMOST; Green et al. 2020, section 3.1).
with spectroscopic as (
    select
        1 as place,
        'galah' as label_survey,
        to_galah.source_id,
        galah.teff,
        galah.logg,
        galah.fe_h as feh,
        galah.e_teff as teff_error,
        galah.e_logg as logg_error,
        galah.e_fe_h as feh_error
    from match.gaia_dr2_galah as to_galah
    inner join staging.galah as galah using (sobject_id)
    union all by name
    select
        2 as place,
        'apogee' as label_survey,
        to_apogee.source_id,
        apogee.teff,
        apogee.logg,
        apogee.fe_h as feh,
        apogee.teff_err as teff_error,
        apogee.logg_err as logg_error,
        apogee.m_h_err as feh_error
    from match.gaia_dr2_apogee as to_apogee
    inner join staging.apogee as apogee using (apogee_id)
    union all by name
    select
        3 as place,
        'lamost' as label_survey,
        to_lamost.source_id,
        lamost.teff,
        lamost.logg,
        lamost.feh,
        lamost.teff_err as teff_error,
        lamost.logg_err as logg_error,
        lamost.feh_err as feh_error
    from match.gaia_dr2_lamost as to_lamost
    inner join staging.lamost as lamost using (obsid)
),

best as (
    select
        'gaia_dr2' as survey,
        *
    from spectroscopic
    where teff is not null and logg is not null and feh is not null
    qualify row_number() over (partition by source_id order by place) = 1
),

with_errors as (
    select * from best
    union all by name
    select
        wide_survey as survey,
        wide_survey as label_survey,
        source_id,
        teff,
        logg,
        feh
    from staging.wide_stars
    where teff is not null and logg is not null and feh is not null
)

select
    survey,
    source_id,
    label_survey,
    teff as teff_k,
    logg,
    feh,
    pow(coalesce(teff_error, cuts.assumed_teff_error()), 2) as variance_teff,
    0 as covariance_teff_logg,
    0 as covariance_teff_feh,
    pow(coalesce(logg_error, cuts.assumed_logg_error()), 2) as variance_logg,
    0 as covariance_logg_feh,
    pow(coalesce(feh_error, cuts.assumed_feh_error()), 2) as variance_feh
from with_errors
union all by name
select
    'green2020' as survey,
    "row" as source_id,
    atm_source as label_survey,
    teff as teff_k,
    logg,
    feh,
    cov_teff_teff as variance_teff,
    cov_teff_logg as covariance_teff_logg,
    cov_teff_feh as covariance_teff_feh,
    cov_logg_logg as variance_logg,
    cov_logg_feh as covariance_logg_feh,
    cov_feh_feh as variance_feh
from staging.green2020
