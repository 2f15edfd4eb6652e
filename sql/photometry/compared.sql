-- A labelled star's observation in one band beside the network's: the residual without reddening, m - M - mu, and what one
-- standard deviation of each whitened label error does to the magnitude, (dM/dtheta + E_0 dR/dtheta) L; equation 4.
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
        predicted.magnitude_per_teff + stars.ebv_prior * predicted.extinction_per_teff as per_teff,
        predicted.magnitude_per_logg + stars.ebv_prior * predicted.extinction_per_logg as per_logg,
        predicted.magnitude_per_feh + stars.ebv_prior * predicted.extinction_per_feh as per_feh
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
    per_teff * l_teff + per_logg * l_logg_teff + per_feh * l_feh_teff as label_error_1,
    per_logg * l_logg + per_feh * l_feh_logg as label_error_2,
    per_feh * l_feh as label_error_3
from slopes
