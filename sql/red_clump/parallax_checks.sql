-- A table of stars: how many have a parallax, and how many by that of all with one above zero and a Ks would be brighter than any giant or
-- fainter than any star, as they are where parallaxes are in another unit than mas, or those of other stars.
with corrected as (
    select
        survey,
        parallax,
        ks_m,
        parallax - parallax_zero_point as corrected_parallax
    from red_clump.scores
),

stars as (
    select
        survey,
        parallax,
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
    count(m_ks) as n_with_m_ks,
    count(*) filter (where m_ks not between cuts.brightest_m_ks() and cuts.faintest_m_ks()) as n_impossible
from stars
group by survey
order by survey
