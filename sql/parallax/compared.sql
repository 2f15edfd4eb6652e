-- A training star with its spectrophotometric parallax over Gaia's, less one, under either offset of Gaia's zero-point; Hogg et
-- al. 2018, figures 2 and 3. `is_best`: Gaia's parallax is better than 5 percent, which plays no part in the fit.
with offsets as (
    select unnest([cuts.hogg_parallax_offset(), cuts.hogg_gaia_parallax_offset()]) as parallax_offset
)

select
    estimates.apogee_id,
    estimates.sample,
    estimates.m_h,
    estimates.h_w2,
    estimates.phot_g_mean_mag,
    offsets.parallax_offset,
    estimates.parallax_error,
    estimates.spec_parallax,
    estimates.spec_parallax_error,
    estimates.spec_parallax_total_error,
    estimates.parallax + offsets.parallax_offset as adjusted_parallax,
    coalesce(
        estimates.parallax > 0 and estimates.parallax_error < cuts.hogg_best_parallax_error() * estimates.parallax,
        false
    ) as is_best,
    estimates.spec_parallax / (estimates.parallax + offsets.parallax_offset) - 1 as relative_residual,
    (estimates.spec_parallax - estimates.parallax - offsets.parallax_offset)
    / stats.hypot(estimates.parallax_error, estimates.spec_parallax_total_error) as pull
from parallax.estimates as estimates
cross join offsets
where estimates.is_training
