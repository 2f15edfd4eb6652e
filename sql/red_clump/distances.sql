-- A selected red clump star and its distance from the distance modulus; Lucey et al. 2020, section 3.4. The error is the star's
-- own: photometry, Teff, extinction and its law, the width of the red clump and the error of the recipe; it holds for a red
-- clump star, and `p_rc` says how likely it is one.
select
    stars.survey,
    stars.source_id,
    stars.recipe,
    stars.b,
    stars.extinction,
    stars.true_parallax,
    stars.parallax_error,
    fits.intercept + fits.slope * stars.predictor as absolute_magnitude,
    pow(10, (stars.magnitude - absolute_magnitude) / 5 - 2) as distance_kpc,
    sqrt(
        pow(fits.width, 2)
        + pow(red_clump.young_width(distance_kpc * sin(radians(stars.b))), 2)
        + pow(stars.magnitude_error, 2)
        + pow(stars.magnitude_per_teff_error - fits.slope * stars.teff_k_error / 1000, 2)
        + pow(stars.colour_error, 2)
        + pow(stars.law_error, 2)
        + pow(fits.error, 2)
    ) as modulus_error,
    distance_kpc * modulus_error * ln(10) / 5 as distance_kpc_error,
    stars.recipe || case
        when fits.is_fitted and stars.is_colour_fitted then ', fitted here'
        when fits.is_fitted then ', magnitude fitted here'
        when stars.is_colour_fitted then ', colour fitted here'
        else ', shipped'
    end as distance_recipe
from red_clump.dereddened as stars
inner join red_clump.absolute_magnitudes as fits on stars.recipe = fits.recipe and stars.fold = fits.fold
