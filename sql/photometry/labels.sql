-- A star with spectroscopic labels and their covariance, all surveys on one scale (photometry.label_offsets); where several
-- have it, the one that the scale is tied to comes first (GALAH, then APOGEE, then LAMOST; Green et al. 2020, section 3.1).
with offsets as (
    select
        label_survey,
        max(label_offset) filter (where label = 'teff_k') as teff_offset,
        max(label_offset) filter (where label = 'logg') as logg_offset,
        max(label_offset) filter (where label = 'feh') as feh_offset
    from photometry.label_offsets
    group by label_survey
),

best as (
    select *
    from photometry.spectra
    qualify
        row_number() over (
            partition by survey, source_id
            order by list_position(['galah', 'apogee', 'lamost'], label_survey)
        ) = 1
)

select
    best.survey,
    best.source_id,
    best.label_survey,
    best.teff_k + coalesce(offsets.teff_offset, 0) as teff_k,
    best.logg + coalesce(offsets.logg_offset, 0) as logg,
    best.feh + coalesce(offsets.feh_offset, 0) as feh,
    pow(best.teff_k_error, 2) as variance_teff,
    best.covariance_teff_logg,
    best.covariance_teff_feh,
    pow(best.logg_error, 2) as variance_logg,
    best.covariance_logg_feh,
    pow(best.feh_error, 2) as variance_feh
from best
left join offsets using (label_survey)
union all by name
select
    wide_survey as survey,
    source_id,
    wide_survey as label_survey,
    teff as teff_k,
    logg,
    feh,
    pow(cuts.assumed_teff_error(), 2) as variance_teff,
    0 as covariance_teff_logg,
    0 as covariance_teff_feh,
    pow(cuts.assumed_logg_error(), 2) as variance_logg,
    0 as covariance_logg_feh,
    pow(cuts.assumed_feh_error(), 2) as variance_feh
from staging.wide_stars
where teff is not null and logg is not null and feh is not null
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
