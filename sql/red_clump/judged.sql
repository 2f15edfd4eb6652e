-- A scored star with its tier and why it has none; Lucey et al. 2020, section 3.2, table 1. The one place that refuses stars.
with judged as (
    select
        *,
        red_clump.is_giant(coalesce(teff_all_k, teff_k), coalesce(logg_all, logg)) as is_giant,
        red_clump.is_in_label_range(logg, joint_feh) as is_in_label_range,
        if(
            is_giant is not false and inside_hull is not false and is_in_label_range,
            red_clump.tier(teff_k, delta_nu_uhz, delta_p_s, p_rc),
            null
        ) as tier
    from red_clump.scores
)

select
    *,
    red_clump.refusal(is_giant, inside_hull, is_in_label_range, tier) as refusal
from judged
