-- A distance recipe and a fold: the line of absolute magnitude in Teff from precise parallaxes of the other folds, so that no
-- star's parallax enters its own distance; a median, which contaminants hardly move. Where these are too few, no better than
-- the shipped line or at odds with it, the shipped line. The error holds that of the parallax zero point; the width, which knows
-- nothing of zero points, is fitted wherever there are enough.
with shipped_recipes as (
    select * from red_clump.shipped_recipes
),

folds as (
    select unnest(range(5)) as fold
),

calibrators as (
    select
        *,
        5 / ln(10) * parallax_error / true_parallax as parallax_noise,
        median(parallax_magnitude) over (partition by recipe) as middle
    from red_clump.dereddened
    where
        parallax_magnitude is not null
        and parallax_error / true_parallax < cuts.max_parallax_error_ratio()
        and abs(extinction) < cuts.max_calibrator_extinction()
),

kept as (
    select *
    from calibrators
    where abs(parallax_magnitude - middle) < cuts.max_magnitude_offset()
),

slopes as (
    select
        shipped.recipe,
        folds.fold,
        count(kept.predictor) as n,
        regr_slope(kept.parallax_magnitude, kept.predictor) as fitted_slope,
        stats.robust_scatter(kept.parallax_magnitude)
        / nullif(sqrt(regr_sxx(kept.parallax_magnitude, kept.predictor)), 0) as fitted_slope_error
    from shipped_recipes as shipped
    cross join folds
    left join kept on shipped.recipe = kept.recipe and folds.fold <> kept.fold
    group by shipped.recipe, folds.fold
),

lines as (
    select
        slopes.recipe,
        slopes.fold,
        slopes.n,
        if(slopes.fitted_slope_error < shipped.slope_error, slopes.fitted_slope, shipped.magnitude_slope) as slope
    from slopes
    inner join shipped_recipes as shipped using (recipe)
),

residuals as (
    select
        lines.*,
        kept.true_parallax,
        kept.parallax_magnitude - lines.slope * kept.predictor as magnitude,
        pow(kept.parallax_noise, 2)
        + pow(kept.magnitude_error, 2)
        + pow(red_clump.young_width(sin(radians(kept.b)) / kept.true_parallax), 2) as noise_variance
    from lines
    left join kept on lines.recipe = kept.recipe and lines.fold <> kept.fold
),

fits as (
    select
        recipe,
        fold,
        n,
        slope,
        median(magnitude) as fitted,
        stats.robust_scatter(magnitude) as scatter,
        sqrt(greatest(pow(scatter, 2) - median(noise_variance), pow(cuts.min_red_clump_width(), 2))) as fitted_width,
        sqrt(
            pi() / 2 * pow(scatter, 2) / nullif(n, 0)
            + pow(5 / ln(10) * cuts.parallax_zero_point_error() / median(true_parallax), 2)
        ) as fit_error
    from residuals
    group by recipe, fold, n, slope
),

judged as (
    select
        *,
        coalesce(
            fits.n >= cuts.min_calibrators()
            and fits.fit_error < shipped.magnitude_error
            and abs(fits.fitted - shipped.absolute_magnitude)
            < cuts.max_recipe_difference() * stats.hypot(fits.fit_error, shipped.magnitude_error),
            false
        ) as is_fitted
    from fits
    inner join shipped_recipes as shipped using (recipe)
)

select
    recipe,
    fold,
    n,
    is_fitted,
    scatter,
    if(is_fitted, fitted, absolute_magnitude) as intercept,
    if(is_fitted, slope, magnitude_slope) as slope,
    if(n >= cuts.min_calibrators(), fitted_width, width) as width,
    if(is_fitted, fit_error, magnitude_error) as error
from judged
