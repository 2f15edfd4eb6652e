-- A star with its Galactocentric position and velocity from the spectrophotometric distance, Gaia's raw proper motion and APOGEE's
-- radial velocity (sphere.galactocentric_x_kpc says which axes).
with sky as (
    select
        *,
        sphere.galactic_longitude(ra, "dec") as l,
        sphere.galactic_latitude(ra, "dec") as b,
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
    sphere.galactocentric_x_kpc(l, b, spec_distance_kpc) as x_kpc,
    sphere.galactocentric_y_kpc(l, b, spec_distance_kpc) as y_kpc,
    sphere.galactocentric_z_kpc(b, spec_distance_kpc) as z_kpc,
    parallax.vx_km_s(icrs_vx, icrs_vy, icrs_vz) as vx_km_s,
    parallax.vy_km_s(icrs_vx, icrs_vy, icrs_vz) as vy_km_s,
    parallax.vz_km_s(icrs_vx, icrs_vy, icrs_vz) as vz_km_s
from sky
where pmra is not null and pmdec is not null and vhelio_avg is not null
