-- Galactocentric velocities as astropy's Galactocentric frame has them: x from the Sun to the centre, y along rotation at the Sun, z
-- to the north, the Sun in the plane. Rows of the rotation from ICRS to axes whose x points to (266.4051, -28.936175) deg (Reid &
-- Brunthaler 2004).

-- [] Component toward (266.4051, -28.936175) deg of the ICRS vector x, y, z; in its unit.
create or replace macro parallax.rotated_x(x, y, z) as
-0.05487395617553902 * x - 0.8734371822248346 * y - 0.48383503143198114 * z;

-- [] Component along Galactic rotation of the ICRS vector x, y, z; in its unit.
create or replace macro parallax.rotated_y(x, y, z) as
0.4941107627040048 * x - 0.4448286178025452 * y + 0.7469819642829028 * z;

-- [] Component toward the north of the Galaxy of the ICRS vector x, y, z; in its unit.
create or replace macro parallax.rotated_z(x, y, z) as
-0.8676654903323697 * x - 0.1980782408317943 * y + 0.4559842183620723 * z;

-- [km/s] Galactocentric velocity along x of vx, vy, vz [km/s, ICRS axes], relative to the Sun.
create or replace macro parallax.vx_km_s(vx, vy, vz) as
parallax.rotated_x(vx, vy, vz) + cuts.hogg_sun_vx_km_s();

-- [km/s] Galactocentric velocity along y of vx, vy, vz [km/s, ICRS axes], relative to the Sun.
create or replace macro parallax.vy_km_s(vx, vy, vz) as parallax.rotated_y(vx, vy, vz) + cuts.hogg_sun_vy_km_s();

-- [km/s] Galactocentric velocity along z of vx, vy, vz [km/s, ICRS axes], relative to the Sun.
create or replace macro parallax.vz_km_s(vx, vy, vz) as
parallax.rotated_z(vx, vy, vz) + cuts.hogg_sun_vz_km_s();

-- [km/s] Velocity across the line of sight of proper_motion [mas/yr] at distance_kpc [kpc]; 4.740470464 km/s is 1 AU
-- a Julian year.
create or replace macro parallax.transverse_km_s(proper_motion, distance_kpc) as
4.740470463533349 * proper_motion * distance_kpc;

-- [km/s] Velocity relative to the Sun along the ICRS x axis from ra and dec [deg], distance_kpc [kpc], pmra and
-- pmdec [mas/yr] and radial velocity rv [km/s].
create or replace macro parallax.icrs_vx(ra, dec, distance_kpc, pmra, pmdec, rv) as
rv * sphere.direction_x(ra, dec)
- parallax.transverse_km_s(pmra, distance_kpc) * sin(radians(ra))
- parallax.transverse_km_s(pmdec, distance_kpc) * sin(radians(dec)) * cos(radians(ra));

-- [km/s] Velocity relative to the Sun along the ICRS y axis from ra and dec [deg], distance_kpc [kpc], pmra and
-- pmdec [mas/yr] and radial velocity rv [km/s].
create or replace macro parallax.icrs_vy(ra, dec, distance_kpc, pmra, pmdec, rv) as
rv * sphere.direction_y(ra, dec)
+ parallax.transverse_km_s(pmra, distance_kpc) * cos(radians(ra))
- parallax.transverse_km_s(pmdec, distance_kpc) * sin(radians(dec)) * sin(radians(ra));

-- [km/s] Velocity relative to the Sun along the ICRS z axis from dec [deg], distance_kpc [kpc], pmdec [mas/yr] and
-- radial velocity rv [km/s].
create or replace macro parallax.icrs_vz(dec, distance_kpc, pmdec, rv) as
rv * sphere.direction_z(dec) + parallax.transverse_km_s(pmdec, distance_kpc) * cos(radians(dec));
