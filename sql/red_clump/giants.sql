-- A giant by its inferred log g and Teff, with everything inferred and its tier; Lucey et al. 2020, section 3.2, table 1.
select
    *,
    red_clump.tier(teff_k, delta_nu_uhz, delta_p_s, p_rc) as tier
from red_clump.scores
where red_clump.is_giant(coalesce(teff_all_k, teff_k), coalesce(logg_all, logg)) is not false
