-- A star with good labels and G, as equations 4-9 want it: the Cholesky factor L of its label covariance, its distance
-- modulus where the parallax is good enough, its reddening prior. Green et al. 2020, sections 3.1 to 3.3. Not every list of
-- training stars has places, so that a star without a parallax may be held out or not: NULL.
with good as (
    select
        inputs.*,
        labels.* exclude (survey, source_id),
        coalesce(parallax / parallax_error > cuts.green_min_parallax_snr(), false) as has_modulus
    from photometry.inputs as inputs
    inner join photometry.labels as labels using (survey, source_id)
    inner join photometry.label_cuts as label_cuts using (survey, source_id)
    where label_cuts.is_selected
),

factored as (
    select
        *,
        sqrt(variance_teff::double) as l_teff,
        covariance_teff_logg / l_teff as l_logg_teff,
        covariance_teff_feh / l_teff as l_feh_teff,
        sqrt(greatest(variance_logg - l_logg_teff * l_logg_teff, 1e-8)) as l_logg,
        (covariance_logg_feh - l_feh_teff * l_logg_teff) / l_logg as l_feh_logg,
        sqrt(greatest(variance_feh - l_feh_teff * l_feh_teff - l_feh_logg * l_feh_logg, 1e-8)) as l_feh
    from good
)

select
    survey,
    source_id,
    label_survey,
    teff_k,
    logg,
    feh,
    l_teff,
    l_logg_teff,
    l_feh_teff,
    l_logg,
    l_feh_logg,
    l_feh,
    factored.parallax,
    factored.parallax_error,
    not coalesce(
        nullif(main.trained_on('photometry', places.ra, places."dec"), false),
        main.trained_on_name('photometry', places.measured_name)
    ) as held_out,
    coalesce(ebv_prior, cuts.unmapped_ebv()) as ebv_prior,
    coalesce(ebv_prior_error, cuts.unmapped_ebv_error()) as ebv_prior_error,
    case when has_modulus then photometric.parallax_modulus(parallax) end as distance_modulus,
    case
        when has_modulus then photometric.parallax_modulus_error(parallax, parallax_error)
    end as distance_modulus_error
from factored
left join photometry.places as places using (survey, source_id)
