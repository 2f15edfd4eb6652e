-- Distances of the percentiles of absolute Ks that `found` has by spectrum; without those that no isochrone comes near.

-- [rows] Distances [kpc] of the percentiles of absolute Ks that the table found has by spectrum; without those that
-- no isochrone comes near.
create or replace macro distmass.nmsu_distances(found) as table
    select
        spectrum_id,
        absolute_k_median,
        absolute_k_low,
        absolute_k_high,
        distmass.distance_kpc(k, extinction, absolute_k_median) as distance_kpc,
        distmass.distance_kpc(k, extinction, absolute_k_high) as distance_kpc_low,
        distmass.distance_kpc(k, extinction, absolute_k_low) as distance_kpc_high
    from query_table(found)
    inner join distmass.inputs using (spectrum_id)
    where isfinite(absolute_k_median);
