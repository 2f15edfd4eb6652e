-- A giant with what the networks infer, its tier (1, the cleaner, within 2) and, if selected, its distance; Lucey et al.
-- 2020, table 2. Positions are those of sphere.galactocentric_x_kpc. `reason` says why a tier or a distance is NULL.
select
    giants.survey,
    giants.source_id,
    giants.ra,
    giants.dec,
    giants.l,
    giants.b,
    giants.teff_k,
    giants.teff_k_error,
    giants.logg,
    giants.logg_error,
    giants.delta_p_s,
    giants.delta_p_s_error,
    giants.delta_nu_uhz,
    giants.delta_nu_uhz_error,
    giants.p_rc,
    giants.p_rc_photometric,
    giants.bands,
    giants.tier,
    distances.distance_kpc,
    distances.distance_kpc_error,
    distances.distance_recipe,
    sphere.galactocentric_x_kpc(giants.l, giants.b, distances.distance_kpc) as x_kpc,
    sphere.galactocentric_y_kpc(giants.l, giants.b, distances.distance_kpc) as y_kpc,
    sphere.galactocentric_z_kpc(giants.b, distances.distance_kpc) as z_kpc,
    case
        when giants.refusal is not null then giants.refusal
        when distances.distance_kpc is null then 'no distance without G and W1, or H, Ks and W2, or J and Ks'
    end as reason
from red_clump.giants as giants
left join red_clump.distances as distances using (survey, source_id)
