-- The Hammer projection: the whole sky in an ellipse, equal areas in equal areas; Hammer 1892, as in Snyder 1987, page 160.

-- [] The horizontal place of longitude, latitude [deg], from 2.83 at longitude -180 to -2.83 at 180: as seen from inside.
create or replace macro sphere.hammer_x(longitude, latitude) as
-2 * sqrt(2) * cos(radians(latitude)) * sin(radians(longitude) / 2)
/ sqrt(1 + cos(radians(latitude)) * cos(radians(longitude) / 2));

-- [] The vertical place of longitude, latitude [deg], from -1.41 to 1.41.
create or replace macro sphere.hammer_y(longitude, latitude) as
sqrt(2) * sin(radians(latitude)) / sqrt(1 + cos(radians(latitude)) * cos(radians(longitude) / 2));

-- [deg] A longitude [deg] from 0 to 360 as one from -180 to 180.
create or replace macro sphere.signed_longitude(longitude) as longitude - 360 * (longitude > 180)::integer;
