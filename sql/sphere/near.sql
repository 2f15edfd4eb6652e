-- What the nearest stars need beside proper motion: parallax, since the Earth sees them displaced by up to that much, and
-- perspective, since what comes nearer seems to move faster. All angles in mas, times in Julian years.

-- [mas] Displacements below it are not looked at.
create or replace macro sphere.near_displacement_mas() as 10;

-- [yr-1] By which part of its distance a star of parallax [mas] and radial_velocity [km/s] recedes; 4.740470446 km/s
-- are one au a year.
create or replace macro sphere.recession(parallax, radial_velocity) as
radial_velocity * parallax / 4.740470446 * sphere.mas_in_rad();

-- [mas] How far perspective takes a star of recession [yr-1], pmra and pmdec [mas/yr] in so many years [yr] from
-- where its proper motion alone has it; 1.1 covers what is of higher order.
create or replace macro sphere.perspective_reach(recession, pmra, pmdec, years) as
1.1 * stats.hypot(coalesce(pmra, 0), coalesce(pmdec, 0)) * abs(coalesce(recession, 0)) * years * years;

-- [mas] The same and parallax [mas] together, of recession [yr-1], pmra and pmdec [mas/yr] and years [yr]; 0 where
-- both are small.
create or replace macro sphere.near_reach(parallax, recession, pmra, pmdec, years) as
case
    when
        greatest(coalesce(parallax, 0), sphere.perspective_reach(recession, pmra, pmdec, years))
        >= sphere.near_displacement_mas()
        then 1.02 * greatest(coalesce(parallax, 0), 0) + sphere.perspective_reach(recession, pmra, pmdec, years)
    else 0
end;

-- [rad] Mean anomaly of the Sun in a Julian year [yr]; Astronomical Almanac, low precision.
create or replace macro sphere.sun_anomaly(year) as radians(357.528 + 0.9856003 * 365.25 * (year - 2000));

-- [rad] Ecliptic longitude of the Sun, precession taken out, in a Julian year [yr]; Astronomical Almanac, low
-- precision.
create or replace macro sphere.sun_longitude(year) as
radians(
    280.460 + 0.9856091 * 365.25 * (year - 2000)
    + 1.915 * sin(sphere.sun_anomaly(year)) + 0.020 * sin(2 * sphere.sun_anomaly(year))
);

-- [au] Distance of the Sun in a Julian year [yr]; Astronomical Almanac, low precision.
create or replace macro sphere.sun_distance(year) as
1.00014 - 0.01671 * cos(sphere.sun_anomaly(year)) - 0.00014 * cos(2 * sphere.sun_anomaly(year));

-- [au] Where the Earth is in a Julian year [yr], seen from the Sun, along the ICRS x axis; good to a hundredth of an
-- au seen from the barycentre.
create or replace macro sphere.earth_x(year) as -sphere.sun_distance(year) * cos(sphere.sun_longitude(year));

-- [au] Where the Earth is in a Julian year [yr], seen from the Sun, along the ICRS y axis.
create or replace macro sphere.earth_y(year) as
-0.9174821 * sphere.sun_distance(year) * sin(sphere.sun_longitude(year));

-- [au] Where the Earth is in a Julian year [yr], seen from the Sun, along the ICRS z axis.
create or replace macro sphere.earth_z(year) as
-0.3977770 * sphere.sun_distance(year) * sin(sphere.sun_longitude(year));

-- [mas] Parallax ellipse: the displacement toward east of a star of parallax [mas] at ra [deg] in a Julian year
-- [yr].
create or replace macro sphere.parallax_east(parallax, ra, year) as
coalesce(parallax, 0) * (sin(radians(ra)) * sphere.earth_x(year) - cos(radians(ra)) * sphere.earth_y(year));

-- [mas] Parallax ellipse: the displacement toward north of a star of parallax [mas] at ra, dec [deg] in a Julian
-- year [yr].
create or replace macro sphere.parallax_north(parallax, ra, dec, year) as
coalesce(parallax, 0) * (
    sin(radians(dec)) * (cos(radians(ra)) * sphere.earth_x(year) + sin(radians(ra)) * sphere.earth_y(year))
    - cos(radians(dec)) * sphere.earth_z(year)
);

-- [yr] How many years of its proper motion, as it is at its own epoch, a star of recession [yr-1] has done after so
-- many years [yr].
create or replace macro sphere.perspective_years(recession, years) as years / (1 + coalesce(recession, 0) * years);

-- [mas] Toward east, where the place ra_2, dec_2 stands from one at ra_1 [deg], along the tangent plane there.
create or replace macro sphere.east_mas(ra_1, ra_2, dec_2) as
cos(radians(dec_2)) * sin(radians(ra_2 - ra_1)) / sphere.mas_in_rad();

-- [mas] Toward north, where the place ra_2, dec_2 stands from ra_1, dec_1 [deg], along the tangent plane there.
create or replace macro sphere.north_mas(ra_1, dec_1, ra_2, dec_2) as
(
    cos(radians(dec_1)) * sin(radians(dec_2))
    - sin(radians(dec_1)) * cos(radians(dec_2)) * cos(radians(ra_2 - ra_1))
) / sphere.mas_in_rad();

-- [mas] Toward east, where a star s stands from a star m that moves, at the epoch of s; both structs of position,
-- epoch and motion as in ranking.sql.
create or replace macro sphere.offset_east(m, s) as
sphere.east_mas(m.ra, s.ra, s.dec)
- m.pmra * sphere.perspective_years(m.recession, s.epoch_yr - m.epoch_yr)
- sphere.parallax_east(m.parallax, m.ra, s.epoch_yr);

-- [mas] Toward north, where a star s stands from a star m that moves, at the epoch of s.
create or replace macro sphere.offset_north(m, s) as
sphere.north_mas(m.ra, m.dec, s.ra, s.dec)
- m.pmdec * sphere.perspective_years(m.recession, s.epoch_yr - m.epoch_yr)
- sphere.parallax_north(m.parallax, m.ra, m.dec, s.epoch_yr);

-- [] The squared chord [rad2] of the separation of m and s, as sphere.pairs gives it.
create or replace macro sphere.near_chord_squared(m, s) as
(pow(sphere.offset_east(m, s), 2) + pow(sphere.offset_north(m, s), 2)) * pow(sphere.mas_in_rad(), 2);
