-- The pixels of HEALPix (NESTED) that a star of the order-29 index stands in.

-- [] The pixel, of order healpix_order (0 to 29), that holds the index healpix_29 of order 29: 12 * 4**healpix_order cover the sky.
create or replace macro sphere.healpix_pixel(healpix_29, healpix_order) as healpix_29 >> (2 * (29 - healpix_order));
