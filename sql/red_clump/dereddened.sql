-- A selected red clump star with its extinction taken off; Lucey et al. 2020, section 3.4: A_W1 = E(G - W1) / (A_G / A_W1 - 1),
-- with Teff from colours alone. The errors are those of photometry and Teff, and of the law of extinction.
select
    candles.* exclude (magnitude, magnitude_error),
    candles.magnitude_error,
    colours.is_fitted as is_colour_fitted,
    (candles.teff_k - cuts.recipe_teff()) / 1000 as predictor,
    candles.extinction_ratio * (candles.colour - colours.colour - colours.slope * predictor) as extinction,
    candles.magnitude - extinction as magnitude,
    candles.extinction_ratio * colours.slope * candles.teff_k_error / 1000 as magnitude_per_teff_error,
    candles.extinction_ratio * colours.error as colour_error,
    abs(extinction) * cuts.extinction_law_error() as law_error,
    candles.magnitude - extinction + 5 * log10(if(candles.true_parallax > 0, candles.true_parallax, null)) - 10
        as parallax_magnitude
from red_clump.candles as candles
inner join red_clump.intrinsic_colours as colours on candles.recipe = colours.recipe and candles.fold = colours.fold
