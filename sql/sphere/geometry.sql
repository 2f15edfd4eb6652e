-- Directions, separations and Galactic coordinates. Angles in degrees, separations in arcsec, ICRS throughout.

-- [] x of the unit vector toward ra, dec [deg].
create or replace macro sphere.direction_x(ra, dec) as cos(radians(dec)) * cos(radians(ra));

-- [] y of the unit vector toward ra, dec [deg].
create or replace macro sphere.direction_y(ra, dec) as cos(radians(dec)) * sin(radians(ra));

-- [] z of the unit vector toward declination dec [deg].
create or replace macro sphere.direction_z(dec) as sin(radians(dec));

-- [arcsec] Angle between ra_1, dec_1 and ra_2, dec_2 [deg], by Vincenty's form: accurate from 0 to 180 degrees.
create or replace macro sphere.separation_arcsec(ra_1, dec_1, ra_2, dec_2) as
3600 * degrees(atan2(
    sqrt(
        pow(cos(radians(dec_2)) * sin(radians(ra_2 - ra_1)), 2)
        + pow(
            cos(radians(dec_1)) * sin(radians(dec_2))
            - sin(radians(dec_1)) * cos(radians(dec_2)) * cos(radians(ra_2 - ra_1)), 2
        )
    ),
    sin(radians(dec_1)) * sin(radians(dec_2))
    + cos(radians(dec_1)) * cos(radians(dec_2)) * cos(radians(ra_2 - ra_1))
));

-- [] x of the Galactic unit vector toward ra, dec [deg, ICRS]: toward l = 0, b = 0.
create or replace macro sphere.galactic_x(ra, dec) as
-0.0548755601367195 * sphere.direction_x(ra, dec)
- 0.8734370902532698 * sphere.direction_y(ra, dec)
- 0.4838350155472244 * sphere.direction_z(dec);

-- [] y of the Galactic unit vector toward ra, dec [deg, ICRS]: toward l = 90 deg, b = 0.
create or replace macro sphere.galactic_y(ra, dec) as
0.4941094280132430 * sphere.direction_x(ra, dec)
- 0.4448296298016944 * sphere.direction_y(ra, dec)
+ 0.7469822445004389 * sphere.direction_z(dec);

-- [] z of the Galactic unit vector toward ra, dec [deg, ICRS]: toward b = 90 deg.
create or replace macro sphere.galactic_z(ra, dec) as
-0.8676661489582886 * sphere.direction_x(ra, dec)
- 0.1980763737056720 * sphere.direction_y(ra, dec)
+ 0.4559837761713720 * sphere.direction_z(dec);

-- [deg] Galactic longitude of ra, dec [deg, ICRS].
create or replace macro sphere.galactic_longitude(ra, dec) as
(degrees(atan2(sphere.galactic_y(ra, dec), sphere.galactic_x(ra, dec))) + 360) % 360;

-- [deg] Galactic latitude of ra, dec [deg, ICRS].
create or replace macro sphere.galactic_latitude(ra, dec) as
degrees(atan2(sphere.galactic_z(ra, dec), stats.hypot(sphere.galactic_x(ra, dec), sphere.galactic_y(ra, dec))));
