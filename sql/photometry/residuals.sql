-- A labelled star in a colour against G, or in G itself (absolute magnitude, where the modulus is known): observed, predicted
-- at the star's own E, and the z-score of equation 18. Figures 12 and 13 of Green et al. 2020.
with densities as (
    select
        survey,
        source_id,
        band as density_band,
        density
    from photometry.densities
),

reddened as (
    select
        compared.*,
        reddenings.ebv,
        reddenings.ebv_error,
        unreddened_residual - extinction * ebv as magnitude_residual
    from photometry.compared as compared
    inner join photometry.reddenings as reddenings using (survey, source_id)
),

in_g as (
    select
        *,
        'M_g' as quantity,
        'parallax' as density_band,
        magnitude - distance_modulus as observed,
        magnitude_residual as residual,
        pow(label_error_1, 2) + pow(label_error_2, 2) + pow(label_error_3, 2)
        + pow(extinction * ebv_error, 2)
        + pow(magnitude_error, 2)
        + pow(distance_modulus_error, 2) as variance
    from reddened
    where band = 'g' and distance_modulus is not null
),

against_g as (
    select
        stars.*,
        stars.band || ' - g' as quantity,
        stars.band as density_band,
        stars.magnitude - g.magnitude as observed,
        stars.magnitude_residual - g.magnitude_residual as residual,
        pow(stars.label_error_1 - g.label_error_1, 2)
        + pow(stars.label_error_2 - g.label_error_2, 2)
        + pow(stars.label_error_3 - g.label_error_3, 2)
        + pow((stars.extinction - g.extinction) * stars.ebv_error, 2)
        + pow(stars.magnitude_error, 2)
        + pow(g.magnitude_error, 2) as variance
    from reddened as stars
    inner join reddened as g on stars.survey = g.survey and stars.source_id = g.source_id and g.band = 'g'
    where stars.band <> 'g'
),

quantities as (
    select * from in_g
    union all by name
    select * from against_g
)

select
    survey,
    source_id,
    band,
    quantity,
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
inner join densities using (survey, source_id, density_band)
