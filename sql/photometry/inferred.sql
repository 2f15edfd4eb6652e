-- A star and what photometry, parallax and reddening prior say of it: mean and standard deviation of the posterior of
-- equation 19 of Green et al. 2020, as `candlesql score` wrote it, errors of cool stars' Teff widened; with a distance from the modulus. `flag` says what is
-- wrong with a star whose parameters, or whose [Fe/H], are NULL; photometry.scores has them still. Of the stars that
-- `may_be_metal_poor` some are far below what the posterior says, beyond its errors: the prior has few such.
with flagged as (
    select
        *,
        coalesce(feh - cuts.metal_poor_errors() * feh_error < cuts.min_inferred_feh(), false) as may_be_metal_poor,
        case
            when chi2 / n_bands > cuts.max_inferred_chi2_per_band() then 'chi-square per band'
            when may_be_metal_poor then '[Fe/H]'
        end as flag,
        coalesce(flag = 'chi-square per band', false) as is_misfit
    from photometry.scores
    where n_bands >= cuts.min_inferred_bands()
)

select
    survey,
    source_id,
    chi2,
    n_bands::tinyint as n_bands,
    flag,
    may_be_metal_poor,
    case when not is_misfit then flagged.teff_k end as teff_k,
    case
        when is_misfit then null
        when flagged.teff_k < cuts.cool_teff()
            then stats.hypot(flagged.teff_k_error, cuts.cool_teff_error())::float
        else flagged.teff_k_error
    end
        as teff_k_error,
    case when not is_misfit then logg end as logg,
    case when not is_misfit then logg_error end as logg_error,
    case when flag is null then feh end as feh,
    case when flag is null then feh_error end as feh_error,
    case when not is_misfit then ebv end as ebv,
    case when not is_misfit then ebv_error end as ebv_error,
    case when not is_misfit then distance_modulus end as distance_modulus,
    case when not is_misfit then distance_modulus_error end as distance_modulus_error,
    case when not is_misfit then photometric.distance_kpc(flagged.distance_modulus) end as distance_kpc,
    distance_kpc * flagged.distance_modulus_error * ln(10) / 5 as distance_kpc_error
from flagged
