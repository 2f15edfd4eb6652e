-- A giant by its inferred log g and Teff, with everything inferred, its tier and why it has none; Lucey et al. 2020, section
-- 3.2, table 1. P(RC) and tier are NULL beyond the range of the labels.
select
    * replace (
        if(is_in_label_range, p_rc, null) as p_rc,
        if(is_in_label_range, p_rc_photometric, null) as p_rc_photometric
    )
from red_clump.judged
where
    is_giant is not false
    and is_known
    and coalesce(p_rc, logg, teff_k) is not null
