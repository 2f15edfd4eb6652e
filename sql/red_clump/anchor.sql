-- A distance recipe: the median absolute magnitude that parallaxes give its red clump stars, and, in W1, how far that is from the
-- calibrated one (Hawkins et al. 2017) and the parallax zero point that would close the gap; Lucey et al. 2020, section 3.4.
with magnitudes as (
    select
        recipe,
        count(*) as n,
        median(absolute_magnitude) as absolute_magnitude_median
    from red_clump.distances
    group by recipe
),

calibrators as (
    select
        recipe,
        median(true_parallax) as parallax_median
    from red_clump.distances
    where parallax_error / nullif(true_parallax, 0) between 0 and cuts.max_parallax_error_ratio()
    group by recipe
)

select
    magnitudes.recipe,
    magnitudes.n,
    magnitudes.absolute_magnitude_median,
    if(magnitudes.recipe = 'G-W1', cuts.m_w1_red_clump(), null) as anchor_mag,
    magnitudes.absolute_magnitude_median - anchor_mag as anchor_difference,
    cuts.gaia_dr2_parallax_zero_point()
    + calibrators.parallax_median * (1 - pow(10, -anchor_difference / 5)) as anchored_zero_point
from magnitudes
left join calibrators using (recipe)
order by magnitudes.recipe
