-- A reason to leave a star out, of the parent sample or further of the training set: how many it removes alone, after those
-- before it, and how many are left then.
with judged as (
    select
        unnest(
            [
                'log g outside 0 to 2.2', 'no spectrum', 'a magnitude is missing', 'J - K, equation 6',
                'H - W2, equation 7', 'training: no parallax', 'training: parallax_error, equation 8',
                'training: visibility periods, equation 9', 'training: astrometric chi, equation 10'
            ]
        ) as cut,
        unnest(range(1, 10)) as place,
        [
            is_no_luminous_giant, lacks_spectrum, lacks_magnitude, fails_jk, fails_h_w2, lacks_parallax,
            fails_parallax_error, fails_visibility, fails_astrometric_chi
        ] as fails
    from parallax.stars
)

select
    cut,
    count(*) filter (where fails[place]) as n_alone,
    count(*) filter (where list_position(fails, true) = place) as n_in_order,
    count(*) filter (where coalesce(list_position(fails, true), 10) > place) as n_left
from judged
group by cut, place
order by place
