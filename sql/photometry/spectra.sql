-- A Gaia star's labels in one spectroscopic survey, as that survey gives them: good spectra only, the one with the smallest
-- error of Teff, and a floor in every error. Green et al. 2020, section 3.1.
select
    label_survey,
    survey,
    source_id,
    teff as teff_k,
    logg,
    feh,
    covariance_teff_logg,
    covariance_teff_feh,
    covariance_logg_feh,
    stats.hypot(coalesce(teff_error, cuts.assumed_teff_error()), cuts.green_teff_floor()) as teff_k_error,
    stats.hypot(coalesce(logg_error, cuts.assumed_logg_error()), cuts.green_logg_floor()) as logg_error,
    stats.hypot(coalesce(feh_error, cuts.assumed_feh_error()), cuts.green_feh_floor()) as feh_error
from photometry.spectrum_cuts
where passes_snr and passes_flags and teff is not null and logg is not null and feh is not null
qualify row_number() over (partition by label_survey, survey, source_id order by teff_k_error) = 1
