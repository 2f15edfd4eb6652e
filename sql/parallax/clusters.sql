-- A star cluster with the inverse-variance means of its members' parallaxes, spectrophotometric and from Gaia; Hogg et al. 2018,
-- figure 4. Members have one composition and nearly one age, so the model errs with all of them alike: its scatter does not
-- shrink in the mean.
with members as (
    select
        member as cluster,
        spec_parallax,
        spec_parallax_error,
        model_scatter,
        adjusted_parallax,
        parallax_error,
        m_h
    from parallax.estimates
    where member is not null and adjusted_parallax is not null and spec_parallax is not null
)

select
    cluster,
    count(*) as n,
    avg(m_h) as mean_m_h,
    sum(spec_parallax / pow(spec_parallax_error, 2)) / sum(1 / pow(spec_parallax_error, 2)) as spec_parallax_mean,
    stats.hypot(1 / sqrt(sum(1 / pow(spec_parallax_error, 2))), avg(model_scatter)) as spec_parallax_mean_error,
    stddev_samp(spec_parallax) as spec_parallax_scatter,
    sum(adjusted_parallax / pow(parallax_error, 2)) / sum(1 / pow(parallax_error, 2)) as gaia_parallax_mean,
    1 / sqrt(sum(1 / pow(parallax_error, 2))) as gaia_parallax_mean_error,
    stddev_samp(adjusted_parallax) as gaia_parallax_scatter
from members
group by cluster
order by cluster
