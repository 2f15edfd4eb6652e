-- A spectrum and the fractional error of the paper's distance: a quadratic in log g through the median fractional error of
-- 0.25-dex bins, scaled to a standard deviation; Stone-Martinez et al. 2024, section 4.3. Where the bins are too few or do not
-- reach, what the paper states: 20 % at low and 10 % at high log g (its abstract); `origin` says which.
with medians as (
    select
        avg(logg) as x,
        1.482602218505602 * median(abs(difference)) as y,
        count(*) as w
    from distmass.comparison
    where method = 'paper'
    group by floor(logg / 0.25)
    having count(*) >= 10
),

sums as (
    select
        count(*) as n_bins,
        min(x) - 0.25 as lowest,
        max(x) + 0.25 as highest,
        sum(w) as s0,
        sum(w * x) as s1,
        sum(w * x * x) as s2,
        sum(w * x * x * x) as s3,
        sum(w * x * x * x * x) as s4,
        sum(w * y) as t0,
        sum(w * x * y) as t1,
        sum(w * x * x * y) as t2
    from medians
),

solved as (
    select
        *,
        nullif(s0 * (s2 * s4 - s3 * s3) - s1 * (s1 * s4 - s2 * s3) + s2 * (s1 * s3 - s2 * s2), 0) as determinant,
        (t0 * (s2 * s4 - s3 * s3) - s1 * (t1 * s4 - t2 * s3) + s2 * (t1 * s3 - t2 * s2)) / determinant as a,
        (s0 * (t1 * s4 - t2 * s3) - t0 * (s1 * s4 - s2 * s3) + s2 * (s1 * t2 - s2 * t1)) / determinant as b,
        (s0 * (s2 * t2 - s3 * t1) - s1 * (s1 * t2 - s2 * t1) + t0 * (s1 * s3 - s2 * s2)) / determinant as c
    from sums
)

select
    inputs.spectrum_id,
    solved.a + solved.b * inputs.logg + solved.c * inputs.logg * inputs.logg as fitted_error,
    coalesce(
        solved.n_bins >= cuts.distmass_min_error_bins()
        and inputs.logg between solved.lowest and solved.highest
        and fitted_error between cuts.distmass_least_error() and 1,
        false
    ) as is_fitted,
    if(is_fitted, fitted_error, distmass.stated_distance_error(inputs.logg)) as fractional_error,
    if(is_fitted, 'fitted here', 'as the paper states') as origin
from distmass.inputs as inputs
cross join solved
