-- A labelled star and the density of the training stars there relative to its peak, by band; `parallax` is that of the
-- stars with a usable parallax. Green et al. 2020, section 6.
with answers as (
    select
        survey,
        source_id,
        unnest(map_entries(photometry_density_net(teff_k, logg, feh)::map (varchar, double))) as entry
    from photometry.stars
)

select
    survey,
    source_id,
    entry.value as density,
    regexp_replace(entry."key", '^density_', '') as band
from answers
