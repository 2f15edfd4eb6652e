-- A scored star with its tier and why it has none; Lucey et al. 2020, section 3.2, table 1. The one place that refuses stars.
-- What is inferred is by the network for any bands, which real stars taught (docs/real-stars.md); the networks of the paper,
-- taught by the mock sky alone, give it where that one is silent.
with stars as (
    select
        * replace (
            if(any_teff_k is null, teff_k, any_teff_k) as teff_k,
            if(any_teff_k is null, teff_k_error, any_teff_k_error) as teff_k_error,
            if(any_logg is null, logg, any_logg) as logg,
            if(any_logg is null, logg_error, any_logg_error) as logg_error,
            if(any_delta_nu_uhz is null, delta_nu_uhz, any_delta_nu_uhz) as delta_nu_uhz,
            if(any_delta_nu_uhz is null, delta_nu_uhz_error, any_delta_nu_uhz_error) as delta_nu_uhz_error,
            if(any_delta_p_s is null, delta_p_s, any_delta_p_s) as delta_p_s,
            if(any_delta_p_s is null, delta_p_s_error, any_delta_p_s_error) as delta_p_s_error,
            coalesce(p_rc, joint_p_rc) as p_rc
        ),
        coalesce(any_feh, joint_feh) as feh
    from red_clump.scores
),

judged as (
    select
        *,
        red_clump.is_giant(coalesce(any_teff_k, teff_all_k, teff_k), coalesce(any_logg, logg_all, logg)) as is_giant,
        red_clump.is_in_label_range(logg, feh) as is_in_label_range,
        red_clump.is_known(inside_hull, any_teff_k) as is_known,
        if(
            is_giant is not false and is_known and is_in_label_range,
            red_clump.tier(teff_k, delta_nu_uhz, delta_p_s, p_rc),
            null
        ) as tier
    from stars
)

select
    *,
    if(
        coalesce(p_rc, logg, teff_k) is null,
        'too few bands',
        red_clump.refusal(is_giant, is_known, is_in_label_range, tier)
    ) as refusal
from judged
