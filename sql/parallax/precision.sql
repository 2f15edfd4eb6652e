-- A bin of G or of distance, and the errors of parallaxes there, spectrophotometric and Gaia's; Hogg et al. 2018, figure 5.
with features as (
    select
        spec_parallax_total_error as spec_parallax_error,
        parallax_error,
        spec_parallax_total_error / spec_parallax as error_ratio,
        unnest(['phot_g_mean_mag', 'spec_distance_kpc']) as feature,
        unnest([phot_g_mean_mag, spec_distance_kpc]) as feature_value,
        unnest([cuts.hogg_magnitude_bin(), cuts.hogg_distance_bin()]) as width
    from parallax.estimates
)

select
    feature,
    (floor(feature_value / width)::integer * width)::double as bin_low,
    ((floor(feature_value / width)::integer + 1) * width)::double as bin_high,
    count(*) as n,
    median(spec_parallax_error) as spec_parallax_error_median,
    median(parallax_error) as gaia_parallax_error_median,
    median(error_ratio) as spec_error_ratio_median,
    avg((spec_parallax_error < parallax_error)::integer) as share_spec_better
from features
group by all
order by feature, bin_low
