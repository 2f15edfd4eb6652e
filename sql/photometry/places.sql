-- A star where it stands, and the measurement by which it is known whatever it is called: Gaia's parallax and its error, as its
-- own table has them. Training stars are listed by both; the measurements of the shipped list are those of DR2.
with stars as (
    select
        survey,
        source_id,
        ra,
        "dec",
        parallax,
        parallax_error,
        survey = 'gaia_dr2' as is_of_dr2
    from staging.gaia
    union all by name
    select
        wide_survey as survey,
        source_id,
        ra,
        "dec",
        parallax,
        parallax_error,
        false as is_of_dr2
    from staging.wide_stars
    union all by name
    select
        'green2020' as survey,
        "row" as source_id,
        parallax,
        parallax_error,
        true as is_of_dr2
    from staging.green2020
)

select
    survey,
    source_id,
    ra,
    "dec",
    is_of_dr2,
    photometry.measured_name(parallax, parallax_error) as measured_name
from stars
