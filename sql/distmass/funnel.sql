-- A reason to leave a spectrum out: how many it removes alone, after those before it, and how many are left then.
with judged as (
    select
        survey,
        unnest(
            ['STAR_BAD', 'Teff, log g or [M/H] missing', '[C/Fe] or [N/Fe] missing', 'Ks missing: no distance']
        ) as cut,
        unnest([1, 2, 3, 4]) as place,
        [is_bad, lacks_parameters, lacks_abundances, lacks_magnitude] as fails
    from distmass.stars
)

select
    survey,
    cut,
    count(*) filter (where fails[place]) as n_alone,
    count(*) filter (where list_position(fails, true) = place) as n_in_order,
    count(*) filter (where coalesce(list_position(fails, true), 5) > place) as n_left
from judged
group by survey, cut, place
order by survey, place
