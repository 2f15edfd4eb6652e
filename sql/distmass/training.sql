-- A star that networks learn from or are judged on: labels of absolute magnitude and mass that pass the paper's cuts, else
-- NULL (clusters of table 1 stand in for imprecise parallaxes), seismic masses with those of subgiants and dwarfs beside
-- them, and its part of the split by which new networks are trained (64 % train, 16 % validation, 20 % test by a hash of the
-- star). `is_test`: the networks that are here never saw it; NULL for simulated stars.
with candidates as (
    select
        inputs.*,
        members.cluster_distance_kpc,
        coalesce(
            true_parallax > 0 and parallax_error / true_parallax < cuts.distmass_max_parallax_error_ratio(), false
        ) as has_parallax
    from distmass.inputs as inputs
    left join distmass.members as members using (spectrum_id)
),

trusted as (
    select
        *,
        case when has_parallax then gaia_distance_kpc else cluster_distance_kpc end as trusted_distance_kpc,
        case
            when has_parallax then gaia_distance_kpc_error / gaia_distance_kpc
            else cuts.distmass_cluster_distance_error()
        end
            as trusted_distance_error,
        trusted_distance_kpc is not null and extinction < cuts.distmass_max_a_k() as has_magnitude,
        case when distmass.is_precise(mass_apokasc2_label, mass_apokasc2_label_error) then mass_apokasc2_label end
            as seismic_mass_apokasc2,
        case when distmass.is_precise(mass_apokasc3_label, mass_apokasc3_label_error) then mass_apokasc3_label end
            as seismic_mass_apokasc3,
        case when distmass.is_precise(mass_subgiant_label, mass_subgiant_label_error) then mass_subgiant_label end
            as subgiant_mass,
        case when distmass.is_precise(mass_isochrone_label, mass_isochrone_label_error) then mass_isochrone_label end
            as isochrone_mass
    from candidates
)

select
    spectrum_id,
    survey,
    star_id,
    teff_k,
    logg,
    m_h,
    c_fe,
    n_fe,
    bucket,
    is_simulated,
    seismic_mass_apokasc2 as mass_apokasc2_label,
    seismic_mass_apokasc3 as mass_apokasc3_label,
    subgiant_mass as mass_subgiant_label,
    isochrone_mass as mass_isochrone_label,
    (evolutionary_state = 'RC')::integer as is_rc,
    case when has_magnitude then distmass.magnitude_at(k, extinction, trusted_distance_kpc) end as absolute_k_label,
    case when has_magnitude then 5 / ln(10) * trusted_distance_error end as absolute_k_label_error,
    coalesce(seismic_mass_apokasc2, subgiant_mass, isochrone_mass) as mass_apokasc2_supplemented,
    coalesce(seismic_mass_apokasc3, subgiant_mass, isochrone_mass) as mass_apokasc3_supplemented,
    distmass.split(bucket) as split,
    case when not is_simulated then not is_trained_on end as is_test
from trusted
