-- HEALPix cells in ring order of any longitude and latitude; Gorski et al. 2005, section 5.1. nside cells lie along the side of
-- each of the twelve base cells.

-- [] The number of the cell, from 0, that holds lon, lat [deg], of nside [] cells along a side.
create or replace macro sphere.healpix_ring(nside, lon, lat) as
case
    when abs(sin(radians(lat))) <= 2.0 / 3
        then sphere.healpix_belt(
            nside,
            floor(nside * (0.5 + sphere.quarters(lon)) - nside * sin(radians(lat)) * 0.75)::bigint,
            floor(nside * (0.5 + sphere.quarters(lon)) + nside * sin(radians(lat)) * 0.75)::bigint
        )
    else sphere.healpix_cap(
        nside,
        lat > 0,
        sphere.quarters(lon),
        floor((sphere.quarters(lon) % 1) * nside * sqrt(3 * (1 - abs(sin(radians(lat)))))
        )::bigint + floor((1 - sphere.quarters(lon) % 1) * nside * sqrt(3 * (1 - abs(sin(radians(lat))))))::bigint + 1
    )
end;

-- [] Quarters of a turn, 0 to 4, in lon [deg].
create or replace macro sphere.quarters(lon) as ((lon % 360 + 360) % 360) / 90;

-- [] The same where rings have four times nside [] cells: of the lines falling [] and rising [] to the right, by number.
create or replace macro sphere.healpix_belt(nside, falling, rising) as
2 * nside * (nside - 1)
+ (nside + falling - rising) * 4 * nside
+ ((falling + rising - nside + 2 - (nside + 1 + falling - rising) % 2) // 2) % (4 * nside);

-- [] The same about a pole of nside [] cells, the north one if is_north, of the quarters turned [] and the ring [] from it.
create or replace macro sphere.healpix_cap(nside, is_north, turned, ring) as
if(is_north, 2 * ring * (ring - 1), 12 * nside * nside - 2 * ring * (ring + 1))
+ floor(turned * ring)::bigint % (4 * ring);
