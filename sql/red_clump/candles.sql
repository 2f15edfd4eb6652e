-- A selected red clump star with the magnitude and colour that its distance is made of, what turns an excess of that colour
-- into extinction, and the fold that it sits out; G - W1 where there is W1, else Ks by Rayleigh-Jeans colour excess (H - W2;
-- Majewski et al. 2011) or by J - Ks.
with giants as (
    select
        *,
        case
            when phot_g_mean_mag is not null and w1mpro is not null then 'G-W1'
            when h_m is not null and ks_m is not null and w2mpro is not null then 'H-W2'
            when j_m is not null and ks_m is not null then 'J-Ks'
        end as recipe,
        coalesce(j_m_error, cuts.assumed_magnitude_error()) as j_error,
        coalesce(h_m_error, cuts.assumed_magnitude_error()) as h_error,
        coalesce(ks_m_error, cuts.assumed_magnitude_error()) as ks_error,
        coalesce(w1mpro_error, cuts.assumed_magnitude_error()) as w1_error,
        coalesce(w2mpro_error, cuts.assumed_magnitude_error()) as w2_error
    from red_clump.giants
    where tier is not null
)

select
    survey,
    source_id,
    tier,
    l,
    b,
    p_rc,
    p_rc_photometric,
    recipe,
    parallax_error,
    parallax - parallax_zero_point as true_parallax,
    coalesce(teff_photometric_k, teff_k, joint_teff_k) as teff_k,
    coalesce(teff_photometric_k_error, teff_k_error, joint_teff_k_error, cuts.assumed_teff_error()) as teff_k_error,
    if(recipe = 'G-W1', w1mpro, ks_m) as magnitude,
    case recipe
        when 'G-W1' then phot_g_mean_mag - w1mpro
        when 'H-W2' then h_m - w2mpro
        else j_m - ks_m
    end as colour,
    case recipe
        when 'G-W1' then 1 / (cuts.a_g_over_a_w1() - 1)
        when 'H-W2' then cuts.a_k_over_e_h_w2()
        else cuts.a_k_over_e_j_k()
    end as extinction_ratio,
    -- of the magnitude less its extinction, to which one magnitude counts in both
    case recipe
        when 'G-W1' then w1_error * (1 + extinction_ratio)
        when 'H-W2' then sqrt(pow(ks_error, 2) + pow(extinction_ratio, 2) * (pow(h_error, 2) + pow(w2_error, 2)))
        else stats.hypot(ks_error * (1 + extinction_ratio), j_error * extinction_ratio)
    end as magnitude_error,
    stats.fold(source_id, 'distance', 5) as fold
from giants
where recipe is not null and coalesce(teff_photometric_k, teff_k, joint_teff_k) is not null
