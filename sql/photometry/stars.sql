-- A star with good labels and G, as equations 4-9 want it: the Cholesky factor L of its label covariance, its distance
-- modulus where the parallax is good enough, its reddening prior. Green et al. 2020, sections 3.1 to 3.3. Where a list of training
-- stars lacks places, as the shipped one, only Gaia DR2's own parallax says that a star is not in it; else `held_out` is NULL.
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
),

told as (
    select
        factored.*,
        coalesce(places.is_of_dr2, false) as is_of_dr2,
        main.trained_on('photometry', places.ra, places."dec") as is_seen_there,
        main.trained_on_name('photometry', places.measured_name) as is_seen_by_name
    from factored
    left join photometry.places as places using (survey, source_id)
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
    parallax,
    parallax_error,
    case
        when is_seen_there or is_seen_by_name then false
        when not is_seen_there or (is_of_dr2 and not is_seen_by_name) then true
    end as held_out,
    coalesce(ebv_prior, cuts.unmapped_ebv()) as ebv_prior,
    coalesce(ebv_prior_error, cuts.unmapped_ebv_error()) as ebv_prior_error,
    case when has_modulus then photometric.parallax_modulus(parallax) end as distance_modulus,
    case
        when has_modulus then photometric.parallax_modulus_error(parallax, parallax_error)
    end as distance_modulus_error
from told
