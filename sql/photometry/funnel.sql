-- A reason to leave a labelled star out: how many it takes alone, after those before it, and how many are left then; Green et al.
-- 2020, sections 3.1 and 3.2.
with judged as (
    select
        unnest([
            'no G, or an error above 0.2 mag', 'Gaia: visibility periods', 'Gaia: astrometric chi-square',
            '2MASS: extended', 'error of a label'
        ]) as cut,
        unnest(range(1, 6)) as place,
        [lacks_g, fails_visibility, fails_astrometry, is_extended, fails_label_errors] as fails
    from photometry.label_cuts
)

select
    cut,
    count(*) filter (where fails[place]) as n_alone,
    count(*) filter (where list_position(fails, true) = place) as n_in_order,
    count(*) filter (where coalesce(list_position(fails, true), 6) > place) as n_left
from judged
group by cut, place
order by place
