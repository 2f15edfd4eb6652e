-- Galactocentric positions, right-handed as astropy's Galactocentric: the Sun at (cuts.sun_x_kpc(), 0, 0), x on from the Sun through
-- the Galactic centre, y along rotation at the Sun, z to the north. Galactic longitude and latitude in degrees, distances in kpc.

-- [kpc] Galactocentric x of a star at l, b [deg] and distance_kpc [kpc].
create or replace macro sphere.galactocentric_x_kpc(l, b, distance_kpc) as
cuts.sun_x_kpc() + distance_kpc * cos(radians(b)) * cos(radians(l));

-- [kpc] Galactocentric y of a star at l, b [deg] and distance_kpc [kpc].
create or replace macro sphere.galactocentric_y_kpc(l, b, distance_kpc) as
distance_kpc * cos(radians(b)) * sin(radians(l));

-- [kpc] Galactocentric z of a star at b [deg] and distance_kpc [kpc].
create or replace macro sphere.galactocentric_z_kpc(b, distance_kpc) as distance_kpc * sin(radians(b));
