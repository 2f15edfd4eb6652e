-- An offset of Gaia's zero-point, and how the spectrophotometric parallaxes meet Gaia's there: scatter of the best stars (Hogg et
-- al. 2018, figure 2, right: below 9 %), what of it Gaia's errors and those of equation 5 do not explain, chi-square a star of all, and its robust form,
-- which outliers do not drive.
select
    parallax_offset::double as parallax_offset,
    count(*) as n,
    count(*) filter (where adjusted_parallax - parallax_offset < 0) as n_negative,
    count(*) filter (where is_best) as n_best,
    median(relative_residual) filter (where is_best) as bias,
    stddev_samp(relative_residual) filter (where is_best) as standard_deviation,
    1.482602218505602 * mad(relative_residual) filter (where is_best) as robust_scatter,
    if(
        n_best > 0,
        sqrt(greatest(0, pow(robust_scatter, 2) - median(
            pow(parallax_error / adjusted_parallax, 2) + pow(spec_parallax_error / spec_parallax, 2)
        ) filter (where is_best))),
        null
    ) as unexplained_scatter,
    avg(pull * pull) as chi2_per_star,
    pow(stats.robust_scatter(pull), 2) as robust_chi2_per_star,
    avg((abs(pull) < 1)::integer) as within_one_error,
    avg((abs(pull) < 2)::integer) as within_two_errors
from parallax.compared
group by all
order by parallax_offset desc
