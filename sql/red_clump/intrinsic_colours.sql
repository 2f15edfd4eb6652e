-- The line G - W1 = intercept + slope Teff of little-reddened stars, one for each fold from the other folds.
with folds as (
    select unnest(range(5)) as fold
)

select
    folds.fold,
    regr_slope(candles.colour, candles.teff_k) as slope,
    regr_intercept(candles.colour, candles.teff_k) as intercept,
    count(*) as n
from folds
inner join red_clump.candles as candles on folds.fold <> candles.fold
where
    candles.recipe = 'G-W1'
    and abs(candles.b) > cuts.little_reddened_min_abs_b()
group by folds.fold
