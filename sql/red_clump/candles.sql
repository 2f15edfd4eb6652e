-- A selected red clump star with the magnitude and colour that its distance is made of, and the fold that it sits out.
select
    survey,
    source_id,
    tier,
    l,
    b,
    parallax_error,
    if(phot_g_mean_mag is null or w1mpro is null, 'J-Ks', 'G-W1') as recipe,
    if(recipe = 'G-W1', w1mpro, ks_m) as magnitude,
    if(recipe = 'G-W1', phot_g_mean_mag - w1mpro, j_m - ks_m) as colour,
    if(recipe = 'G-W1', teff_photometric_k, null) as teff_k,
    parallax - parallax_zero_point as true_parallax,
    stats.fold(source_id, 'distance', 5) as fold
from red_clump.giants
where tier is not null
