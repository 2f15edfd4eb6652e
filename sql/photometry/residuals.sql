-- A labelled star in a colour (every band against G, and neighbours in wavelength), or in G itself (absolute magnitude, where
-- the modulus is known): observed, predicted at the star's own E, and the z-score of equation 18, with the density of training
-- stars in the sparser band. Figures 12 and 13 of Green et al. 2020.
with wanted (band, other_band) as (
    select
        band,
        'g' as other_band
    from photometric.bands
    where band <> 'g'
    union all
    select
        blue,
        red
    from photometric.colours
    where blue <> 'g' and red <> 'g'
),

reddened as (
    select
        compared.* exclude (label_error_1, label_error_2, label_error_3),
        reddenings.ebv,
        reddenings.ebv_error,
        densities.density,
        photometry.label_error_at(label_error_1, label_error_1_per_ebv, reddenings.ebv) as label_error_1,
        photometry.label_error_at(label_error_2, label_error_2_per_ebv, reddenings.ebv) as label_error_2,
        photometry.label_error_at(label_error_3, label_error_3_per_ebv, reddenings.ebv) as label_error_3,
        unreddened_residual - extinction * ebv as magnitude_residual
    from photometry.compared as compared
    inner join photometry.reddenings as reddenings using (survey, source_id)
    inner join photometry.densities as densities using (survey, source_id, band)
),

in_g as (
    select
        reddened.* exclude (density),
        densities.density,
        'M_g' as quantity,
        magnitude - distance_modulus as observed,
        magnitude_residual as residual,
        pow(label_error_1, 2) + pow(label_error_2, 2) + pow(label_error_3, 2)
        + pow(extinction * ebv_error, 2)
        + pow(magnitude_error, 2)
        + pow(distance_modulus_error, 2) as variance
    from reddened
    inner join photometry.densities as densities using (survey, source_id)
    where reddened.band = 'g' and densities.band = 'parallax' and distance_modulus is not null
),

in_colours as (
    select
        a.* exclude (density),
        a.band || ' - ' || b.band as quantity,
        a.magnitude - b.magnitude as observed,
        a.magnitude_residual - b.magnitude_residual as residual,
        least(a.density, b.density) as density,
        pow(a.label_error_1 - b.label_error_1, 2)
        + pow(a.label_error_2 - b.label_error_2, 2)
        + pow(a.label_error_3 - b.label_error_3, 2)
        + pow((a.extinction - b.extinction) * a.ebv_error, 2)
        + pow(a.magnitude_error, 2)
        + pow(b.magnitude_error, 2) as variance
    from wanted
    inner join reddened as a on wanted.band = a.band
    inner join reddened as b
        on wanted.other_band = b.band and a.survey = b.survey and a.source_id = b.source_id
),

quantities as (
    select * from in_g
    union all by name
    select * from in_colours
)

select
    survey,
    source_id,
    band,
    quantity,
    held_out,
    observed,
    residual,
    teff_k,
    logg,
    feh,
    ebv,
    ebv_error,
    density,
    observed - residual as predicted,
    residual / sqrt(variance) as z_score
from quantities
