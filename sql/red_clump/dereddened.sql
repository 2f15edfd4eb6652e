-- A selected red clump star with its extinction taken off, and what its absolute magnitude depends on.
-- G - W1: Lucey et al. 2020, section 3.4, A_W1 = E(G - W1) / (A_G / A_W1 - 1), with Teff from colours alone.
-- J - Ks: the colour itself, reddening and all, since two bands cannot tell them apart.
select
    candles.survey,
    candles.source_id,
    candles.tier,
    candles.recipe,
    candles.fold,
    candles.b,
    candles.true_parallax,
    candles.parallax_error,
    if(
        candles.recipe = 'G-W1',
        (candles.colour - colours.intercept - colours.slope * candles.teff_k) / (cuts.a_g_over_a_w1() - 1),
        0
    ) as extinction,
    candles.magnitude - extinction as magnitude,
    if(candles.recipe = 'G-W1', candles.teff_k / 1000, candles.colour) as predictor,
    candles.magnitude - extinction + 5 * log10(candles.true_parallax) - 10 as parallax_magnitude
from red_clump.candles as candles
left join red_clump.intrinsic_colours as colours on candles.fold = colours.fold
