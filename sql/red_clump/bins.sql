-- A bin of inferred Teff, log g, Delta nu and DeltaP with its labelled giants; Lucey et al. 2020, section 3.3, figure 4.
select
    teff_bin,
    logg_bin,
    delta_nu_bin,
    delta_p_bin,
    count(*) as n,
    count(*) filter (where is_rc) as n_rc,
    1 - n_rc / n as contamination
from red_clump.binned
group by all
