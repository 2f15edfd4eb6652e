-- A star with labels, and whether each cut of Green et al. 2020, sections 3.1 and 3.2, leaves it out; `is_selected` if none does.
with extended as (
    select
        to_twomass.survey,
        to_twomass.source_id,
        coalesce(twomass.ext_key > 0, false) as is_extended
    from match.twomass as to_twomass
    inner join staging.twomass as twomass using (designation)
),

judged as (
    select
        labels.survey,
        labels.source_id,
        not coalesce(inputs.g_mag is not null and inputs.g_mag_error <= cuts.green_max_magnitude_error(), false)
            as lacks_g,
        not photometry.is_often_visible(gaia.visibility_periods_used) as fails_visibility,
        not photometry.has_good_astrometry(
            gaia.astrometric_chi2_al, gaia.astrometric_n_good_obs_al, gaia.phot_g_mean_mag
        ) as fails_astrometry,
        coalesce(extended.is_extended, false) as is_extended,
        not coalesce(
            labels.variance_teff > 0
            and labels.variance_teff <= pow(cuts.green_max_teff_error(), 2)
            and labels.variance_logg <= pow(cuts.green_max_logg_error(), 2)
            and labels.variance_feh <= pow(cuts.green_max_feh_error(), 2),
            false
        ) as fails_label_errors
    from photometry.labels as labels
    left join photometry.inputs as inputs using (survey, source_id)
    left join staging.gaia as gaia using (survey, source_id)
    left join extended using (survey, source_id)
)

select
    *,
    not(lacks_g or fails_visibility or fails_astrometry or is_extended or fails_label_errors) as is_selected
from judged
