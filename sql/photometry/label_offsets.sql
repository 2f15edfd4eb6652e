-- A label of a spectroscopic survey and what to add to it, so that all surveys are on one scale: GALAH and APOGEE are compared
-- with LAMOST by the inverse-variance-weighted mean difference of stars in common, and GALAH's scale is kept (APOGEE's where
-- GALAH and LAMOST share too few stars). Green et al. 2020, section 3.1. A survey without a row cannot be compared.
with differences as (
    select
        other.label_survey,
        unnest([
            {
                'label': 'teff_k',
                'difference': lamost.teff_k - other.teff_k,
                'variance': pow(lamost.teff_k_error, 2) + pow(other.teff_k_error, 2)
            },
            {
                'label': 'logg',
                'difference': lamost.logg - other.logg,
                'variance': pow(lamost.logg_error, 2) + pow(other.logg_error, 2)
            },
            {
                'label': 'feh',
                'difference': lamost.feh - other.feh,
                'variance': pow(lamost.feh_error, 2) + pow(other.feh_error, 2)
            }
        ]) as entry
    from photometry.spectra as lamost
    inner join photometry.spectra as other using (survey, source_id)
    where lamost.label_survey = 'lamost' and other.label_survey <> 'lamost'
),

centred as (
    select
        label_survey,
        entry.label,
        entry.difference,
        entry.variance,
        abs(entry.difference - median(entry.difference) over (partition by label_survey, entry.label))
        < cuts.green_label_clip() * sqrt(entry.variance) as is_near
    from differences
),

compared as (
    select
        label_survey,
        label,
        count(*) as n_common,
        sum(difference / variance) filter (where is_near) / sum(1 / variance) filter (where is_near) as to_lamost,
        1 / sqrt(sum(1 / variance) filter (where is_near)) as to_lamost_error
    from centred
    group by label_survey, label
    having count(*) >= cuts.green_min_common_stars()
),

anchors as (
    select
        label_survey as reference_survey,
        label,
        n_common,
        to_lamost,
        to_lamost_error
    from compared
    qualify dense_rank() over (order by list_position(['galah', 'apogee'], label_survey)) = 1
),

all_surveys as (
    select * from compared
    union all by name
    select
        'lamost' as label_survey,
        label,
        n_common,
        0 as to_lamost,
        0 as to_lamost_error
    from anchors
)

select
    all_surveys.label_survey,
    anchors.reference_survey,
    all_surveys.label,
    all_surveys.n_common,
    all_surveys.to_lamost - anchors.to_lamost as label_offset,
    case
        when label_survey = reference_survey then 0
        else stats.hypot(all_surveys.to_lamost_error, anchors.to_lamost_error)
    end as label_offset_error
from all_surveys
inner join anchors using (label)
order by all_surveys.label_survey, all_surveys.label
