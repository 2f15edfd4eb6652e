-- A Gaia star's spectrum in a survey with labels, as that survey gives them, and whether it passes each cut of Green et al. 2020,
-- section 3.1. Rows of APOGEE with one name are of one star. APOGEE's covariances are those before
-- calibration, its errors the larger of those before and after; DDPayne's and GALAH's have no covariances.
select
    'galah' as label_survey,
    to_galah.survey,
    to_galah.source_id,
    galah.teff,
    galah.logg,
    galah.fe_h as feh,
    galah.e_teff as teff_error,
    galah.e_logg as logg_error,
    galah.e_fe_h as feh_error,
    0 as covariance_teff_logg,
    0 as covariance_teff_feh,
    0 as covariance_logg_feh,
    photometry.has_signal([galah.snr_c1_iraf, galah.snr_c2_iraf, galah.snr_c3_iraf, galah.snr_c4_iraf]) as passes_snr,
    coalesce(galah.flag_sp = 0, true) as passes_flags
from match.galah as to_galah
inner join staging.galah as galah using (sobject_id)
union all by name
select
    'apogee' as label_survey,
    to_apogee.survey,
    to_apogee.source_id,
    apogee.teff,
    apogee.logg,
    coalesce(apogee.m_h, apogee.fe_h) as feh,
    photometry.larger_error(apogee.teff_err, apogee.var_teff) as teff_error,
    photometry.larger_error(apogee.logg_err, apogee.var_logg) as logg_error,
    photometry.larger_error(apogee.m_h_err, apogee.var_m_h) as feh_error,
    coalesce(apogee.cov_teff_logg, 0) as covariance_teff_logg,
    coalesce(apogee.cov_teff_m_h, 0) as covariance_teff_feh,
    coalesce(apogee.cov_logg_m_h, 0) as covariance_logg_feh,
    true as passes_snr,
    coalesce(apogee.aspcapflag, 0) & cuts.green_apogee_bad() = 0 as passes_flags
from match.apogee as to_apogee
inner join staging.apogee as apogee using (apogee_id)
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
    lamost.feh_err as feh_error,
    0 as covariance_teff_logg,
    0 as covariance_teff_feh,
    0 as covariance_logg_feh,
    photometry.has_signal([lamost.snru, lamost.snrg, lamost.snrr, lamost.snri, lamost.snrz]) as passes_snr,
    coalesce(lamost.qflag_chi2 = 'good', true) and coalesce(lamost.flag_singlestar = 'YES', true) as passes_flags
from match.lamost as to_lamost
inner join staging.lamost as lamost using (obsid)
