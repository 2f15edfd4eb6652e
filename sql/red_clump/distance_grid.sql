-- A step in distance modulus of a selected red clump star with the density of its magnitude there, as a red clump star and as
-- a contaminant, and the likelihood of its parallax; flat prior in distance modulus. The grid spans 5 sigma of the parallax where
-- that is sharp, else all distances at which a contaminant may lie.
with stars as (
    select
        distances.survey,
        distances.source_id,
        distances.true_parallax,
        distances.parallax_error,
        distances.modulus_error,
        candles.p_rc_photometric,
        shipped.contaminant_offset,
        shipped.contaminant_width,
        least(coalesce(candles.p_rc, cuts.tier2_min_p_rc()), 0.999) as p_rc,
        5 * log10(distances.distance_kpc) + 10 as photometric_modulus,
        coalesce(distances.true_parallax > 10 * distances.parallax_error, false) as is_sharp,
        if(is_sharp, 10 - 5 * log10(distances.true_parallax), photometric_modulus) as middle,
        if(
            is_sharp,
            25 / ln(10) * distances.parallax_error / distances.true_parallax,
            abs(shipped.contaminant_offset) + 4 * shipped.contaminant_width
        ) as half_span
    from red_clump.distances as distances
    inner join red_clump.candles as candles using (survey, source_id)
    inner join red_clump.shipped_recipes as shipped on distances.recipe = shipped.recipe
),

steps as (
    select
        *,
        middle + half_span * unnest(range(-50, 51)) / 50 as modulus
    from stars
)

select
    survey,
    source_id,
    p_rc,
    p_rc_photometric,
    modulus,
    half_span / 50 as step,
    pow(10, modulus / 5 - 2) as distance_kpc,
    stats.normal_density(photometric_modulus - modulus, 0, modulus_error) as clump_density,
    stats.normal_density(photometric_modulus - modulus, contaminant_offset, contaminant_width) as contaminant_density,
    -- no smaller than a number can be, so that a parallax that fits nowhere leaves the magnitude to decide
    exp(greatest(coalesce(-0.5 * pow((true_parallax - 1 / distance_kpc) / parallax_error, 2), 0), -600))
        as parallax_likelihood
from steps
