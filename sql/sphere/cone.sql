-- The rows of a survey within a cone: ra, dec, radius_deg in degrees.
--
-- What bounds the HEALPix index is a constant where the cone is one: DuckDB works it out once, before it looks at any
-- row, and leaves out the row groups that cannot hold a star of the cone.

-- [] The bits at even places of a number x below 64.
create or replace macro sphere.even_bits(x) as
(x & 1) | ((x >> 1) & 2) | ((x >> 2) & 4);

-- [] Every HEALPix pixel of order 3 (NESTED): its index, and z, phi [rad] of its centre; Gorski et al. 2005, section
-- 5.
create or replace macro sphere.pixels() as
list_transform(
    list_transform(
        range(768),
        lambda p: {
            'pixel': p,
            'eighth': 2 * ((p >> 6) % 4) + case when p between 256 and 511 then 0 else 1 end,
            'step': sphere.even_bits(p & 63) - sphere.even_bits((p >> 1) & 31),
            'ring': 15 + 8 * (p >> 8) - sphere.even_bits(p & 63) - sphere.even_bits((p >> 1) & 31)
        }
    ),
    lambda p: {
        'pixel': p.pixel,
        'z': case
            when p.ring < 8 then 1 - p.ring * p.ring / 192
            when p.ring > 24 then (32 - p.ring) * (32 - p.ring) / 192 - 1
            else (16 - p.ring) / 12
        end,
        'phi': (p.eighth + p.step / least(p.ring, 32 - p.ring, 8)) * pi() / 4
    }
);

-- [] The pixels that may hold a part of the cone of centre_ra, centre_dec and radius_deg [deg]. No corner of one is
-- farther than 0.1305 rad from its centre.
create or replace macro sphere.cone_pixels(centre_ra, centre_dec, radius_deg) as
list_transform(
    [{
        'z': sin(radians(centre_dec)),
        'r': cos(radians(centre_dec)),
        'phi': radians(centre_ra),
        'least': cos(least(pi(), radians(abs(radius_deg)) + 0.1305))
    }],
    lambda c: list_transform(
        list_filter(
            sphere.pixels(),
            lambda p: c.z * p.z + c.r * sqrt(1 - p.z * p.z) * cos(p.phi - c.phi) >= c.least
        ),
        lambda p: p.pixel
    )
)[1];

-- [] The places in a sorted list of pixels of their three widest gaps' ends, with the first and one past the last.
create or replace macro sphere.widest_gaps(pixels) as
list_sort(list_concat(
    [1, len(pixels) + 1],
    list_transform(
        list_slice(list_reverse_sort(list_transform(
            range(2, len(pixels) + 1),
            lambda i: {
                'gap': pixels[i] - pixels[i - 1],
                'place': i
            }
        )), 1, 3),
        lambda g: g.place
    )
));

-- [] The piece-th (1 to 4) of the ranges of the order-29 index that hold the cone of centre_ra, centre_dec and
-- radius_deg [deg]; one that is not needed holds nothing.
create or replace macro sphere.cone_range(centre_ra, centre_dec, radius_deg, piece) as
list_transform(
    list_transform(
        [sphere.cone_pixels(centre_ra, centre_dec, radius_deg)],
        lambda pixels: {
            'pixels': pixels,
            'cuts': sphere.widest_gaps(pixels)
        }
    ),
    lambda c: {
        'low': coalesce(c.pixels[c.cuts[piece]] << 52, -1),
        'high': coalesce(
            ((c.pixels[c.cuts[piece + 1] - 1] + 1) << 52) - 1, -2
        )
    }
)[1];

-- [boolean] Whether a star of the order-29 index healpix_29 stands in a pixel that the cone of centre_ra, centre_dec
-- and radius_deg [deg] touches.
create or replace macro sphere.may_be_in_cone(healpix_29, centre_ra, centre_dec, radius_deg) as
healpix_29 between sphere.cone_range(centre_ra, centre_dec, radius_deg, 1).low
and sphere.cone_range(centre_ra, centre_dec, radius_deg, 1).high
or healpix_29 between sphere.cone_range(centre_ra, centre_dec, radius_deg, 2).low
and sphere.cone_range(centre_ra, centre_dec, radius_deg, 2).high
or healpix_29 between sphere.cone_range(centre_ra, centre_dec, radius_deg, 3).low
and sphere.cone_range(centre_ra, centre_dec, radius_deg, 3).high
or healpix_29 between sphere.cone_range(centre_ra, centre_dec, radius_deg, 4).low
and sphere.cone_range(centre_ra, centre_dec, radius_deg, 4).high;

-- [deg] The radius_deg [deg] of a cone that there can be at centre_dec [deg], else an error.
create or replace macro sphere.cone_radius(centre_dec, radius_deg) as
case
    when centre_dec not between -90 and 90
        then error(format(
            'a cone at declination {} deg is none: give ra, dec (-90 to 90) and radius in this order', centre_dec
        ))
    when radius_deg < 0
        then error(format('a cone of radius {} deg is none: give 0 or more', radius_deg))
    else radius_deg
end;

-- [rows] The rows of a survey (its name) within radius_deg of centre_ra, centre_dec [deg].
create or replace macro sphere.cone(survey, centre_ra, centre_dec, radius_deg) as table
    select *
    from query_table('staging.' || survey)
    where
        sphere.may_be_in_cone(_healpix_29, centre_ra::double, centre_dec::double, radius_deg::double)
        and dec between centre_dec::double - sphere.cone_radius(centre_dec::double, radius_deg::double)
        and centre_dec::double + radius_deg::double
        and sphere.separation_arcsec(ra, dec, centre_ra::double, centre_dec::double) <= 3600 * radius_deg::double;
