-- The rows of a survey within a cone: ra, dec, radius_deg in degrees.

-- How far right ascension reaches from the centre; all the way round where the cone holds a pole.
create or replace macro sphere.cone_width(centre_dec, radius_deg) as
case
    when abs(centre_dec) + radius_deg >= 90 then 360
    else degrees(asin(least(1, sin(radians(radius_deg)) / cos(radians(centre_dec)))))
end;

-- The box in both coordinates prunes row groups, across 0/360 too; the exact test follows.
create or replace macro sphere.cone(survey, centre_ra, centre_dec, radius_deg) as table
    select *
    from query_table('staging.' || survey)
    where
        dec between centre_dec - radius_deg and centre_dec + radius_deg
        and (
            ra between centre_ra - sphere.cone_width(centre_dec, radius_deg)
            and centre_ra + sphere.cone_width(centre_dec, radius_deg)
            or ra >= centre_ra - sphere.cone_width(centre_dec, radius_deg) + 360
            or ra <= centre_ra + sphere.cone_width(centre_dec, radius_deg) - 360
        )
        and sphere.separation_arcsec(ra, dec, centre_ra, centre_dec) <= 3600 * radius_deg;
