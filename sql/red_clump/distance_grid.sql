-- A step in distance modulus of a selected red clump star with its log posterior: the parallax' likelihood times that of the
-- magnitude, a red clump and a contaminant weighted by P(RC); flat prior in distance modulus. The grid spans 5 sigma of the
-- sharper of the two, but never so little that a contaminant could not lie elsewhere.
with stars as (
    select
        distances.survey,
        distances.source_id,
        distances.recipe,
        distances.true_parallax,
        distances.parallax_error,
        giants.p_rc,
        models.width,
        models.contaminant_offset,
        models.contaminant_width,
        5 * log10(distances.distance_kpc) + 10 as photometric_modulus,
        5 / ln(10) * distances.parallax_error / distances.true_parallax as parallax_width,
        distances.true_parallax > 10 * distances.parallax_error as is_sharp,
        if(is_sharp, 10 - 5 * log10(distances.true_parallax), photometric_modulus) as middle,
        if(is_sharp, 5 * parallax_width, 2.5) as half_span
    from red_clump.distances as distances
    inner join red_clump.giants as giants using (survey, source_id)
    inner join red_clump.magnitude_models as models using (recipe)
),

steps as (
    select
        *,
        middle + half_span * unnest(range(-40, 41)) / 40 as modulus
    from stars
)

select
    survey,
    source_id,
    modulus,
    pow(10, modulus / 5 - 2) as distance_kpc,
    p_rc * stats.normal_density(photometric_modulus - modulus, 0, width) as clump_density,
    (1 - p_rc) * stats.normal_density(photometric_modulus - modulus, contaminant_offset, contaminant_width)
        as contaminant_density,
    -0.5 * pow((true_parallax - 1 / distance_kpc) / parallax_error, 2) as log_parallax_likelihood
from steps
