-- A labelled star in the form that training reads (training/photometry/bands.toml), every survey on one scale and every band in
-- the system of its column. Green et al. 2020, section 3.4.
select
    inputs.* exclude (
        survey, source_id, w1_mag, w2_mag, w1_mag_error, w2_mag_error, ebv_prior, ebv_prior_error
    ),
    stars.survey,
    stars.source_id as "row",
    stars.label_survey as atm_source,
    stars.teff_k as teff,
    stars.logg,
    stars.feh,
    labels.variance_teff as cov_teff_teff,
    labels.covariance_teff_logg as cov_teff_logg,
    labels.covariance_teff_feh as cov_teff_feh,
    labels.variance_logg as cov_logg_logg,
    labels.covariance_logg_feh as cov_logg_feh,
    labels.variance_feh as cov_feh_feh,
    stars.ebv_prior as reddening,
    stars.ebv_prior_error as reddening_error,
    inputs.w1_mag_error as w1_ab_mag_error,
    inputs.w2_mag_error as w2_ab_mag_error,
    photometry.split_bucket(stars.source_id) as bucket,
    photometric.ab_from_vega('w1', inputs.w1_mag) as w1_ab_mag,
    photometric.ab_from_vega('w2', inputs.w2_mag) as w2_ab_mag
from photometry.stars as stars
inner join photometry.labels as labels using (survey, source_id)
inner join photometry.inputs as inputs using (survey, source_id)
