-- How absolute magnitudes scatter about the line of `absolute_magnitudes`, by recipe: the red clump's width, and offset and width
-- of what contaminates it. Of a grid of these, the likeliest: each star with a good parallax is red clump with its P(RC), and
-- the error of its parallax adds to either width.
with residuals as (
    select
        stars.recipe,
        giants.p_rc,
        stars.parallax_magnitude - fits.intercept - fits.slope * stars.predictor as residual,
        pow(5 / ln(10) * stars.parallax_error / stars.true_parallax, 2) as noise
    from red_clump.dereddened as stars
    inner join red_clump.absolute_magnitudes as fits using (recipe, fold)
    inner join red_clump.giants as giants using (survey, source_id)
    where
        stars.true_parallax > 0
        and stars.parallax_error / stars.true_parallax < cuts.max_mixture_parallax_error_ratio()
        and abs(residual) < cuts.max_contaminant_offset()
    qualify row_number() over (partition by stars.recipe order by hash(stars.source_id)) <= cuts.max_mixture_stars()
),

widths as (
    select unnest(range(3, 17)) * 0.02 as width
),

contaminants as (
    select
        contaminant_offset,
        unnest(range(2, 9)) * 0.15 as contaminant_width
    from (select unnest(range(-3, 7)) * 0.2 as contaminant_offset) as offsets
),

likelihoods as (
    select
        recipe,
        width,
        contaminant_offset,
        contaminant_width,
        sum(ln(
            p_rc * stats.normal_density(residual, 0, sqrt(width * width + noise))
            + (1 - p_rc)
            * stats.normal_density(residual, contaminant_offset, sqrt(contaminant_width * contaminant_width + noise))
        )) as log_likelihood
    from residuals
    cross join widths
    cross join contaminants
    group by all
)

select
    recipe,
    arg_max(width, log_likelihood)::double as width,
    arg_max(contaminant_offset, log_likelihood)::double as contaminant_offset,
    arg_max(contaminant_width, log_likelihood)::double as contaminant_width
from likelihoods
group by recipe
