-- The rows of a survey within a polygon, or within a region that `candlesql region` has stored.

-- [] x of the sum of the directions of the corners [[ra, dec], ...] [deg].
create or replace macro sphere.mean_x(corners) as
list_sum(list_transform(corners, lambda v: sphere.direction_x(v[1], v[2])));

-- [] y of the sum of the directions of the corners [[ra, dec], ...] [deg].
create or replace macro sphere.mean_y(corners) as
list_sum(list_transform(corners, lambda v: sphere.direction_y(v[1], v[2])));

-- [] z of the sum of the directions of the corners [[ra, dec], ...] [deg].
create or replace macro sphere.mean_z(corners) as
list_sum(list_transform(corners, lambda v: sphere.direction_z(v[2])));

-- [deg] Right ascension of the middle of the corners [[ra, dec], ...] [deg].
create or replace macro sphere.polygon_ra(corners) as
degrees(atan2(sphere.mean_y(corners), sphere.mean_x(corners)));

-- [deg] Declination of the middle of the corners [[ra, dec], ...] [deg].
create or replace macro sphere.polygon_dec(corners) as
degrees(atan2(sphere.mean_z(corners), stats.hypot(sphere.mean_x(corners), sphere.mean_y(corners))));

-- [deg] How far the farthest of the corners [[ra, dec], ...] [deg] is from centre_ra, centre_dec [deg].
create or replace macro sphere.polygon_radius(corners, centre_ra, centre_dec) as
list_max(list_transform(
    corners, lambda v: sphere.separation_arcsec(v[1], v[2], centre_ra, centre_dec)
)) / 3600;

-- [deg] Radius of a cone that holds the polygon of these corners [[ra, dec], ...] [deg]; an error where that is
-- none.
create or replace macro sphere.polygon_reach(corners) as
case
    when len(corners) < 3 then error('a polygon needs three corners or more')
    when list_max(list_transform(corners, lambda v: abs(v[2]))) > 90
        then error('a declination of the polygon is not within -90 to 90: give corners as [ra, dec]')
    when sphere.polygon_radius(corners, sphere.polygon_ra(corners), sphere.polygon_dec(corners)) > 80
        then error('the polygon is wider than 80 degrees from its middle')
    else sphere.polygon_radius(corners, sphere.polygon_ra(corners), sphere.polygon_dec(corners)) + 1e-7
end;

-- [] Cosine of the angle between ra, dec and centre_ra, centre_dec [deg].
create or replace macro sphere.gnomonic_depth(ra, dec, centre_ra, centre_dec) as
sin(radians(centre_dec)) * sin(radians(dec))
+ cos(radians(centre_dec)) * cos(radians(dec)) * cos(radians(ra - centre_ra));

-- [rad] Toward east, the gnomonic projection of ra, dec about centre_ra, centre_dec [deg]: great circles become
-- straight lines.
create or replace macro sphere.gnomonic_x(ra, dec, centre_ra, centre_dec) as
cos(radians(dec)) * sin(radians(ra - centre_ra)) / sphere.gnomonic_depth(ra, dec, centre_ra, centre_dec);

-- [rad] Toward north, the gnomonic projection of ra, dec about centre_ra, centre_dec [deg].
create or replace macro sphere.gnomonic_y(ra, dec, centre_ra, centre_dec) as
(
    cos(radians(centre_dec)) * sin(radians(dec))
    - sin(radians(centre_dec)) * cos(radians(dec)) * cos(radians(ra - centre_ra))
) / sphere.gnomonic_depth(ra, dec, centre_ra, centre_dec);

-- [rows] The rows of a survey (its name) within the polygon of corners [[ra, dec], ...] [deg]: a point is inside if
-- a line from it crosses the outline an odd number of times. The outline may be concave, its sides are great
-- circles, and it must fit into less than a hemisphere.
create or replace macro sphere.polygon(survey, corners) as table
    with outline as materialized (
        select
            sphere.polygon_ra(corners) as centre_ra,
            sphere.polygon_dec(corners) as centre_dec,
            list_transform(
                range(1, len(corners) + 1),
                lambda i: {
                    'a': corners[i],
                    'b': corners[i % len(corners) + 1]
                }
            ) as sides
    ),

    checked as materialized (
        select
            centre_ra,
            centre_dec,
            list_transform(
                sides,
                lambda s: {
                    'x1': sphere.gnomonic_x(s.a[1], s.a[2], centre_ra, centre_dec),
                    'y1': sphere.gnomonic_y(s.a[1], s.a[2], centre_ra, centre_dec),
                    'x2': sphere.gnomonic_x(s.b[1], s.b[2], centre_ra, centre_dec),
                    'y2': sphere.gnomonic_y(s.b[1], s.b[2], centre_ra, centre_dec)
                }
            ) as sides
        from outline
    ),

    placed as (
        select
            star,
            sides,
            sphere.gnomonic_x(star.ra, star.dec, centre_ra, centre_dec) as x,
            sphere.gnomonic_y(star.ra, star.dec, centre_ra, centre_dec) as y
        from
            sphere.cone(
                survey,
                sphere.polygon_ra(corners),
                sphere.polygon_dec(corners),
                sphere.polygon_reach(corners)
            ) as star,
            checked
    )

    select unnest(star)
    from placed
    where
        len(list_filter(
            sides,
            lambda s: ((s.y1 > y) <> (s.y2 > y)) and x < (s.x2 - s.x1) * (y - s.y1) / (s.y2 - s.y1) + s.x1
        )) % 2 = 1;

-- [rows] The rows of a survey (its name) in a region (its name) that `candlesql region` has stored: its ranges of
-- the order-29 index, cut at the borders of order-8 cells so that they join.
create or replace macro sphere.region(survey, region) as table
    with cells as (
        select
            low,
            high,
            unnest(range(low >> 42, (high >> 42) + 1)) as cell
        from query_table('region.' || region)
    ),

    inside as (
        select stars.*
        from query_table('staging.' || survey) as stars
        inner join cells on stars._healpix_29 >> 42 = cells.cell and stars._healpix_29 between cells.low and cells.high
        where
            stars._healpix_29 between (select min(low) from query_table('region.' || region))
            and (select max(high) from query_table('region.' || region))
    )

    select * from inside;
