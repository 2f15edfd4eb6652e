-- A giant by its inferred log g and Teff, with everything inferred and its tier; Lucey et al. 2020, section 3.2, table 1.
-- P(RC) and tier are NULL beyond the range of the labels.
with giants as (
    select
        *,
        red_clump.is_in_label_range(logg, joint_feh) as is_in_label_range
    from red_clump.scores
    where
        red_clump.is_giant(coalesce(teff_all_k, teff_k), coalesce(logg_all, logg)) is not false
        and inside_hull is not false
)

select
    * replace (if(is_in_label_range, p_rc, null) as p_rc),
    if(is_in_label_range, red_clump.tier(teff_k, delta_nu_uhz, delta_p_s, p_rc), null) as tier
from giants
