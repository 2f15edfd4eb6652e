-- A bin of distance, or all stars of the disk (no bin), and the error of the distance scale that radial velocities and proper motions
-- show: wrong distances mix a star's motion in the plane into its vertical one (Schoenrich, Binney & Asplund 2012, section 2).
with placed as (
    select
        spec_distance_kpc,
        vz_km_s,
        vx_km_s - cuts.hogg_sun_vx_km_s() as u_km_s,
        vy_km_s - cuts.hogg_sun_vy_km_s() as v_km_s,
        (x_kpc - cuts.sun_x_kpc()) / spec_distance_kpc as direction_x,
        y_kpc / spec_distance_kpc as direction_y,
        z_kpc / spec_distance_kpc as direction_z
    from parallax.motions
    where abs(z_kpc) < cuts.hogg_map_max_abs_z()
),

mixed as (
    select
        vz_km_s,
        floor(spec_distance_kpc / cuts.hogg_distance_bin()) * cuts.hogg_distance_bin() as bin_low,
        -direction_z * (direction_x * u_km_s + direction_y * v_km_s) as mixed_in
    from placed
),

lines as (
    select
        bin_low,
        count(*) as n,
        nullif(regr_sxx(vz_km_s, mixed_in), 0) as sxx,
        regr_sxy(vz_km_s, mixed_in) / sxx as slope,
        regr_syy(vz_km_s, mixed_in) / sxx as ratio
    from mixed
    group by grouping sets ((bin_low), ())
    having count(*) > 2
)

select
    bin_low,
    n,
    slope as distance_scale_error,
    bin_low + cuts.hogg_distance_bin() as bin_high,
    if(ratio is not null, sqrt(greatest(ratio - slope * slope, 0) / (n - 2)), null) as distance_scale_error_error
from lines
order by bin_low nulls first
