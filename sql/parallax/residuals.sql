-- A bin of [M/H], of H - W2 (a measure of reddening) or of the parallax [mas], and how the best stars' spectrophotometric
-- parallaxes meet Gaia's in it, with the calibrated errors and with those of equation 5; Hogg et al. 2018, figure 3.
with features as (
    select
        relative_residual,
        pull,
        is_best,
        (spec_parallax - adjusted_parallax) / stats.hypot(parallax_error, spec_parallax_error) as equation_5_pull,
        unnest(['m_h', 'h_w2', 'spec_parallax']) as feature,
        unnest([m_h, h_w2, spec_parallax]) as feature_value,
        unnest([cuts.hogg_m_h_bin(), cuts.hogg_h_w2_bin(), cuts.hogg_parallax_bin()]) as width
    from parallax.compared
    where parallax_offset = cuts.hogg_parallax_offset()
)

select
    feature,
    (floor(feature_value / width)::integer * width)::double as bin_low,
    ((floor(feature_value / width)::integer + 1) * width)::double as bin_high,
    count(*) as n,
    count(*) filter (where is_best) as n_best,
    median(relative_residual) filter (where is_best) as bias,
    1.482602218505602 * mad(relative_residual) filter (where is_best) as robust_scatter,
    avg(pull) as mean_pull,
    avg(pull * pull) as chi2_per_star,
    avg((abs(pull) < 1)::integer) as within_one_error,
    avg((abs(pull) < 2)::integer) as within_two_errors,
    avg((abs(equation_5_pull) < 1)::integer) as within_one_error_of_equation_5,
    avg((abs(equation_5_pull) < 2)::integer) as within_two_errors_of_equation_5
from features
where feature_value is not null
group by all
order by feature, bin_low
