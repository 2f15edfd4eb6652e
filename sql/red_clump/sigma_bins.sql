-- A tenth of a dex of an input error in a range of Teff or log g: the standard deviations that networks state for a parameter of the
-- labelled giants there, median and 68 % and 95 % intervals; Lucey et al. 2020, figure 9.
with ranges as (
    select
        *,
        unnest(
            [
                'all',
                if(teff_k < 4700, 'Teff < 4700 K', 'Teff > 4700 K'),
                if(logg < 2.5, 'log g < 2.5', 'log g > 2.5')
            ]
        ) as subset
    from red_clump.input_errors
)

select
    parameter,
    input,
    subset,
    pow(10, floor(10 * log10(input_error)) / 10) as input_error_low,
    count(*) as n,
    median(sigma) as sigma_median,
    quantile_cont(sigma, 0.16) as sigma_low,
    quantile_cont(sigma, 0.84) as sigma_high,
    quantile_cont(sigma, 0.025) as sigma_lowest,
    quantile_cont(sigma, 0.975) as sigma_highest
from ranges
group by all
order by all
