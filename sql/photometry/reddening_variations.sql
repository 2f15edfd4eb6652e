-- A labelled star in one band: how far its extinction by unit E is from that at the reference labels, as a fraction; equation
-- 17 of Green et al. 2020.
with answers as (
    select
        unnest(
            map_entries(
                photometry_net(
                    cuts.reference_teff(), cuts.reference_logg(), cuts.reference_feh()
                )::map (varchar, double)
            )
        ) as entry
)

select
    predicted.survey,
    predicted.source_id,
    predicted.band,
    stars.teff_k,
    stars.logg,
    stars.feh,
    predicted.extinction / answers.entry.value - 1 as extinction_variation
from photometry.predicted as predicted
inner join photometry.stars as stars using (survey, source_id)
inner join answers on answers.entry."key" = 'extinction_' || predicted.band
