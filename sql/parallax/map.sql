-- A cell of the Galactic disk with the mean velocity and [M/H] of its stars; Hogg et al. 2018, figure 6.
select
    floor(x_kpc / cuts.hogg_map_cell()) * cuts.hogg_map_cell() as x_low_kpc,
    floor(y_kpc / cuts.hogg_map_cell()) * cuts.hogg_map_cell() as y_low_kpc,
    count(*) as n,
    avg(vx_km_s) as mean_vx_km_s,
    avg(vy_km_s) as mean_vy_km_s,
    avg((y_kpc * vx_km_s - x_kpc * vy_km_s) / stats.hypot(x_kpc, y_kpc)) as mean_rotation_km_s,
    avg(m_h) as mean_m_h
from parallax.motions
where
    abs(z_kpc) < cuts.hogg_map_max_abs_z()
    and spec_distance_kpc_error < cuts.hogg_map_error_ratio() * spec_distance_kpc
group by all
order by x_low_kpc, y_low_kpc
