-- A survey that stars of the red clump system come from, and how many of them stand within 1 arcsec of a star of another survey.
-- A star is a row of one survey: the same star in two tables is two rows and counts twice, in every view of this system.
with elsewhere as (
    select distinct pairs.moving_id as id
    from
        sphere.pairs('red_clump.places', 'red_clump.places', 1.0::double, 2000::double, 0::double, 1e-4::double)
            as pairs
    where split_part(pairs.moving_id, ':', 1) <> split_part(pairs.standing_id, ':', 1)
)

select
    places.survey,
    count(*) as n,
    count(elsewhere.id) as n_elsewhere
from red_clump.places as places
left join elsewhere using (id)
group by places.survey
order by places.survey
