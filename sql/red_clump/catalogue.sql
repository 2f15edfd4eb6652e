-- A giant with what the networks infer, its tier (1, the cleaner, within 2) and, if selected, its distance; Lucey et al.
-- 2020, table 2. X runs from the Galactic centre to the Sun, Y along rotation, Z to the north.
select
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
    giants.tier,
    distances.distance_kpc,
    distances.distance_kpc_error,
    cuts.sun_x_kpc() - distances.distance_kpc * cos(radians(giants.b)) * cos(radians(giants.l)) as x_kpc,
    distances.distance_kpc * cos(radians(giants.b)) * sin(radians(giants.l)) as y_kpc,
    distances.distance_kpc * sin(radians(giants.b)) as z_kpc
from red_clump.giants as giants
left join red_clump.distances as distances using (source_id)
