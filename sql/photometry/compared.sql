-- A labelled star's observation in one band beside the network's: the residual without reddening, m - M - mu, and what one
-- standard deviation of each whitened label error does to the absolute magnitude and to the extinction of one magnitude of E:
-- (dM/dtheta) L and (dR/dtheta) L of equation 4.
with slopes as (
    select
        stars.* exclude (survey, source_id),
        observed.survey,
        observed.source_id,
        observed.band,
        observed.magnitude,
        observed.magnitude_error,
        predicted.absolute_magnitude,
        predicted.extinction,
        predicted.magnitude_per_teff,
        predicted.magnitude_per_logg,
        predicted.magnitude_per_feh,
        predicted.extinction_per_teff,
        predicted.extinction_per_logg,
        predicted.extinction_per_feh
    from photometry.observed as observed
    inner join photometry.stars as stars using (survey, source_id)
    inner join photometry.predicted as predicted using (survey, source_id, band)
)

select
    survey,
    source_id,
    band,
    magnitude,
    magnitude_error,
    absolute_magnitude,
    extinction,
    held_out,
    teff_k,
    logg,
    feh,
    distance_modulus,
    distance_modulus_error,
    ebv_prior,
    ebv_prior_error,
    magnitude - absolute_magnitude - coalesce(distance_modulus, 0) as unreddened_residual,
    magnitude_per_teff * l_teff + magnitude_per_logg * l_logg_teff + magnitude_per_feh * l_feh_teff as label_error_1,
    magnitude_per_logg * l_logg + magnitude_per_feh * l_feh_logg as label_error_2,
    magnitude_per_feh * l_feh as label_error_3,
    extinction_per_teff * l_teff
    + extinction_per_logg * l_logg_teff
    + extinction_per_feh * l_feh_teff as label_error_1_per_ebv,
    extinction_per_logg * l_logg + extinction_per_feh * l_feh_logg as label_error_2_per_ebv,
    extinction_per_feh * l_feh as label_error_3_per_ebv
from slopes
