-- A selected red clump star and the ratio of its two distance errors: sigma_d = sigma_parallax d^2 from Gaia over that of the
-- red clump; above 1 the red clump gives the better distance; Lucey et al. 2020, section 4.2, figure 7.
select
    survey,
    source_id,
    distance_kpc,
    distance_kpc_error,
    parallax_error * pow(distance_kpc, 2) as distance_gaia_kpc_error,
    distance_gaia_kpc_error / distance_kpc_error as error_ratio
from red_clump.distances
