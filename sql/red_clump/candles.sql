-- A selected red clump star with the magnitude and colour that its distance is made of, and the fold that it sits out.
select
    source_id,
    tier,
    l,
    b,
    parallax_error,
    case when phot_g_mean_mag is null or w1mpro is null then 'J-Ks' else 'G-W1' end as recipe,
    case when recipe = 'G-W1' then w1mpro else ks_m end as magnitude,
    case when recipe = 'G-W1' then phot_g_mean_mag - w1mpro else j_m - ks_m end as colour,
    case when recipe = 'G-W1' then teff_photometric_k end as teff_k,
    parallax - parallax_zero_point as true_parallax,
    stats.fold(source_id, 'distance', 5) as fold
from red_clump.giants
where tier is not null
