-- A star with its Galactocentric position and velocity from the spectrophotometric distance, Gaia's raw proper motion and APOGEE's
-- radial velocity; x points from the Sun to the Galactic centre, y along rotation at the Sun.
with sky as (
    select
        *,
        spec_distance_kpc * sphere.direction_x(ra, "dec") as icrs_x,
        spec_distance_kpc * sphere.direction_y(ra, "dec") as icrs_y,
        spec_distance_kpc * sphere.direction_z("dec") as icrs_z,
        parallax.icrs_vx(ra, "dec", spec_distance_kpc, pmra, pmdec, vhelio_avg) as icrs_vx,
        parallax.icrs_vy(ra, "dec", spec_distance_kpc, pmra, pmdec, vhelio_avg) as icrs_vy,
        parallax.icrs_vz("dec", spec_distance_kpc, pmdec, vhelio_avg) as icrs_vz
    from parallax.estimates
)

select
    apogee_id,
    m_h,
    alpha_m,
    spec_distance_kpc,
    spec_distance_kpc_error,
    parallax.x_kpc(icrs_x, icrs_y, icrs_z) as x_kpc,
    parallax.rotated_y(icrs_x, icrs_y, icrs_z) as y_kpc,
    parallax.z_kpc(icrs_x, icrs_y, icrs_z) as z_kpc,
    parallax.vx_km_s(icrs_vx, icrs_vy, icrs_vz) as vx_km_s,
    parallax.vy_km_s(icrs_vx, icrs_vy, icrs_vz) as vy_km_s,
    parallax.vz_km_s(icrs_vx, icrs_vy, icrs_vz) as vz_km_s
from sky
where pmra is not null and pmdec is not null and vhelio_avg is not null
