-- The rows of a survey within a cone: ra, dec, radius_deg in degrees.
-- The band in declination prunes row groups; the exact test follows.
create or replace macro sphere.cone(survey, centre_ra, centre_dec, radius_deg) as table
    select *
    from query_table('staging.' || survey)
    where
        dec between centre_dec - radius_deg and centre_dec + radius_deg
        and sphere.separation_arcsec(ra, dec, centre_ra, centre_dec) <= 3600 * radius_deg;
