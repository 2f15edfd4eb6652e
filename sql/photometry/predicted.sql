-- A labelled star in one band as the network sees it: absolute magnitude M, extinction R per unit of E, and their slopes
-- against the labels by central differences. Green et al. 2020, equation 3.
with steps (d_teff, d_logg, d_feh, w_at, w_teff, w_logg, w_feh) as (
    values
    (0, 0, 0, 1, 0, 0, 0),
    (20, 0, 0, 0, 1 / 40, 0, 0),
    (-20, 0, 0, 0, -1 / 40, 0, 0),
    (0, 0.02, 0, 0, 0, 1 / 0.04, 0),
    (0, -0.02, 0, 0, 0, -1 / 0.04, 0),
    (0, 0, 0.02, 0, 0, 0, 1 / 0.04),
    (0, 0, -0.02, 0, 0, 0, -1 / 0.04)
),

answers as (
    select
        stars.survey,
        stars.source_id,
        steps.w_at,
        steps.w_teff,
        steps.w_logg,
        steps.w_feh,
        unnest(
            map_entries(
                photometry_net(
                    stars.teff_k + steps.d_teff, stars.logg + steps.d_logg, stars.feh + steps.d_feh
                )::map (varchar, double)
            )
        ) as entry
    from photometry.stars as stars
    cross join steps
),

named as (
    select
        * exclude (entry),
        entry.value,
        split_part(entry."key", '_', 1) as quantity,
        regexp_replace(entry."key", '^[a-z]+_', '') as band
    from answers
)

select
    survey,
    source_id,
    band,
    sum(w_at * value) filter (where quantity = 'absolute') as absolute_magnitude,
    sum(w_at * value) filter (where quantity = 'extinction') as extinction,
    sum(w_teff * value) filter (where quantity = 'absolute') as magnitude_per_teff,
    sum(w_logg * value) filter (where quantity = 'absolute') as magnitude_per_logg,
    sum(w_feh * value) filter (where quantity = 'absolute') as magnitude_per_feh,
    sum(w_teff * value) filter (where quantity = 'extinction') as extinction_per_teff,
    sum(w_logg * value) filter (where quantity = 'extinction') as extinction_per_logg,
    sum(w_feh * value) filter (where quantity = 'extinction') as extinction_per_feh
from named
group by survey, source_id, band
