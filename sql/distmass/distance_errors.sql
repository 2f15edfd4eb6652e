-- A half-dex bin of log g and a method: median absolute deviation of its distances from Gaia's as a standard deviation, the
-- quartiles of the absolute deviation and Gaia's own error; Stone-Martinez et al. 2024, figure 4.
select
    method,
    is_test,
    floor(logg / cuts.distmass_logg_bin()) * cuts.distmass_logg_bin() as logg_low,
    count(*) as n,
    stats.robust_scatter(difference) as scatter,
    quantile_cont(abs(difference), 0.25) as deviation_25,
    quantile_cont(abs(difference), 0.75) as deviation_75,
    median(gaia_error) as gaia_error
from distmass.comparison
group by all
order by all
