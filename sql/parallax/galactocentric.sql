-- Galactocentric velocities as astropy's Galactocentric frame has them: x from the Sun to the centre, y along rotation at the Sun, z
-- to the north, the Sun in the plane. Rows of the rotation from ICRS to axes whose x points to (266.4051, -28.936175) deg (Reid &
-- Brunthaler 2004).
create or replace macro parallax.rotated_x(x, y, z) as
-0.05487395617553902 * x - 0.8734371822248346 * y - 0.48383503143198114 * z;
create or replace macro parallax.rotated_y(x, y, z) as
0.4941107627040048 * x - 0.4448286178025452 * y + 0.7469819642829028 * z;
create or replace macro parallax.rotated_z(x, y, z) as
-0.8676654903323697 * x - 0.1980782408317943 * y + 0.4559842183620723 * z;

-- Of a velocity in km/s relative to the Sun [ICRS axes].
create or replace macro parallax.vx_km_s(vx, vy, vz) as
parallax.rotated_x(vx, vy, vz) + cuts.hogg_sun_vx_km_s();
create or replace macro parallax.vy_km_s(vx, vy, vz) as parallax.rotated_y(vx, vy, vz) + cuts.hogg_sun_vy_km_s();
create or replace macro parallax.vz_km_s(vx, vy, vz) as
parallax.rotated_z(vx, vy, vz) + cuts.hogg_sun_vz_km_s();

-- Velocity relative to the Sun on ICRS axes from proper motions [mas/yr], distance [kpc] and radial velocity [km/s]; 4.740470464
-- km/s is 1 AU a Julian year.
create or replace macro parallax.transverse_km_s(proper_motion, distance_kpc) as
4.740470463533349 * proper_motion * distance_kpc;
create or replace macro parallax.icrs_vx(ra, dec, distance_kpc, pmra, pmdec, rv) as
rv * sphere.direction_x(ra, dec)
- parallax.transverse_km_s(pmra, distance_kpc) * sin(radians(ra))
- parallax.transverse_km_s(pmdec, distance_kpc) * sin(radians(dec)) * cos(radians(ra));
create or replace macro parallax.icrs_vy(ra, dec, distance_kpc, pmra, pmdec, rv) as
rv * sphere.direction_y(ra, dec)
+ parallax.transverse_km_s(pmra, distance_kpc) * cos(radians(ra))
- parallax.transverse_km_s(pmdec, distance_kpc) * sin(radians(dec)) * sin(radians(ra));
create or replace macro parallax.icrs_vz(dec, distance_kpc, pmdec, rv) as
rv * sphere.direction_z(dec) + parallax.transverse_km_s(pmdec, distance_kpc) * cos(radians(dec));
