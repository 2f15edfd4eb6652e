-- A spectrum with its extinction, its parallax distance (computed here where its table has none) and the reasons for which
-- it is left out; Stone-Martinez et al. 2024, section 2.
with placed as (
    select
        *,
        sphere.galactic_longitude(ra, "dec") as l,
        sphere.galactic_latitude(ra, "dec") as b
    from distmass.spectra
),

extinguished as (
    select
        *,
        distmass.extinction_method(b, h, irac_4_5, wise_4_5, sfd_ebv) as extinction_method,
        distmass.extinction(extinction_method, h, irac_4_5, wise_4_5, sfd_ebv) as extinction
    from placed
),

with_distances as (
    select
        *,
        distmass.weak_prior_distance(true_parallax, parallax_error, cuts.distmass_length_kpc()) as prior_distance_kpc,
        distmass.weak_prior_error(prior_distance_kpc, true_parallax, parallax_error) as prior_distance_kpc_error
    from extinguished
)

select
    *,
    coalesce(catalog_distance_kpc, prior_distance_kpc) as gaia_distance_kpc,
    case when catalog_distance_kpc is null then prior_distance_kpc_error else catalog_distance_kpc_error end
        as gaia_distance_kpc_error,
    coalesce(is_star_bad, false) as is_bad,
    teff_k is null or logg is null or m_h is null as lacks_parameters,
    c_fe is null or n_fe is null as lacks_abundances,
    k is null as lacks_magnitude,
    distmass.was_seen(spectrum_id, apogee_id, ra, "dec") as is_trained_on,
    coalesce(starts_with(star_id, 'mock_'), false) as is_simulated,
    stats.fold(star_id, 'distmass', 25) as bucket
from with_distances
