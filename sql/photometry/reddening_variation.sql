-- A band's extinction relative to that at the reference labels, minus 1, in a bin of Teff, of giants and of dwarfs; equation
-- 17 and figure 10 of Green et al. 2020.
with answers as (
    select
        unnest(
            map_entries(
                photometry_net(
                    cuts.reference_teff(), cuts.reference_logg(), cuts.reference_feh()
                )::map (varchar, double)
            )
        ) as entry
),

varied as (
    select
        predicted.survey,
        predicted.band,
        stars.teff_k,
        stars.logg,
        stars.logg < cuts.lucey_max_logg() as is_giant,
        predicted.extinction / answers.entry.value - 1 as variation
    from photometry.predicted as predicted
    inner join photometry.stars as stars using (survey, source_id)
    inner join answers on answers.entry."key" = 'extinction_' || predicted.band
)

select
    survey,
    band,
    is_giant,
    floor(teff_k / cuts.residual_teff_bin()) * cuts.residual_teff_bin() as bin_low,
    count(*) as n,
    avg(variation) as extinction_variation,
    stddev_pop(variation) as extinction_variation_scatter,
    avg(logg) as logg
from varied
group by survey, band, is_giant, bin_low
