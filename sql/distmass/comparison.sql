-- A star with a trusted distance and each network's distance over it, minus 1, and their standard errors; `is_test` stars
-- were never trained on, simulated stars are neither that nor the contrary.
with methods as (
    select
        'ensemble' as method,
        *,
        distance_kpc as inferred_kpc,
        distance_kpc_error / distance_kpc as inferred_error
    from distmass.distances
    union all by name
    select
        'paper' as method,
        *,
        paper_distance_kpc as inferred_kpc,
        null as inferred_error
    from distmass.distances
    union all by name
    select
        'nmsu' as method,
        stars.*,
        nmsu.distance_kpc as inferred_kpc,
        0.5 * (nmsu.distance_kpc_high - nmsu.distance_kpc_low) / nmsu.distance_kpc as inferred_error
    from distmass.distances as stars
    inner join distmass.nmsu as nmsu using (spectrum_id)
)

select
    methods.method,
    methods.spectrum_id,
    methods.logg,
    methods.inferred_error,
    training.is_test,
    training.is_simulated,
    methods.inferred_kpc / methods.gaia_distance_kpc - 1 as difference,
    methods.gaia_distance_kpc_error / methods.gaia_distance_kpc as gaia_error
from methods
inner join distmass.training as training using (spectrum_id)
where training.absolute_k_label is not null and methods.inferred_kpc is not null
