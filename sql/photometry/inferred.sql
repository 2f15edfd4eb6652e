-- A star and what photometry, parallax and reddening prior say of it: mean and standard deviation of the posterior of
-- equation 19 of Green et al. 2020, as `candlesql score` wrote it; with a distance from the modulus.
select
    survey,
    source_id,
    teff_k,
    teff_k_error,
    logg,
    logg_error,
    feh,
    feh_error,
    ebv,
    ebv_error,
    distance_modulus,
    distance_modulus_error,
    chi2,
    n_bands::tinyint as n_bands,
    photometric.distance_kpc(distance_modulus) as distance_kpc,
    distance_kpc * distance_modulus_error * ln(10) / 5 as distance_kpc_error
from photometry.scores
where n_bands >= cuts.min_inferred_bands()
