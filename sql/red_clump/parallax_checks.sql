-- A table of stars: how many have a parallax, how many one that is not above zero, which noise makes of half of them at the most, and how
-- many by that of all with one above zero and a magnitude would be brighter than any giant or fainter than any star, as they are where
-- parallaxes are in another unit than mas, or those of other stars. A star without Ks has that of a giant of its G.
with corrected as (
    select
        survey,
        parallax,
        coalesce(ks_m, phot_g_mean_mag - cuts.giant_g_ks()) as ks_m,
        parallax - parallax_zero_point as corrected_parallax
    from red_clump.scores
),

stars as (
    select
        survey,
        parallax,
        corrected_parallax <= 0 as is_not_positive,
        case
            when corrected_parallax > 0
                then photometric.absolute_magnitude(ks_m, photometric.distance_modulus(1 / corrected_parallax), 0)
        end as m_ks
    from corrected
)

select
    survey,
    count(*) as n_stars,
    count(parallax) as n_with_parallax,
    count(*) filter (where is_not_positive) as n_not_positive,
    count(m_ks) as n_with_m_ks,
    count(*) filter (where m_ks not between cuts.brightest_m_ks() and cuts.faintest_m_ks()) as n_impossible
from stars
group by survey
order by survey
