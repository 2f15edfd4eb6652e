-- How absolute magnitudes scatter about the line of `absolute_magnitudes`, by recipe: the red clump's own width, and offset and
-- width of what contaminates it, from calibrators weighted by P(RC) and 1 - P(RC) with their parallax errors taken off.
with residuals as (
    select
        stars.recipe,
        giants.p_rc,
        stars.parallax_magnitude - fits.intercept - fits.slope * stars.predictor as residual,
        pow(5 / ln(10) * stars.parallax_error / stars.true_parallax, 2) as noise
    from red_clump.dereddened as stars
    inner join red_clump.absolute_magnitudes as fits using (recipe, fold)
    inner join red_clump.giants as giants using (source_id)
    where
        stars.true_parallax > 0
        and stars.parallax_error / stars.true_parallax < cuts.max_parallax_error_ratio()
        and abs(residual) < cuts.max_contaminant_offset()
),

clump as (
    select
        recipe,
        stats.robust_scatter(residual) as width,
        avg(noise) as noise
    from residuals
    where p_rc > 0.9
    group by recipe
),

others as (
    select
        recipe,
        sum((1 - p_rc) * residual) / sum(1 - p_rc) as contaminant_offset,
        sum((1 - p_rc) * residual * residual) / sum(1 - p_rc) - pow(contaminant_offset, 2) as contaminant_variance
    from residuals
    group by recipe
)

select
    recipe,
    contaminant_offset,
    sqrt(greatest(pow(width, 2) - noise, pow(cuts.min_magnitude_width(), 2))) as width,
    sqrt(contaminant_variance) as contaminant_width
from clump
inner join others using (recipe)
