-- A colour's residuals in a bin of a parameter, reddening or log10 of training density: medians and 16th to 84th percentiles,
-- of the stars that no network was trained on and of the others. Green et al. 2020, figures 12 and 13.
with parameters as (
    select
        survey,
        quantity,
        held_out,
        residual,
        z_score,
        unnest([
            { 'parameter': 'teff_k', 'value': teff_k, 'width': cuts.residual_teff_bin() },
            { 'parameter': 'logg', 'value': logg, 'width': cuts.residual_logg_bin() },
            { 'parameter': 'feh', 'value': feh, 'width': cuts.residual_feh_bin() },
            { 'parameter': 'ebv', 'value': ebv, 'width': cuts.residual_ebv_bin() },
            {
                'parameter': 'log_density',
                'value': log10(greatest(density, 1e-8)),
                'width': cuts.residual_log_density_bin()
            }
        ]) as entry
    from photometry.residuals
)

select
    survey,
    quantity,
    held_out,
    entry.parameter,
    floor(entry.value / entry.width) * entry.width as bin_low,
    any_value(entry.width)::double as bin_width,
    count(*) as n,
    median(residual) as residual_median,
    quantile_cont(residual, 0.16) as residual_low,
    quantile_cont(residual, 0.84) as residual_high,
    median(z_score) as z_median,
    quantile_cont(z_score, 0.16) as z_low,
    quantile_cont(z_score, 0.84) as z_high
from parameters
group by survey, quantity, held_out, entry.parameter, bin_low
order by survey, quantity, held_out, entry.parameter, bin_low
