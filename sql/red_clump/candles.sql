-- A selected red clump star with the magnitude and colour that its distance is made of, and the fold that it sits out.
select
    giants.source_id,
    giants.tier,
    inputs.l,
    inputs.b,
    inputs.parallax_error,
    if(inputs.phot_g_mean_mag is null or inputs.w1mpro is null, 'J-Ks', 'G-W1') as recipe,
    if(recipe = 'G-W1', inputs.w1mpro, inputs.ks_m) as magnitude,
    if(recipe = 'G-W1', inputs.phot_g_mean_mag - inputs.w1mpro, inputs.j_m - inputs.ks_m) as colour,
    if(recipe = 'G-W1', giants.teff_photometric_k, null) as teff_k,
    inputs.parallax - inputs.parallax_zero_point as true_parallax,
    stats.fold(giants.source_id, 'distance', 5) as fold
from red_clump.giants as giants
inner join red_clump.inputs as inputs using (source_id)
where giants.tier is not null
