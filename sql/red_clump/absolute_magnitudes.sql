-- The line M = intercept + slope predictor of a distance recipe from precise parallaxes, one for each fold from the others,
-- so that no star's parallax enters its own distance; the intercept is a median, which contaminants hardly move.
with calibrators as (
    select
        *,
        median(parallax_magnitude) over (partition by recipe) as middle
    from red_clump.dereddened
    where
        true_parallax > 0
        and parallax_error / true_parallax < cuts.max_parallax_error_ratio()
        and abs(extinction) < cuts.max_calibrator_extinction()
),

kept as (
    select * from calibrators
    where abs(parallax_magnitude - middle) < cuts.max_magnitude_offset()
),

folds as (
    select unnest(range(5)) as fold
),

slopes as (
    select
        folds.fold,
        kept.recipe,
        regr_slope(kept.parallax_magnitude, kept.predictor) as slope
    from folds
    inner join kept on folds.fold <> kept.fold
    group by all
)

select
    slopes.recipe,
    slopes.fold,
    slopes.slope,
    median(kept.parallax_magnitude - slopes.slope * kept.predictor) as intercept,
    stats.robust_scatter(kept.parallax_magnitude - slopes.slope * kept.predictor) as scatter,
    count(*) as n
from slopes
inner join kept on slopes.recipe = kept.recipe and slopes.fold <> kept.fold
group by all
