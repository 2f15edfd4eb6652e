-- A bin of a label as photometry.infer gives it, of stars never trained on and of the others: how many labels there are, bias
-- and scatter against them, and the share within one and two standard errors of both.
with pairs as (
    select
        stars.held_out,
        unnest([
            {
                'quantity': 'teff_k',
                'value': inferred.teff_k::double,
                'label': stars.teff_k::double,
                'sigma': stats.hypot(inferred.teff_k_error, stars.l_teff),
                'width': cuts.residual_teff_bin()
            },
            {
                'quantity': 'logg',
                'value': inferred.logg::double,
                'label': stars.logg::double,
                'sigma': stats.hypot(inferred.logg_error, stats.hypot(stars.l_logg_teff, stars.l_logg)),
                'width': cuts.residual_logg_bin()
            },
            {
                'quantity': 'feh',
                'value': inferred.feh::double,
                'label': stars.feh::double,
                'sigma': stats.hypot(
                    inferred.feh_error, stats.hypot(stats.hypot(stars.l_feh_teff, stars.l_feh_logg), stars.l_feh)
                ),
                'width': cuts.residual_feh_bin()
            }
        ]) as entry
    from photometry.inferred as inferred
    inner join photometry.stars as stars using (survey, source_id)
)

select
    entry.quantity,
    held_out,
    floor(entry.value / entry.width) * entry.width as bin_low,
    any_value(entry.width)::double as bin_width,
    count(*) as n,
    median(entry.value - entry.label) as bias,
    stats.robust_scatter(entry.value - entry.label) as robust_scatter,
    avg((abs(entry.value - entry.label) < entry.sigma)::integer) as within_one_error,
    avg((abs(entry.value - entry.label) < 2 * entry.sigma)::integer) as within_two_errors
from pairs
where entry.value is not null
group by entry.quantity, held_out, bin_low
order by entry.quantity, held_out, bin_low
