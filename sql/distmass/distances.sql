-- A spectrum with its distances: the ensemble's with its calibrated error, the paper's, and the first weighted with Gaia's.
with computed as (
    select
        *,
        stats.hypot(
            coalesce(k_err, 0),
            case
                when extinction_method = 'none' then cuts.distmass_unknown_extinction_error()
                else cuts.distmass_extinction_error_ratio() * extinction
            end
        ) as magnitude_error,
        distmass.distance_kpc(k, extinction, absolute_k_mag) as distance_kpc,
        distmass.distance_kpc(k, extinction, paper_absolute_k_mag) as paper_distance_kpc
    from distmass.predictions
)

select
    *,
    distance_kpc * ln(10) / 5 * stats.hypot(absolute_k_mag_error, magnitude_error) as distance_kpc_error,
    distmass.weighted_mean(distance_kpc, distance_kpc_error, gaia_distance_kpc, gaia_distance_kpc_error)
        as weighted_distance_kpc
from computed
