-- The span of each axis of the page: fixed where the red clump is, else what holds the middle 99 % of the catalogue.
select
    { 'low': -2.83::double, 'high': 2.83::double } as sky_x,
    { 'low': -1.4151::double, 'high': 1.4151::double } as sky_y,
    explore.span(quantile_cont(scores.j_m - scores.ks_m, [0.005, 0.995]), 0, 1.5) as j_ks,
    explore.span(quantile_cont(scores.ks_m, [0.005, 0.995]), 6, 15) as ks_m,
    { 'low': 3900::double, 'high': 5500::double } as teff_k,
    { 'low': 1.2::double, 'high': 3.6::double } as logg,
    { 'low': 0::double, 'high': 360::double } as delta_p_s,
    { 'low': 0::double, 'high': 16::double } as delta_nu_uhz,
    { 'low': 0::double, 'high': 1.000001::double } as p_rc,
    explore.span(quantile_cont(catalogue.distance_kpc, [0.005, 0.995]), 0, 10) as distance_kpc,
    explore.span(quantile_cont(catalogue.x_kpc, [0.005, 0.995]), -16, 0) as x_kpc,
    explore.span(quantile_cont(catalogue.y_kpc, [0.005, 0.995]), -8, 8) as y_kpc,
    explore.span(quantile_cont(catalogue.z_kpc, [0.005, 0.995]), -4, 4) as z_kpc
from red_clump.catalogue as catalogue
left join red_clump.scores as scores using (survey, source_id)
