-- A distance recipe and a fold: the line of intrinsic colour in Teff, from the little-reddened stars of the other folds where
-- these are enough, give a smaller error than the shipped line's and agree with it; else the shipped line.
with shipped_recipes as (
    select * from red_clump.shipped_recipes
),

folds as (
    select unnest(range(5)) as fold
),

fits as (
    select
        shipped.recipe,
        folds.fold,
        count(candles.colour) as n,
        regr_slope(candles.colour, (candles.teff_k - cuts.recipe_teff()) / 1000) as slope,
        regr_intercept(candles.colour, (candles.teff_k - cuts.recipe_teff()) / 1000) as fitted,
        regr_syy(candles.colour, candles.teff_k) * (1 - regr_r2(candles.colour, candles.teff_k)) as sum_of_squares,
        sqrt(sum_of_squares) / nullif(n, 0) as fit_error
    from shipped_recipes as shipped
    cross join folds
    left join red_clump.candles as candles
        on
            shipped.recipe = candles.recipe
            and folds.fold <> candles.fold
            and abs(candles.b) > cuts.little_reddened_min_abs_b()
    group by all
),

judged as (
    select
        *,
        coalesce(
            fits.n >= cuts.min_colour_stars()
            and fits.fit_error < shipped.colour_error
            and abs(fits.fitted - shipped.colour)
            < cuts.max_recipe_difference() * stats.hypot(fits.fit_error, shipped.colour_error),
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
    if(is_fitted, fitted, colour) as colour,
    if(is_fitted, slope, colour_slope) as slope,
    if(is_fitted, fit_error, colour_error) as error
from judged
