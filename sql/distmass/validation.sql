-- A quantity by each network against its label (distance and mass relative, log age in dex) on stars that were never trained
-- on, on those that were trained on, and on simulated stars: bias, scatters, and the share of labels within one and two standard errors; Stone-Martinez et al. 2024.
select
    quantity,
    method,
    case
        when is_simulated then 'simulated' when is_test then 'test' when not is_test then 'trained on' else 'not known'
    end
        as stars,
    count(*) as n,
    median(difference) as bias,
    stats.robust_scatter(difference) as robust_scatter,
    stddev_pop(difference) as standard_deviation,
    stats.robust_scatter(difference / sigma) as pull_scatter,
    avg((abs(difference) < sigma)::integer) as within_one_error,
    avg((abs(difference) < 2 * sigma)::integer) as within_two_errors
from distmass.judged
group by quantity, method, stars
order by quantity, method, stars
