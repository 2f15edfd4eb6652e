-- A Gaia star's labels in one spectroscopic survey, as that survey gives them: good spectra only, the one with the smallest
-- error of Teff, and a floor in every error. Green et al. 2020, section 3.1.
with good as (
    select
        'galah' as label_survey,
        to_galah.survey,
        to_galah.source_id,
        galah.teff,
        galah.logg,
        galah.fe_h as feh,
        galah.e_teff as teff_error,
        galah.e_logg as logg_error,
        galah.e_fe_h as feh_error
    from match.galah as to_galah
    inner join staging.galah as galah using (sobject_id)
    where
        coalesce(galah.snr_c3_iraf > cuts.green_min_spectrum_snr(), true)
        and coalesce(galah.flag_sp = 0, true)
    union all by name
    select
        'apogee' as label_survey,
        to_apogee.survey,
        to_apogee.source_id,
        apogee.teff,
        apogee.logg,
        apogee.fe_h as feh,
        apogee.teff_err as teff_error,
        apogee.logg_err as logg_error,
        apogee.m_h_err as feh_error
    from match.apogee as to_apogee
    inner join staging.apogee as apogee using (apogee_id)
    where coalesce(apogee.aspcapflag, 0) & cuts.green_apogee_bad() = 0
    union all by name
    select
        'lamost' as label_survey,
        to_lamost.survey,
        to_lamost.source_id,
        lamost.teff,
        lamost.logg,
        lamost.feh,
        lamost.teff_err as teff_error,
        lamost.logg_err as logg_error,
        lamost.feh_err as feh_error
    from match.lamost as to_lamost
    inner join staging.lamost as lamost using (obsid)
    where coalesce(lamost.snrg > cuts.green_min_spectrum_snr(), true)
)

select
    label_survey,
    survey,
    source_id,
    teff as teff_k,
    logg,
    feh,
    stats.hypot(coalesce(teff_error, cuts.assumed_teff_error()), cuts.green_teff_floor()) as teff_k_error,
    stats.hypot(coalesce(logg_error, cuts.assumed_logg_error()), cuts.green_logg_floor()) as logg_error,
    stats.hypot(coalesce(feh_error, cuts.assumed_feh_error()), cuts.green_feh_floor()) as feh_error
from good
where teff is not null and logg is not null and feh is not null
qualify row_number() over (partition by label_survey, survey, source_id order by teff_k_error) = 1
