-- A selected red clump star and its distance from the distance modulus; Lucey et al. 2020, section 3.4.
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
    distance_kpc * fits.scatter * ln(10) / 5 as distance_kpc_error
from red_clump.dereddened as stars
inner join red_clump.absolute_magnitudes as fits using (recipe, fold)
